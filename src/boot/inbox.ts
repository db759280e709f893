/** A queue with many writers and one reader. */
export class Inbox<Item> {
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
