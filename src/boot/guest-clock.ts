/**
 * Tells the time of a guest: that of the machine, without what the VMM was ready to run and had no processor. On a
 * machine that is busy with other work a guest needs longer for all that it does, and what it is given time for (to end, to
 * crash after its first good sign) shall not depend on who else runs.
 */
export class GuestClock {
  private startMs: number;
  private heldUpBeforeMs: number;
  private latestMs = 0;

  /**
   * @param heldUpMs how long the VMM has waited for a processor since it was started; it only grows.
   * @param mostMs the clock is not stopped for longer than this, so that the end comes, however busy the machine is.
   * @param machineMs the time of the machine.
   */
  constructor(
    private readonly heldUpMs: () => number,
    private readonly mostMs: number,
    private readonly machineMs: () => number = () => performance.now(),
  ) {
    this.startMs = machineMs();
    this.heldUpBeforeMs = heldUpMs();
  }

  /** Begins anew at 0. */
  restart(): void {
    this.startMs = this.machineMs();
    this.heldUpBeforeMs = this.heldUpMs();
    this.latestMs = 0;
  }

  /** Whole milliseconds since the start; never less than it told before. */
  get nowMs(): number {
    this.latestMs = Math.max(this.latestMs, Math.round(this.machineMs() - this.startMs - this.stoppedMs));
    return this.latestMs;
  }

  /** The earliest time of the machine at which this clock can show `ms`. */
  momentOf(ms: number): number {
    return this.startMs + ms + this.stoppedMs;
  }

  private get stoppedMs(): number {
    return Math.min(this.mostMs, this.heldUpMs() - this.heldUpBeforeMs);
  }
}
