import type { MonitorEnd } from '../platform/monitor-process.js'
import type { ExitReport, MonitorKind } from '../target/target.js'
import { type DialectWords, kvmFailures, monitorWarning } from './dialect.js'
import { type Ending, announcedEnding, endingOf } from './ending.js'
import type { ProbeAnswer } from './probe.js'
import { monitorRemedy } from './remedies.js'
import type { Accelerator } from './report.js'
import { type Death, Transcript } from './transcript.js'
import type { Evidence, Reason, Verdict } from './verdict.js'

/** What a boot is judged by; fixed before the guest starts. */
export interface Rules {
  readonly words: DialectWords
  readonly exitReport: ExitReport
  readonly monitor: MonitorKind
  readonly accelerator: Accelerator
  /** Another accelerator is tried when this one fails. */
  readonly mayFallBack: boolean
  readonly until: 'auto' | 'exit' | 'running' | 'expect'
  readonly settleMs: number
  readonly timeoutMs: number
  /** How long a guest may be silent after its last words before it counts as gone. */
  readonly graceMs: number
  readonly expect: readonly RegExp[]
  readonly forbid: readonly RegExp[]
  /** What is asked over the network, as it was written; each must hold. */
  readonly probes: readonly string[]
  readonly expectExit?: number | undefined
}

/** What can be seen of a guest from outside. Times are milliseconds after its start. */
export type GuestEvent = { readonly atMs: number } & (
  | { /** A line of the console. */ readonly kind: 'console'; readonly text: string }
  | { /** The guest has paused in the middle of a line: what there is of it. */ readonly kind: 'unfinished'; readonly text: string }
  | { /** A line of the monitor's own error stream. */ readonly kind: 'monitor'; readonly text: string }
  | { /** The virtual machine as QEMU tells it (QMP). */ readonly kind: 'machine'; readonly state: MachineState }
  | { /** A probe was answered, or was not. */ readonly kind: 'probe'; readonly index: number; readonly answer: ProbeAnswer }
  | ({ readonly kind: 'exit' } & MonitorEnd)
  | { /** Nothing happened, time went on. */ readonly kind: 'clock' }
)

/** `reset`: the guest asked to be restarted. `stopped`: paused by QEMU, not by us. `quit`: QEMU was told from outside to end. */
export type MachineState = 'reset' | 'panicked' | 'stopped' | 'quit'

const kvmFails = 'KVM opens but fails its guests'

/**
 * A guest under a working KVM reaches its first line at once. One that says nothing for this long may be held up by a
 * KVM that runs guests hundreds of times too slowly (software nested virtualisation): emulation can tell.
 */
const silentKvmMs = 10_000

/**
 * Events in, verdict out: the first decisive one wins. Has no effect and reads no clock, so that a boot can be judged
 * again from its events.
 */
export class Judge {
  private verdict: Verdict | undefined
  private readonly transcript: Transcript
  /** The monitor's first own line that is not a warning. */
  private complaint: Evidence | undefined
  private readonly seen: (Evidence | undefined)[]
  /** The last answer to each probe. */
  private readonly answers: (Answer | undefined)[]
  private wasReset = false
  private wasStopped = false

  constructor(private readonly rules: Rules) {
    this.transcript = new Transcript(rules.words)
    this.seen = rules.expect.map(() => undefined)
    this.answers = rules.probes.map(() => undefined)
  }

  /** Takes an event; the verdict once there is one, and the same for ever after. */
  see(event: GuestEvent): Verdict | undefined {
    this.verdict ??= this.onEvent(event) ?? this.onTime(event.atMs)
    return this.verdict
  }

  /** When `see` wants to be called with a `clock` event, if nothing else happens before. */
  get deadlineMs(): number {
    return Math.min(this.rules.timeoutMs, this.goneMs ?? Infinity, this.settledMs ?? Infinity, this.silentMs ?? Infinity)
  }

  private onEvent(event: GuestEvent): Verdict | undefined {
    const { atMs } = event
    switch (event.kind) {
      case 'console':
        this.transcript.add({ line: event.text, atMs })
        return this.onLine({ line: event.text, atMs })
      case 'unfinished':
        // What was asked of a line is asked of the whole of it: its rest may tell otherwise.
        this.transcript.addUnfinished({ line: event.text, atMs })
        return undefined
      case 'monitor':
        return this.onMonitorLine({ line: event.text, atMs })
      case 'machine':
        return this.onMachine(event.state, atMs)
      case 'probe':
        this.onAnswer(event.index, event.answer, atMs)
        return undefined
      case 'exit':
        return this.onExit(event, atMs)
      case 'clock':
        return undefined
    }
  }

