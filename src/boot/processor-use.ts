interface Sample {
  readonly atMs: number;
  readonly usedMs: ReadonlyMap<string, number>;
}

/** From this share of a processor a guest counts as busy: measurements are up to 50 ms old. */
const busyShare = 0.9;
/** Less says nothing about a guest that has just booted. */
const shortestMs = 1_000;

/** How much of a processor a guest used lately: one that waits for work sleeps, one that spins does not. */
export class ProcessorUse {
  private samples: Sample[] = [];

  /**
   * @param usedMs the processor time of each thread of the VMM, in milliseconds.
   * @param windowMs how far back a look goes.
   */
  constructor(
    private readonly usedMs: () => ReadonlyMap<string, number>,
    private readonly windowMs: number,
  ) {}

  /** @param atMs on the guest's clock, which stops while the VMM has no processor. */
  look(atMs: number): void {
    const lastMs = this.samples.at(-1)?.atMs ?? -1;
    // The clock starts again when a helper VM starts its guest.
    if (atMs < lastMs) this.samples = [];
    if (atMs !== lastMs) this.samples.push({ atMs, usedMs: this.usedMs() });
    const start = this.samples.findLastIndex((sample) => sample.atMs <= atMs - this.windowMs);
    if (start > 0) this.samples = this.samples.slice(start);
  }

  /** `busy: used 100 % of a processor for 3 s`, of the busiest thread at the latest look; undefined if idle. */
  get busy(): string | undefined {
    const [start] = this.samples;
    const end = this.samples.at(-1);
    if (start === undefined || end === undefined || end.atMs - start.atMs < shortestMs) return undefined;
    const spanMs = end.atMs - start.atMs;
    const mostMs = Math.max(...Array.from(end.usedMs, ([thread, ms]) => ms - (start.usedMs.get(thread) ?? 0)));
    if (mostMs < spanMs * busyShare) return undefined;
    const percent = Math.min(100, Math.round((mostMs / spanMs) * 100));
    return `busy: used ${percent} % of a processor for ${Math.round(spanMs / 1000)} s`;
  }
}
