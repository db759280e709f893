import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { processorWait } from "../../../../src/platform/process/processor-wait.js";

describe("the time that a process waits for a processor", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  /** Writes the counts of a thread of process 7, which waited for `ms` milliseconds. */
  function waited(thread: number, ms: number): void {
    mkdirSync(join(folder, `7/task/${thread}`), { recursive: true });
    writeFileSync(join(folder, `7/task/${thread}/schedstat`), `9000000000 ${ms * 1e6} 1234\n`);
  }

  it("is that of the thread that waited longest", () => {
    const wait = processorWait(7, folder);
    waited(7, 20);
    waited(8, 350.5);
    waited(9, 0);
    expect(wait()).toBe(350.5);
  });

  it("is read again after 50 ms, and not before", () => {
    const wait = processorWait(7, folder);
    waited(7, 20);
    expect(wait()).toBe(20);
    waited(7, 60);
    vi.advanceTimersByTime(49);
    expect(wait()).toBe(20);
    vi.advanceTimersByTime(1);
    expect(wait()).toBe(60);
  });

  it("is kept when that thread or the process has ended, and is 0 for a process that never existed", () => {
    const wait = processorWait(7, folder);
    waited(7, 20);
    waited(8, 60);
    expect(wait()).toBe(60);
    for (const gone of ["7/task/8", "7"]) {
      rmSync(join(folder, gone), { recursive: true });
      vi.advanceTimersByTime(100);
      expect(wait()).toBe(60);
    }
    expect(processorWait(7, folder)()).toBe(0);
    expect(processorWait(undefined)()).toBe(0);
  });

  it("is counted by this machine’s kernel for two processes that share a processor", async () => {
    vi.useRealTimers();
    const busy = () => spawn("taskset", ["--cpu-list", "0", process.execPath, "-e", "for (;;);"], { stdio: "ignore" });
    const rivals = [busy(), busy()];
    try {
      const waits = rivals.map(({ pid }) => processorWait(pid));
      await expect.poll(() => Math.min(...waits.map((wait) => wait()))).toBeGreaterThan(100);
    } finally {
      for (const rival of rivals) rival.kill("SIGKILL");
    }
  });
});
