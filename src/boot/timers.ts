import { performance } from "node:perf_hooks";

/** Named timers, each set for one moment. */
export class Timers {
  private readonly running = new Map<string, { readonly at: number; readonly timeout: NodeJS.Timeout }>();

  /** @param at the moment, as performance.now() tells it. Setting the same moment again changes nothing. */
  setOnce(name: string, at: number, action: () => void): void {
    const former = this.running.get(name);
    if (former?.at === at) return;
    clearTimeout(former?.timeout);
    const onTime = () => {
      this.running.delete(name);
      action();
    };
    this.running.set(name, { at, timeout: setTimeout(onTime, Math.max(0, at - performance.now())) });
  }

  clear(): void {
    for (const { timeout } of this.running.values()) clearTimeout(timeout);
    this.running.clear();
  }
}
