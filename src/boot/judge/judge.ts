import { Problem } from "../../platform/problem.js";
import { OutOfTime, withinTime } from "../../platform/time-limit.js";
import type { ProbeReport } from "../report.js";
import { deadlinesOf } from "./deadlines.js";
import {
  type Decision,
  acceleratorFailed,
  by,
  decideEnd,
  decideGone,
  died,
  failed,
  ready,
  timedOut,
} from "./decision.js";
import type { GuestEvent, MachineState } from "./events.js";
import { Findings } from "./findings.js";
import type { Rules } from "./rules.js";
import { UnfinishedLines } from "./lines.js";
import type { Evidence, Verdict } from "./verdict.js";
import { guestShutdown, kvmClosed, kvmFailures, stopWords, vmmLogs, vmmWarning } from "./vmm-words.js";

const kvmFails = "KVM opens but fails its guests";

/** The first decisive event wins. No effects, no clock: a boot can be judged again from its events. */
export class Judge {
  /** What {@link judgeInTime} has needed for slow reads. */
  slowMs = 0;
  private verdict: Verdict | undefined;
  readonly findings: Findings;
  private readonly unfinished = new UnfinishedLines();

  constructor(readonly rules: Rules) {
    this.findings = new Findings(rules);
  }

  /** What is still missing for a verdict: a phrase. */
  get waitsFor(): string {
    const { missing } = this.findings.asked;
    if (missing !== undefined) return missing.what;
    if (this.rules.until === "exit" || this.rules.expectExit !== undefined) return "its exit";
    return this.findings.hasShownItself ? "the end of `settle`" : "its first line";
  }

  /** Takes an event. @returns the verdict once there is one; it never changes. */
  see(event: GuestEvent): Verdict | undefined {
    if (this.verdict !== undefined) return this.verdict;
    const decision = this.onEvent(event) ?? this.onTime(event.atMs);
    this.verdict = decision && { ...decision, atMs: event.atMs };
    return this.verdict;
  }

  /** When `see` needs a `clock` event, if nothing else happens before. */
  get deadlineMs(): number {
    const { goneMs, settledMs, silentMs, limitMs } = deadlinesOf(this.findings);
    return Math.min(goneMs, settledMs, silentMs, limitMs, this.unfinished.restedMs);
  }

  get probes(): readonly ProbeReport[] {
    return this.findings.asked.reports;
  }

  private onEvent(event: GuestEvent): Decision | undefined {
    const { atMs } = event;
    switch (event.kind) {
      case "console":
        return this.onConsole({ line: event.text, atMs });
      case "unfinished":
        this.onUnfinished({ line: event.text, atMs });
        return undefined;
      case "monitor":
        return this.onVmmLine({ line: event.text, atMs });
      case "machine":
        return by("machine-event", this.onMachine(event.state));
      case "probe":
        this.findings.asked.answer(event.index, event.answer, atMs);
        if (event.answer.holds) this.findings.transcript.showLife(atMs);
        return undefined;
      case "exit":
        return decideEnd(this.findings, event, atMs);
      case "clock":
        return undefined;
    }
  }

  /** A VMM that logs to the console may do so after an unfinished line. */
  private onConsole({ line, atMs }: Evidence): Decision | undefined {
    const log = vmmLogs[this.rules.vmm]?.exec(line);
    if (log === undefined || log === null) return this.onGuestLine({ line, atMs });
    const before = line.slice(0, log.index);
    return (
      (before === "" ? undefined : this.onGuestLine({ line: before, atMs })) ??
      this.onVmmLine({ line: line.slice(log.index), atMs })
    );
  }

  private onGuestLine(evidence: Evidence): Decision | undefined {
    this.unfinished.clear();
    this.findings.transcript.add(evidence);
    return this.match(evidence);
  }

  private onUnfinished(evidence: Evidence): void {
    if (vmmLogs[this.rules.vmm]?.test(evidence.line) === true) return;
    if (this.unfinished.add(evidence)) this.findings.transcript.addUnfinished(evidence);
  }

  private match(evidence: Evidence): Decision | undefined {
    const { asked, transcript } = this.findings;
    if (asked.read(evidence) && transcript.afterDeath === evidence) transcript.showLife(Infinity);
    const forbidden = this.rules.forbid.find((pattern) => pattern.test(evidence.line));
    return (
      forbidden && by("forbid", failed("forbidden", `a line matched the forbidden ${forbidden.source}`, { evidence }))
    );
  }

  private onVmmLine(evidence: Evidence): Decision | undefined {
    if (guestShutdown.test(evidence.line)) this.findings.wasReset = true;
    if (stopWords.test(evidence.line)) this.findings.stopLine ??= evidence;
    if (vmmWarning.test(evidence.line)) return undefined;
    this.findings.complaint ??= evidence;
    const isKvms = this.rules.accelerator === "kvm" && kvmFailures.some((pattern) => pattern.test(evidence.line));
    const what = kvmClosed.test(evidence.line) ? "KVM is missing or forbidden" : kvmFails;
    return isKvms ? by("monitor-line", acceleratorFailed(what, evidence)) : undefined;
  }

