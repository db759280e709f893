import type { VmmProcess } from "../platform/process/vmm-process.js";
import type { GuestOutput } from "./guest-output.js";
import type { GuestEvent, Happening } from "./judge/events.js";
import type { Rules } from "./judge/rules.js";
import type { ProbeAnswer } from "./probes/probe.js";
import { Qmp, machineStateOf } from "./qmp.js";

/**
 * Starts to probe a guest that has just started, and continues until `signal` is aborted.
 *
 * @param onAnswer gets the index of the probe.
 * @param control QEMU's control channel, when the guest runs in QEMU.
 */
export type Interrogation = (
  onAnswer: (index: number, answer: ProbeAnswer) => void,
  control: Qmp | undefined,
  signal: AbortSignal,
) => void;

/**
 * All events of a guest, as they happen; the exit of its VMM comes last. Times are the guest's own
 * ({@link GuestClock}). When the reader stops or throws, the VMM is ended and waited for.
 *
 * @param output receives what the guest and its VMM print, until the VMM is gone.
 * @param deadlineMs when a `clock` event is due if nothing else happens; called after each batch of events.
 * @throws the reason why the VMM could not start.
 */
export async function* guestEvents(
  vmm: VmmProcess,
  rules: Rules,
  output: GuestOutput,
  deadlineMs: () => number,
  interrogate?: Interrogation,
): AsyncGenerator<readonly GuestEvent[], void, undefined> {
  const clock = new GuestClock(vmm.heldUpMs, rules.timeoutMs);
  const inbox = new Inbox<GuestEvent>();
  const over = new AbortController();
  const tell = (happened: readonly Happening[]) => {
    const { nowMs: atMs } = clock;
    return inbox.put(happened.map((one) => Object.assign(one, { atMs })));
  };
  const onDeadline = () => {
    // The unfinished last line of the console counts for the decision too.
    void tell([...output.unfinished(), { kind: "clock" }]);
  };
  const alarm = new Alarm(onDeadline);
  try {
    output.read(vmm, rules.vmm, tell, over.signal);
    const qmp: Qmp | undefined =
      vmm.control &&
      new Qmp(vmm.control, (event) => {
        // Events of a helper VM’s machine say nothing about the guest in it.
        if (rules.vmm !== "qemu" || qmp === undefined) return;
        void machineStateOf(event, qmp).then((state) => state && tell([{ kind: "machine", state }]));
      });
    // The clock starts here, for a VMM that never starts its guest, and again when the guest starts.
    void inbox.put([{ kind: "clock", atMs: 0 }]);
    const begin = () => {
      if (over.signal.aborted) return;
      clock.restart();
      void inbox.put([{ kind: "clock", atMs: 0 }]);
      interrogate?.((index, answer) => void tell([{ kind: "probe", index, answer }]), qmp, over.signal);
    };
    // A failed start shows as the VMM's end, with the reason on its error stream.
    const started = qmp?.start().catch(() => undefined);
    const fail = (error: unknown) => inbox.fail(error);
    Promise.all([started, vmm.begun]).then(begin).catch(fail);
    vmm.ended.then((end) => tell([...output.end(), { kind: "exit", ...end }])).catch(fail);
    for (;;) {
      const events = await inbox.take();
      yield events;
      if (events.some(({ kind }) => kind === "exit")) return;
      alarm.set(clock.momentOf(deadlineMs()));
    }
  } finally {
    over.abort();
    alarm.clear();
    inbox.close();
    vmm.kill();
    await vmm.ended.catch(() => undefined);
  }
}

/** Fires once, at a time that can still be moved. */
class Alarm {
  private at: number | undefined;
  private timeout: NodeJS.Timeout | undefined;

  constructor(private readonly action: () => void) {}

  /** Setting the same time (of performance.now()) again changes nothing: a busy guest cannot delay it. */
  set(at: number): void {
    // promise: output-moves-no-deadline
    if (at === this.at) return;
    clearTimeout(this.timeout);
    this.at = at;
    this.timeout = setTimeout(
      () => {
        this.at = undefined;
        // Earlier output may still be in the pipe: it is read before the deadline counts.
        setImmediate(() => setImmediate(this.action));
      },
      Math.max(0, at - performance.now()),
    );
  }

  clear(): void {
    clearTimeout(this.timeout);
  }
}

/**
 * A guest's clock: the machine's, minus the time that the VMM was ready to run but had no processor. The time that a
 * guest gets (to end, or to crash after its first good sign) must not depend on the machine's other work.
 */
export class GuestClock {
  private startMs: number;
  private heldUpBeforeMs: number;
  private latestMs = 0;

  /**
   * @param heldUpMs how long the VMM has waited for a processor since its start; it only grows.
   * @param mostMs the clock stops for at most this long, so that a boot ends on the busiest machine.
   */
  constructor(
    private readonly heldUpMs: () => number,
    private readonly mostMs: number,
    private readonly machineMs: () => number = () => performance.now(),
  ) {
    this.startMs = machineMs();
    this.heldUpBeforeMs = heldUpMs();
  }

  restart(): void {
    this.startMs = this.machineMs();
    this.heldUpBeforeMs = this.heldUpMs();
    this.latestMs = 0;
  }

  /** Whole milliseconds since the start; never decreases. */
  get nowMs(): number {
    this.latestMs = Math.max(this.latestMs, Math.round(this.machineMs() - this.startMs - this.stoppedMs));
    return this.latestMs;
  }

  /** The earliest machine time at which this clock can show `ms`. */
  momentOf(ms: number): number {
    return this.startMs + ms + this.stoppedMs;
  }

  private get stoppedMs(): number {
    return Math.min(this.mostMs, this.heldUpMs() - this.heldUpBeforeMs);
  }
}

/** A queue with many writers and one reader. */
class Inbox<Item> {
  private items: Item[] = [];
  private readonly putters: (() => void)[] = [];
  private failure: { readonly error: unknown } | undefined;
  private isClosed = false;
  private wake: () => void = () => undefined;

  /** @returns settles when the items were taken: a writer with much more output waits for it. */
  put(items: readonly Item[]): Promise<void> {
    if (this.isClosed || items.length === 0) return Promise.resolve();
    this.items = this.items.concat(items);
    return new Promise((resolve) => {
      this.putters.push(resolve);
      this.wake();
    });
  }

  /** No more items follow, for this reason. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake();
  }

  /** Waits for at least one item, and takes all. @throws the reason given to `fail`, once everything was taken. */
  async take(): Promise<readonly Item[]> {
    while (this.items.length === 0) {
      if (this.failure !== undefined) throw this.failure.error;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const taken = this.items;
    this.items = [];
    this.release();
    return taken;
  }

  /** The reader is gone: releases all writers, and drops later items. */
  close(): void {
    this.isClosed = true;
    this.items = [];
    this.release();
  }

  private release(): void {
    for (const resolve of this.putters.splice(0)) resolve();
  }
}
