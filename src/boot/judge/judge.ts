import type { ProbeReport } from "../report.js";
import { deadlinesOf } from "./deadlines.js";
import {
  type Decision,
  acceleratorFailed,
  by,
  died,
  failed,
  ready,
  timedOut,
  decideEnd,
  decideGone,
} from "./decision.js";
import { guestShutdown, kvmFailures, vmmLogs, vmmWarning } from "./dialect.js";
import type { GuestEvent, MachineState } from "./events.js";
import { Findings } from "./findings.js";
import type { Rules } from "./rules.js";
import { UnfinishedLines } from "./unfinished-lines.js";
import type { Evidence, Verdict } from "./verdict.js";
import { Problem } from "../../platform/problem.js";
import { OutOfTime, withinTime } from "../../platform/time-limit.js";
const kvmFails = "KVM opens but fails its guests";

/**
 * Events in, verdict out: the first decisive one wins. Has no effect and reads no clock, so that a boot can be judged
 * again from its events.
 */
export class Judge {
  private verdict: Verdict | undefined;
  private readonly findings: Findings;
  private readonly unfinished = new UnfinishedLines();

  constructor(readonly rules: Rules) {
    this.findings = new Findings(rules);
  }

  /** Takes an event; the verdict once there is one, and the same for ever after. */
  see(event: GuestEvent): Verdict | undefined {
    if (this.verdict !== undefined) return this.verdict;
    const decision = this.onEvent(event) ?? this.onTime(event.atMs);
    this.verdict = decision && { ...decision, atMs: event.atMs };
    return this.verdict;
  }

  /** When `see` wants to be called with a `clock` event, if nothing else happens before. */
  get deadlineMs(): number {
    const { goneMs, settledMs, silentMs, limitMs } = deadlinesOf(this.findings);
    return Math.min(goneMs, settledMs, silentMs, limitMs, this.unfinished.restedMs);
  }

  /** The last answer to each probe that was answered at all. */
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

  /** A VMM that logs where its guest prints may do so behind an unfinished line. */
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

  /** What the user's patterns say of a line. */
  private match(evidence: Evidence): Decision | undefined {
    this.findings.asked.read(evidence);
    const forbidden = this.rules.forbid.find((pattern) => pattern.test(evidence.line));
    return (
      forbidden && by("forbid", failed("forbidden", `a line matched the forbidden ${forbidden.source}`, { evidence }))
    );
  }

  private onVmmLine(evidence: Evidence): Decision | undefined {
    if (guestShutdown.test(evidence.line)) this.findings.wasReset = true;
    if (vmmWarning.test(evidence.line)) return undefined;
    this.findings.complaint ??= evidence;
    const isKvms = this.rules.accelerator === "kvm" && kvmFailures.some((pattern) => pattern.test(evidence.line));
    return isKvms ? by("monitor-line", acceleratorFailed(kvmFails, evidence)) : undefined;
  }

  private onMachine(state: MachineState): Decision | undefined {
    const { complaint: evidence, transcript } = this.findings;
    switch (state) {
      case "stopped":
        return this.rules.accelerator === "kvm"
          ? acceleratorFailed(kvmFails, evidence)
          : failed("monitor", "QEMU stopped the guest", { evidence });
      case "disk-full":
        return failed("monitor", "QEMU stopped the guest: there is no room on this machine’s disk", {
          evidence,
          remedy: "make room where the disks of `block` lie, and in the temporary folder",
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
    // What was read may have changed what is waited for.
    const { settledMs, silentMs, limitMs } = deadlinesOf(this.findings);
    if (atMs >= settledMs) return by("settle", ready(this.findings));
    if (atMs >= silentMs) {
      return by(
        "silence",
        acceleratorFailed(
          `the guest said nothing under KVM for ${silentMs / 1000} s`,
          this.findings.transcript.lastLine,
        ),
      );
    }
    return atMs >= limitMs ? by("timeout", timedOut(this.findings)) : undefined;
  }
}

/** One read of a console takes milliseconds, unless a pattern tries more ways through a line than anybody can wait for. */
const longestMs = 5_000;

/**
 * Shows a judge what was seen since the last time. Patterns of the user are matched here, against lines of the guest.
 *
 * @throws Problem where they come to no end: who waited for them would wait for ever, and would not see the timeout.
 */
export function judgeInTime(judge: Judge, events: readonly GuestEvent[], limitMs = longestMs): Verdict | undefined {
  const { expect, forbid } = judge.rules;
  const look = () => events.reduce<Verdict | undefined>((_, event) => judge.see(event), undefined);
  if (expect.length + forbid.length === 0) return look();
  try {
    return /* promise: console-patterns-have-a-time */ withinTime(limitMs, look);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    throw new Problem(
      `inputs expect and forbid: a pattern came to no end within ${limitMs / 1000} s on what the guest printed`,
      {
        found: [...expect, ...forbid].map(({ source }) => source),
        because: "a repetition inside a repetition, such as `(a+)+`, has more ways through a line than can be tried",
        do: "write it without, or anchor it",
      },
      { cause: error },
    );
  }
}