  private onLine(evidence: Evidence): Verdict | undefined {
    this.rules.expect.forEach((pattern, index) => {
      if (pattern.test(evidence.line)) this.seen[index] ??= evidence
    })
    const forbidden = this.rules.forbid.find((pattern) => pattern.test(evidence.line))
    return forbidden && failed('forbidden', `a line matched the forbidden ${forbidden.source}`, evidence.atMs, { evidence })
  }

  /** The first answer that holds stays: what a server does once it must not do for ever. */
  private onAnswer(index: number, { holds, said }: ProbeAnswer, atMs: number): void {
    if (this.answers[index]?.holds === true) return
    this.answers[index] = { holds, evidence: { line: `${this.rules.probes[index] ?? ''}: ${said}`, atMs } }
  }

  private onMonitorLine(evidence: Evidence): Verdict | undefined {
    if (monitorWarning.test(evidence.line)) return undefined
    this.complaint ??= evidence
    const isKvms = this.rules.accelerator === 'kvm' && kvmFailures.some((pattern) => pattern.test(evidence.line))
    return isKvms ? acceleratorFailed(kvmFails, evidence.atMs, evidence) : undefined
  }

  private onMachine(state: MachineState, atMs: number): Verdict | undefined {
    switch (state) {
      case 'stopped':
        return this.rules.accelerator === 'kvm'
          ? acceleratorFailed(kvmFails, atMs, this.complaint)
          : failed('monitor', 'QEMU stopped the guest', atMs, { evidence: this.complaint })
      case 'panicked':
        return failed('trap', 'the guest panicked', atMs, { evidence: this.transcript.lastLine })
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
    const { announcement, lastLine } = this.transcript
    const { crash } = this.rules.words
    const seen = { guestSpoke, announcement, complaint, lastLine, crash, wasReset, wasStopped }
    return this.onEnding(endingOf(this.rules, exit, seen), atMs)
  }

  private onEnding(ending: Ending, atMs: number): Verdict {
    const { death, lastLine } = this.transcript
    switch (ending.kind) {
      case 'monitor':
        return failed('monitor', ending.summary, atMs, { ...ending, remedy: monitorRemedy(ending.evidence?.line) })
      case 'reset':
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
    if (!this.guestSpoke) return failed('no-output', 'ended without output of its own', atMs, { evidence: this.transcript.lastLine })
    if (expectExit !== undefined) {
      const evidence = this.transcript.lastLine
      return failed('unexpected-exit', `ended, and nothing tells whether with status ${expectExit}`, atMs, { evidence })
    }
    if (exitReport !== 'console' || expect.length > 0) {
      return this.onExpectedEnd('ended, its status is unknown', atMs, { evidence: this.transcript.lastLine })
    }
    if (this.transcript.bannerSeen) {
      const evidence = this.transcript.lastLine
      return failed('unexpected-exit', 'ended without the line that tells how', atMs, { evidence })
    }
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
    const missing = this.firstMissing()
    if (missing !== undefined) {
      const evidence = this.transcript.lastLine
      return failed('unexpected-exit', `${how} before ${missing.before}`, atMs, { ...facts, evidence: missing.last ?? evidence })
    }
    if (this.rules.until === 'running') return failed('unexpected-exit', `${how}, and should run on`, atMs, facts)
    if (this.waitsForSigns()) return { ...this.ready(atMs), ...present({ exitStatus: facts.exitStatus }) }
    const bootMs = this.transcript.firstOwnLine?.atMs ?? atMs
    return { verdict: 'passed', reason: 'exited', summary: how, atMs, bootMs, ...present(facts) }
  }

  private onTime(atMs: number): Verdict | undefined {
    const { announcement, death } = this.transcript
    if (this.goneMs !== undefined && atMs >= this.goneMs) {
      if (death !== undefined) return died(death, atMs)
      if (announcement !== undefined) return this.onEnding(announcedEnding(announcement), atMs)
    }
    if (this.settledMs !== undefined && atMs >= this.settledMs) return this.ready(atMs)
    if (this.silentMs !== undefined && atMs >= this.silentMs) {
      return acceleratorFailed(`the guest said nothing under KVM for ${silentKvmMs / 1000} s`, atMs, undefined)
    }
    return atMs >= this.rules.timeoutMs ? this.timedOut(atMs) : undefined
  }

  /** Its backend's banner or a line of its own was seen. */
  private get guestSpoke(): boolean {
    return this.transcript.bannerSeen || this.transcript.firstOwnLine !== undefined
  }

  private get silentMs(): number | undefined {
    const { accelerator, mayFallBack } = this.rules
    return accelerator === 'kvm' && mayFallBack && this.transcript.lastLine === undefined ? silentKvmMs : undefined
  }

  /** When a guest that has said its last words counts as gone: what it said decides, not that its time ran out meanwhile. */
  private get goneMs(): number | undefined {
    const { announcement, death } = this.transcript
    const lastWords = death?.evidence ?? announcement?.evidence
    return lastWords && Math.min(lastWords.atMs + this.rules.graceMs, this.rules.timeoutMs)
  }

  /** When the first good sign is old enough; undefined while there is none, or while last words stand against it. */
  private get settledMs(): number | undefined {
    const sign = this.goneMs === undefined ? this.goodSign() : undefined
    return sign && sign.atMs + this.rules.settleMs
  }

  private goodSign(): Evidence | undefined {
    if (this.rules.expectExit !== undefined || this.rules.until === 'exit') return undefined
    if (this.firstMissing() !== undefined) return undefined
    return this.waitsForSigns() ? this.lastSign() : this.transcript.firstOwnLine
  }

  /** Lines or answers were asked for, and not only an end. */
  private waitsForSigns(): boolean {
    const { expect, probes, until, expectExit } = this.rules
    return expect.length + probes.length > 0 && until !== 'exit' && expectExit === undefined
  }

  /** What did not happen of all that was asked. */
  private firstMissing(): Missing | undefined {
    const line = this.rules.expect.find((_, index) => this.seen[index] === undefined)
    if (line !== undefined) return { never: `no line matched ${line.source}`, before: `a line matched ${line.source}` }
    const index = this.answers.findIndex((answer) => answer?.holds !== true)
    if (index < 0) return undefined
    const probe = `\`${this.rules.probes[index] ?? ''}\``
    const last = this.answers[index]?.evidence
    return { never: `${probe} was not answered as asked`, before: `${probe} was answered as asked`, ...(last && { last }) }
  }

  private lastSign(): Evidence | undefined {
    const signs = [...this.seen, ...this.answers.map((answer) => answer?.evidence)]
    return signs.reduce((last, sign) => (last && sign && last.atMs > sign.atMs ? last : (sign ?? last)), undefined)
  }

  private ready(atMs: number): Verdict {
    const { firstOwnLine } = this.transcript
    const evidence = this.waitsForSigns() ? this.lastSign() : firstOwnLine
    const summary = this.waitsForSigns() && evidence ? `seen \`${evidence.line}\`` : 'running'
    const bootMs = firstOwnLine?.atMs ?? evidence?.atMs
    const readyMs = this.waitsForSigns() ? evidence?.atMs : undefined
    return { verdict: 'passed', reason: 'ready', summary, atMs, ...present({ evidence, bootMs, readyMs }) }
  }

  private timedOut(atMs: number): Verdict {
    const missing = this.firstMissing()
    const evidence = missing?.last ?? this.transcript.lastLine
    if (evidence === undefined || (missing?.last === undefined && this.transcript.firstOwnLine === undefined)) {
      return failed('no-output', 'no output of its own', atMs, { evidence })
    }
    return failed('timeout', `${missing?.never ?? 'it did not end'} within ${this.rules.timeoutMs / 1000} s`, atMs, { evidence })
  }
}

/** Something that was asked and did not happen: as a sentence, as the end of one, and what was seen of it at last. */
interface Missing {
  readonly never: string
  readonly before: string
  readonly last?: Evidence
}

interface Answer {
  readonly holds: boolean
  readonly evidence: Evidence
}

interface VerdictFacts {
  readonly evidence?: Evidence | undefined
  readonly exitStatus?: number | undefined
  readonly bootMs?: number | undefined
  readonly remedy?: string | undefined
}

function failed(reason: Reason, summary: string, atMs: number, facts: VerdictFacts): Verdict {
  const { evidence, exitStatus, remedy } = facts
  return { verdict: 'failed', reason, summary, atMs, ...present({ evidence, exitStatus, remedy }) }
}

function died({ reason, summary, evidence }: Death, atMs: number, exitStatus?: number): Verdict {
  return failed(reason, summary, atMs, { evidence, exitStatus })
}

function acceleratorFailed(summary: string, atMs: number, evidence: Evidence | undefined): Verdict {
  return { verdict: 'skipped', reason: 'accelerator', summary, atMs, ...present({ evidence }) }
}

type Present<Facts> = { [Name in keyof Facts]?: Exclude<Facts[Name], undefined> }

/** The facts that are known. */
function present<Facts extends object>(facts: Facts): Present<Facts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Present<Facts>
}
