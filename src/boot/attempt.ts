import type { ConsoleFile } from "../platform/files/console-file.js";
import type { VmmProcess } from "../platform/process/vmm-process.js";
import { ConsoleReader } from "./console-reader.js";
import { GuestClock } from "./guest-clock.js";
import type { GuestEvent } from "./judge/events.js";
import { judgeInTime } from "./judge/judge-in-time.js";
import { Judge } from "./judge/judge.js";
import { Lines } from "./judge/lines.js";
import type { Rules } from "./judge/rules.js";
import type { Verdict } from "./judge/verdict.js";
import { machineStateOf } from "./machine-state.js";
import type { ProbeAnswer } from "./probes/probe.js";
import { Qmp, type QmpEvent } from "./qmp.js";
import type { ProbeReport } from "./report.js";
import { Timers } from "./timers.js";

const keptLines = 30;

export interface AttemptResult {
  readonly verdict: Verdict;
  /** The last lines of the console. */
  readonly consoleEnd: readonly string[];
  /** What the VMM itself said on its error stream. */
  readonly vmmSaid: readonly string[];
  /** The last answer to each probe that was answered at all. */
  readonly probes: readonly ProbeReport[];
}

/**
 * Begins to ask a guest that has just been started, and goes on until it is stopped.
 *
 * @param onAnswer is called with the index of the probe.
 * @param control QEMU's control channel, where the guest runs in QEMU.
 */
export type Interrogation = (
  onAnswer: (index: number, answer: ProbeAnswer) => void,
  control: Qmp | undefined,
) => { stop(): void };

/**
 * Watches a running VMM until its guest is judged, then ends it. When this returns, the VMM is gone.
 *
 * @param file gets every byte of the console.
 */
export async function judgeGuest(
  monitor: VmmProcess,
  rules: Rules,
  file: ConsoleFile,
  interrogate?: Interrogation,
): Promise<AttemptResult> {
  const judge = new Judge(rules);
  const clock = new GuestClock(monitor.heldUpMs, rules.timeoutMs);
  const timers = new Timers();
  const consoleEnd: string[] = [];
  const vmmSaid: string[] = [];
  let decide: (verdict: Verdict) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const decided = new Promise<Verdict>((resolve, reject) => {
    decide = resolve;
    fail = reject;
  });
  let interrogation: { stop(): void } | undefined;
  let isOver = false;

  const now = () => clock.nowMs;
  const see = (...events: readonly GuestEvent[]) => {
    if (isOver) return;
    try {
      const verdict = judgeInTime(judge, events);
      if (verdict !== undefined) {
        decide(verdict);
        return;
      }
    } catch (error) {
      fail(error);
      return;
    }
    // What the guest wrote before a deadline may still lie in the pipe: it is read before the deadline counts.
    timers.setOnce("deadline", clock.momentOf(judge.deadlineMs), () => setImmediate(() => setImmediate(onDeadline)));
  };
  const console = new ConsoleReader(file, timers, {
    lines: (texts) => {
      keep(consoleEnd, texts);
      see(...texts.map((text) => ({ kind: "console", text, atMs: now() }) as const));
    },
    unfinished: (text) => see({ kind: "unfinished", text, atMs: now() }),
  });
  // Whatever is decided now, what stands on the console's last line is part of it.
  const onDeadline = () => {
    console.tellAllUnfinished();
    see({ kind: "clock", atMs: now() });
  };
  const errorLines = new Lines();
  const complain = (texts: readonly string[]) => {
    keep(vmmSaid, texts);
    for (const text of texts) see({ kind: "monitor", text, atMs: now() });
  };
  console.read(monitor.console);
  // A process has no VMM: its error stream is its own.
  if (rules.vmm === "process") console.read(monitor.errors);
  else monitor.errors.on("data", (chunk: Buffer) => complain(errorLines.add(chunk)));

  const onMachineEvent = async (event: QmpEvent) => {
    // What becomes of a helper VM's machine is no news of the guest in it.
    const state = rules.vmm === "qemu" && qmp ? await machineStateOf(event, qmp) : undefined;
    if (state !== undefined) see({ kind: "machine", state, atMs: now() });
  };
  const qmp: Qmp | undefined = monitor.control && new Qmp(monitor.control, (event) => void onMachineEvent(event));
  // The clock runs from here, for a VMM that never lets its guest begin, and anew from the guest's beginning.
  see({ kind: "clock", atMs: 0 });
  // A failure to start shows as the VMM's own end, with its reason on the error stream.
  const started = qmp === undefined ? Promise.resolve() : qmp.start().catch(() => undefined);
  void Promise.all([started, monitor.begun]).then(() => {
    if (isOver) return;
    clock.restart();
    see({ kind: "clock", atMs: 0 });
    interrogation = interrogate?.((index, answer) => see({ kind: "probe", index, answer, atMs: now() }), qmp);
  });
  const seen = monitor.ended.then((end) => {
    console.end();
    if (errorLines.unfinished !== "") complain([errorLines.unfinished]);
    see({ kind: "exit", ...end, atMs: now() });
  });

  try {
    const verdict = await Promise.race([decided, seen.then(() => decided)]);
    return { verdict, consoleEnd, vmmSaid, probes: judge.probes };
  } finally {
    isOver = true;
    interrogation?.stop();
    timers.clear();
    monitor.kill();
    await monitor.ended.catch(() => undefined);
    timers.clear();
  }
}

/** Adds to a list that forgets what is old. */
function keep(list: string[], lines: readonly string[]): void {
  list.push(...lines);
  list.splice(0, list.length - keptLines);
}
