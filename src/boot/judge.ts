import type { MonitorEnd } from '../platform/monitor-process.js'
import { Asked } from './asked.js'
import { guestShutdown, kvmFailures, monitorLogs, monitorWarning } from './dialect.js'
import { type Ending, announcedEnding, endingOf } from './ending.js'
import type { GuestEvent, MachineState } from './events.js'
import { type VerdictFacts, acceleratorFailed, by, died, failed, present } from './outcome.js'
import { Patience } from './patience.js'
import type { ProbeAnswer } from './probe.js'
import { monitorRemedy } from './remedies.js'
import type { Rules } from './rules.js'
import { Transcript } from './transcript.js'
import type { Evidence, Verdict } from './verdict.js'

const kvmFails = 'KVM opens but fails its guests'

/** An unfinished line that has not grown for this long is perhaps all that will come: a prompt. */
const restMs = 200

/**
 * Events in, verdict out: the first decisive one wins. Has no effect and reads no clock, so that a boot can be judged
 * again from its events.
 */
export class Judge {
  private verdict: Verdict | undefined
  private readonly transcript: Transcript
  private readonly asked: Asked
  private readonly patience: Patience
  /** The monitor's first own line that is not a warning. */
  private complaint: Evidence | undefined
  /** Unfinished lines, one of each stream: as long as they are no longer. */
  private rests: readonly Rest[] = []
  private hasAnswered = false
  private wasReset = false
  private wasStopped = false

  constructor(private readonly rules: Rules) {
    this.transcript = new Transcript(rules.words)
    this.asked = new Asked(rules)
    this.patience = new Patience(rules, this.transcript, this.asked, () => this.hasShownItself)
  }

  /** Takes an event; the verdict once there is one, and the same for ever after. */
  see(event: GuestEvent): Verdict | undefined {
    this.verdict ??= this.onEvent(event) ?? this.onTime(event.atMs)
    return this.verdict
  }

  /** When `see` wants to be called with a `clock` event, if nothing else happens before. */
  get deadlineMs(): number {
    const { limitMs, goneMs = Infinity, settledMs = Infinity, silentMs = Infinity } = this.patience
    return Math.min(limitMs, goneMs, settledMs, silentMs, this.restedMs ?? Infinity)
  }

  private onEvent(event: GuestEvent): Verdict | undefined {
    const { atMs } = event
    switch (event.kind) {
      case 'console':
        return this.onConsole(event.text, atMs)
      case 'unfinished':
        this.onUnfinished({ line: event.text, atMs })
        return undefined
      case 'monitor':
        return this.onMonitorLine({ line: event.text, atMs })
      case 'machine':
        return by('machine-event', this.onMachine(event.state, atMs))
      case 'probe':
        this.onAnswer(event.index, event.answer, atMs)
        return undefined
      case 'exit':
        return this.onExit(event, atMs)
      case 'clock':
        return undefined
    }
  }

  /** A monitor that logs where its guest prints may do so behind an unfinished line. */
  private onConsole(text: string, atMs: number): Verdict | undefined {
    const log = monitorLogs[this.rules.monitor]?.exec(text)
    if (log === undefined || log === null) return this.onGuestLine({ line: text, atMs })
    const before = text.slice(0, log.index)
    return (before === '' ? undefined : this.onGuestLine({ line: before, atMs })) ?? this.onMonitorLine({ line: text.slice(log.index), atMs })
  }

  private onGuestLine(evidence: Evidence): Verdict | undefined {
    this.rests = []
    this.transcript.add(evidence)
    return this.read(evidence, evidence.atMs)
  }

  /** What was there before has no new time. */
  private onUnfinished(evidence: Evidence): void {
    const { line } = evidence
    if (this.rests.some((rest) => rest.evidence.line === line) || monitorLogs[this.rules.monitor]?.test(line) === true) return
    this.transcript.addUnfinished(evidence)
    const others = this.rests.filter((rest) => !line.startsWith(rest.evidence.line))
    this.rests = [...others, { evidence, isRead: false }]
  }

  private read(evidence: Evidence, atMs: number): Verdict | undefined {
    this.asked.read(evidence)
    const forbidden = this.rules.forbid.find((pattern) => pattern.test(evidence.line))
    return forbidden && by('forbid', failed('forbidden', `a line matched the forbidden ${forbidden.source}`, atMs, { evidence }))
  }

  private onAnswer(index: number, answer: ProbeAnswer, atMs: number): void {
    this.asked.answer(index, answer, atMs)
    if (!answer.holds) return
    this.hasAnswered = true
    this.transcript.showLife(atMs)
  }

