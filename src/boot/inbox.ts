/** What many put in and one takes out, in its order. */
export class Inbox<Item> {
  private items: Item[] = [];
  private readonly putters: (() => void)[] = [];
  private failure: { readonly error: unknown } | undefined;
  private isClosed = false;
  private wake: () => void = () => undefined;

  /** @returns settles when they were taken: until then, whoever may have much more waits. */
  put(items: readonly Item[]): Promise<void> {
    if (this.isClosed || items.length === 0) return Promise.resolve();
    this.items = this.items.concat(items);
    return new Promise((resolve) => {
      this.putters.push(resolve);
      this.wake();
    });
  }

  /** Nothing more comes, for this reason. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake();
  }

  /**
   * All that is there, and at least one.
   *
   * @throws what it failed with, once all was taken.
   */
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

  /** Nobody takes any more: nobody waits for that, and what is still put in is dropped. */
  close(): void {
    this.isClosed = true;
    this.items = [];
    this.release();
  }

  private release(): void {
    for (const resolve of this.putters.splice(0)) resolve();
  }
}
