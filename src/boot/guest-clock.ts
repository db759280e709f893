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