  private onMonitorLine(evidence: Evidence): Verdict | undefined {
    if (guestShutdown.test(evidence.line)) this.wasReset = true
    if (monitorWarning.test(evidence.line)) return undefined
    this.complaint ??= evidence
    const isKvms = this.rules.accelerator === 'kvm' && kvmFailures.some((pattern) => pattern.test(evidence.line))
    return isKvms ? by('monitor-line', acceleratorFailed(kvmFails, evidence.atMs, evidence)) : undefined
  }

  private onMachine(state: MachineState, atMs: number): Verdict | undefined {
    const { death, lastLine } = this.transcript
    switch (state) {
      case 'stopped':
        return this.rules.accelerator === 'kvm'
          ? acceleratorFailed(kvmFails, atMs, this.complaint)
          : failed('monitor', 'QEMU stopped the guest', atMs, { evidence: this.complaint })
      case 'disk-full':
        return failed('monitor', 'QEMU stopped the guest: there is no room on this machine’s disk', atMs, {
          evidence: this.complaint,
          remedy: 'make room where the disks of `block` lie, and in the temporary folder',
        })
      case 'panicked':
        return death === undefined ? failed('trap', 'the guest panicked', atMs, { evidence: lastLine }) : died(death, atMs)
      case 'reset':
        this.wasReset = true
        return undefined
      case 'quit':
        this.wasStopped = true
        return undefined
    }
  }

  private onExit(exit: MonitorEnd, atMs: number): Verdict {
    const { complaint, guestSpoke, wasReset, wasStopped } = this
    const { exitReport, monitor } = this.rules
    const { announcement, lastLine, crash } = this.transcript
    const { rule, ending } = endingOf({ ...exit, exitReport, monitor, guestSpoke, announcement, complaint, lastLine, crash, wasReset, wasStopped })
    if (this.mayBeKvms(ending)) {
      return by(rule, acceleratorFailed('the guest ended under KVM without a line of its own', atMs, complaint ?? lastLine))
    }
    return by(rule, this.onEnding(ending, atMs))
  }

  /** A KVM that fails its guests may also end them; where emulation can tell, it is asked. */
  private mayBeKvms(ending: Ending): boolean {
    const { accelerator, mayFallBack, expectExit = 0 } = this.rules
    const { announcement, crash } = this.transcript
    const hasSpoken = this.hasShownItself || announcement !== undefined || crash !== undefined
    const isExpected = ending.kind === 'exit' && ending.status === expectExit
    return accelerator === 'kvm' && mayFallBack && !hasSpoken && ending.kind !== 'monitor' && !isExpected
  }

  private onEnding(ending: Ending, atMs: number): Verdict {
    const { death, lastLine } = this.transcript
    switch (ending.kind) {
      case 'monitor':
        return failed('monitor', ending.summary, atMs, { ...ending, remedy: monitorRemedy(ending.evidence?.line) })
      case 'reset':
        if (death !== undefined) return died(death, atMs)
        return failed('reboot-loop', 'the guest restarted itself', atMs, {
          evidence: lastLine,
          remedy: 'on x86 a restart without a word is a triple fault: look at what runs after the last line',
        })
      case 'trap':
      case 'abort':
        // OCaml's runtime may end by abort(): its last words say more.
        if (death !== undefined) return died(death, atMs)
        return failed(ending.kind, ending.summary, atMs, { evidence: ending.evidence ?? lastLine })
      case 'exit':
        return this.onStatus(ending.status, ending.evidence ?? lastLine, atMs)
      case 'unknown':
        return death === undefined ? this.onUnknownEnd(atMs) : died(death, atMs)
    }
  }

  private onStatus(exitStatus: number, evidence: Evidence | undefined, atMs: number): Verdict {
    const expected = this.rules.expectExit ?? 0
    if (exitStatus === expected) return this.onExpectedEnd(`ended with status ${exitStatus}`, atMs, { exitStatus, evidence })
    if (this.transcript.death !== undefined) return died(this.transcript.death, atMs, exitStatus)
    const wanted = this.rules.expectExit === undefined ? '' : `, not ${expected}`
    return failed('exit-status', `ended with status ${exitStatus}${wanted}`, atMs, { evidence, exitStatus })
  }

  private onUnknownEnd(atMs: number): Verdict {
    const { exitReport, expect, expectExit } = this.rules
    const { bannerSeen, lastLine: evidence } = this.transcript
    if (!this.guestSpoke) return failed('no-output', 'ended without output of its own', atMs, { evidence })
    if (expectExit !== undefined) {
      return failed('unexpected-exit', `ended, and nothing tells whether with status ${expectExit}`, atMs, { evidence })
    }
    if (exitReport !== 'console') return this.onExpectedEnd('ended, its status is unknown', atMs, { evidence })
    // Who prints its banner prints its end too.
    if (bannerSeen) return failed('unexpected-exit', 'ended without the line that tells how', atMs, { evidence })
    if (expect.length > 0) return this.onExpectedEnd('ended, its status is unknown', atMs, { evidence })
    return {
      verdict: 'skipped',
      reason: 'exited',
      summary: 'ended, and nothing tells how',
      atMs,
      remedy: 'ask for a line of its own with `expect`, or leave `--solo5:quiet` out of its arguments',
    }
  }

