import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { processorWait } from "../../../../src/platform/process/processor-wait.js";

/** Two programs that are always busy, on one processor. */
function rivals() {
  const busy = () => spawn("taskset", ["--cpu-list", "0", process.execPath, "-e", "for (;;);"], { stdio: "ignore" });
  return [busy(), busy()] as const;
}

describe("the time that a process waits for a processor", () => {
  it("is about half of what passes for one of two that share it", async () => {
    const [one, other] = rivals();
    try {
      const wait = processorWait(one.pid);
      await sleep(500);
      const [before, start] = [wait(), performance.now()];
      await sleep(2_000);
      const share = (wait() - before) / (performance.now() - start);
      expect(share).toBeGreaterThan(0.25);
      expect(share).toBeLessThan(1);
    } finally {
      one.kill("SIGKILL");
      other.kill("SIGKILL");
    }
  });

  it("is none for one that sleeps", async () => {
    const sleeper = spawn("sleep", ["10"], { stdio: "ignore" });
    try {
      const wait = processorWait(sleeper.pid);
      await sleep(1_000);
      expect(wait()).toBeLessThan(500);
    } finally {
      sleeper.kill("SIGKILL");
    }
  });

  it("stays what it was when the process has ended, and is none for one that never was", async () => {
    const [one, other] = rivals();
    const wait = processorWait(one.pid);
    await sleep(500);
    const last = wait();
    one.kill("SIGKILL");
    other.kill("SIGKILL");
    await sleep(200);
    expect(wait()).toBe(last);
    expect(processorWait(undefined)()).toBe(0);
  });
});