  private onMachine(state: MachineState): Decision | undefined {
    const { complaint: evidence, transcript } = this.findings;
    switch (state) {
      case "stopped":
        return this.rules.accelerator === "kvm"
          ? acceleratorFailed(kvmFails, evidence)
          : failed("monitor", "QEMU paused the guest", { evidence });
      case "disk-full":
        return failed("monitor", "QEMU paused the guest: this machine’s disk is full", {
          evidence,
          remedy: "free space where the disks of `block` are, and in the temporary folder",
        });
      case "panicked":
        return transcript.death === undefined
          ? failed("trap", "the guest panicked", { evidence: transcript.lastLine })
          : died(transcript.death);
      case "reset":
        this.findings.wasReset = true;
        return undefined;
      case "quit":
        this.findings.wasStopped = true;
        return undefined;
    }
  }

  private onTime(atMs: number): Decision | undefined {
    const now = deadlinesOf(this.findings);
    if (atMs >= now.goneMs) return decideGone(this.findings, atMs);
    if (atMs >= Math.min(this.unfinished.restedMs, now.settledMs, now.limitMs)) {
      const forbidden = this.unfinished
        .take()
        .map((evidence) => this.match(evidence))
        .find((decision) => decision !== undefined);
      if (forbidden !== undefined) return forbidden;
    }
    // The lines just read may have moved the deadlines.
    const { settledMs, silentMs, limitMs } = deadlinesOf(this.findings);
    if (atMs >= settledMs) return by("settle", ready(this.findings));
    if (atMs >= silentMs) {
      const { lastLine } = this.findings.transcript;
      return by("silence", acceleratorFailed(`the guest printed nothing under KVM for ${silentMs / 1000} s`, lastLine));
    }
    return atMs >= limitMs ? by("timeout", timedOut(this.findings)) : undefined;
  }
}

/** Patterns match one read of a console within milliseconds, unless one of them takes more than linear time. */
const longestMs = 5_000;

/** A read that needs this much of a processor counts as slow. */
const slowMs = 100;

/** What is judged without a break, in characters: about as much as one read of a pipe. */
const sliceLength = 64 * 1024;

/**
 * Shows new events to a judge. This is where patterns meet the guest's lines.
 *
 * @param limitMs for these events, and for all slow reads of this judge together: boots beside it wait meanwhile.
 * @throws Problem when patterns take too long: nothing else, not even the timeout, could run meanwhile.
 */
export function judgeInTime(judge: Judge, events: readonly GuestEvent[], limitMs = longestMs): Verdict | undefined {
  const look = () => events.reduce<Verdict | undefined>((_, event) => judge.see(event), undefined);
  const before = process.cpuUsage();
  try {
    return /* promise: console-patterns-have-a-time */ withinTime(Math.ceil(Math.max(1, limitMs - judge.slowMs)), look);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    throw tooSlow(judge.rules, limitMs, error);
  } finally {
    const { user, system } = process.cpuUsage(before);
    const usedMs = (user + system) / 1000;
    // promise: slow-patterns-add-up
    if (usedMs > slowMs) judge.slowMs += usedMs;
  }
}

/** Like {@link judgeInTime}, for any number of events: boots beside this one go on after each slice of them. */
export async function judgeInSlices(judge: Judge, events: readonly GuestEvent[]): Promise<Verdict | undefined> {
  let verdict: Verdict | undefined;
  for (let start = 0, end = 0; start < events.length && verdict === undefined; start = end) {
    // promise: boots-take-turns
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    for (let length = 0; end < events.length && length < sliceLength; end++) length += lengthOf(events[end]);
    verdict = judgeInTime(judge, events.slice(start, end));
  }
  return verdict;
}

const lengthOf = (event: GuestEvent | undefined): number =>
  event !== undefined && "text" in event ? event.text.length : 0;

function tooSlow({ expect, forbid }: Rules, limitMs: number, cause: unknown): Problem {
  const asked = [...expect, ...forbid];
  const took = `matching the guest’s output took longer than ${limitMs / 1000} s`;
  if (asked.length === 0) {
    return new Problem(
      took,
      { because: "the machine is overloaded, or a pattern of unikernel-ci is slow", do: "report it with the console" },
      { cause },
    );
  }
  return new Problem(
    `inputs expect and forbid: ${took}`,
    {
      found: asked.map(({ source }) => source),
      because: "a nested repetition, such as `(a+)+`, can take exponential time",
      do: "remove the nested repetition, or anchor the pattern",
    },
    { cause },
  );
}