  /** The guest ended as it should; what else was asked of it? */
  private onExpectedEnd(how: string, atMs: number, facts: VerdictFacts): Verdict {
    const { missing } = this.asked
    if (missing !== undefined) {
      const evidence = this.transcript.lastLine
      return failed('unexpected-exit', `${how} before ${missing.before}`, atMs, { ...facts, evidence: missing.last ?? evidence })
    }
    if (this.rules.until === 'running') return failed('unexpected-exit', `${how}, and should run on`, atMs, facts)
    if (this.asked.waitsForSigns) return { ...this.ready(atMs), ...present({ exitStatus: facts.exitStatus }) }
    const bootMs = this.transcript.firstOwnLine?.atMs ?? atMs
    return { verdict: 'passed', reason: 'exited', summary: how, atMs, bootMs, ...present(facts) }
  }

  private onTime(atMs: number): Verdict | undefined {
    const { death, announcement, lastLine } = this.transcript
    if (isOver(this.patience.goneMs, atMs)) {
      return death === undefined ? by('end-line', this.onEnding(announcedEnding(announcement), atMs)) : died(death, atMs)
    }
    const isRestDue = [this.restedMs, this.patience.settledMs, this.patience.limitMs].some((due) => isOver(due, atMs))
    const forbidden = isRestDue ? this.readRests(atMs) : undefined
    if (forbidden !== undefined) return forbidden
    // What was read may have changed what is waited for.
    const { settledMs, silentMs, limitMs } = this.patience
    if (isOver(settledMs, atMs)) return by('settle', this.ready(atMs))
    if (silentMs !== undefined && isOver(silentMs, atMs)) {
      return by('silence', acceleratorFailed(`the guest said nothing under KVM for ${silentMs / 1000} s`, atMs, lastLine))
    }
    return isOver(limitMs, atMs) ? by('timeout', this.timedOut(atMs)) : undefined
  }

  private readRests(atMs: number): Verdict | undefined {
    const unread = this.rests.filter(({ isRead }) => !isRead)
    this.rests = this.rests.map(({ evidence }) => ({ evidence, isRead: true }))
    return unread.map(({ evidence }) => this.read(evidence, atMs)).find((verdict) => verdict !== undefined)
  }

  /** When an unfinished line counts as all that will come of it. */
  private get restedMs(): number | undefined {
    const isAsked = this.rules.expect.length + this.rules.forbid.length > 0
    const first = isAsked ? this.rests.find(({ isRead }) => !isRead) : undefined
    return first && first.evidence.atMs + restMs
  }

  /** Its backend's banner or a line of its own was seen. */
  private get guestSpoke(): boolean {
    return this.transcript.bannerSeen || this.transcript.firstOwnLine !== undefined
  }

  /** Something that only the unikernel itself can have done. */
  private get hasShownItself(): boolean {
    return this.hasAnswered || this.transcript.firstOwnLine !== undefined
  }

  private ready(atMs: number): Verdict {
    const { firstOwnLine, death } = this.transcript
    const { waitsForSigns, lastSign } = this.asked
    const evidence = waitsForSigns ? lastSign : firstOwnLine
    const running = death === undefined ? 'running' : `running on after \`${death.evidence.line}\``
    const summary = waitsForSigns && evidence ? `seen \`${evidence.line}\`` : running
    const bootMs = firstOwnLine?.atMs ?? evidence?.atMs
    const readyMs = waitsForSigns ? evidence?.atMs : undefined
    return { verdict: 'passed', reason: 'ready', summary, atMs, ...present({ evidence, bootMs, readyMs }) }
  }

  private timedOut(atMs: number): Verdict {
    const { missing } = this.asked
    const { death, lastLine, firstOwnLine, announcement } = this.transcript
    const evidence = missing?.last ?? death?.evidence ?? lastLine
    const saidNothing = missing?.last === undefined && firstOwnLine === undefined && announcement === undefined
    if (evidence === undefined || saidNothing) return failed('no-output', 'no output of its own', atMs, { evidence })
    const never = missing?.never ?? (announcement === undefined ? 'it did not end' : 'it announced its end and did not end')
    return failed('timeout', `${never} within ${this.rules.timeoutMs / 1000} s`, atMs, { evidence })
  }
}

interface Rest {
  readonly evidence: Evidence
  /** It counted as a whole line. */
  readonly isRead: boolean
}

function isOver(dueMs: number | undefined, atMs: number): boolean {
  return dueMs !== undefined && atMs >= dueMs
}
