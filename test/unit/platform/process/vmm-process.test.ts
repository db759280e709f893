import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { expect, test, afterEach, beforeEach, describe, it, vi } from "vitest";
import { Problem } from "../../../../src/platform/problem.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import { startVmm, sweepVmms, vmmMark, processorTimes } from "../../../../src/platform/process/vmm-process.js";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
const sh = (script: string, channels: 0 | 1 = 0, environment: Record<string, string | undefined> = process.env) =>
  startVmm(["/bin/sh", "-c", script], environment, channels);

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test("console and error stream are separate, and the status is the VMM’s own", async () => {
  const vmm = sh("echo console; echo error >&2; exit 83");
  const texts = Promise.all([textOf(vmm.console), textOf(vmm.errors)]);
  expect(await texts).toEqual(["console\n", "error\n"]);
  expect(await vmm.ended).toEqual({ code: 83, signal: null });
});

test("a signal that ends it is reported", async () => {
  const vmm = sh("kill -SEGV $$");
  vmm.console.resume();
  vmm.errors.resume();
  expect(await vmm.ended).toEqual({ code: null, signal: "SIGSEGV" });
});

test("its standard input is empty", async () => {
  expect(await textOf(sh("cat; echo end").console)).toBe("end\n");
});

test("file descriptor 3 is a channel in both directions, if there is one", async () => {
  const vmm = sh('read line <&3; echo "got $line" >&3', 1);
  vmm.control?.write("hello\n");
  expect(String((await once(vmm.control as Readable, "data"))[0])).toBe("got hello\n");
  expect(sh("exit 0").control).toBeUndefined();
});

test("it is our direct child", async () => {
  expect(await textOf(sh("echo $PPID").console)).toBe(`${process.pid}\n`);
});

test("its search path is that of the given environment, even without the system’s folders", async () => {
  expect(await textOf(sh('echo "$PATH"', 0, { PATH: "/nowhere" }).console)).toBe("/nowhere\n");
});

test("killing it ends it, even if it ignores other signals", async () => {
  const vmm = sh('trap "" TERM INT; echo up; while :; do sleep 100; done');
  vmm.errors.resume();
  await once(vmm.console, "data");
  vmm.kill();
  expect(await vmm.ended).toEqual({ code: null, signal: "SIGKILL" });
});

test("a child that holds its streams open does not hold us up", async () => {
  const vmm = sh("sleep 7750 & echo $!; wait");
  vmm.errors.resume();
  const [pid] = (await once(vmm.console, "data")) as [Buffer];
  vmm.kill();
  expect(await vmm.ended).toEqual({ code: null, signal: "SIGKILL" });
  // It is still running.
  process.kill(Number(pid));
});

test("a VMM that cannot be started is a problem", async () => {
  const tooLong = "x".repeat(300_000);
  const start = async () => startVmm(["/bin/true", tooLong], {}, 0).ended;
  await expect(start()).rejects.toThrow(Problem);
  await expect(start()).rejects.toThrow("/bin/true could not be started");
});

test("the sweep ends the VMMs of killed runs, and no other process", async () => {
  // No process has such a high id.
  const marks = {
    gone: { ...ownMark(), pid: 4_194_304 },
    elsewhere: { ...ownMark(), pid: 4_194_304, place: "0".repeat(16) },
  };
  const sleeping = (mark: string) =>
    spawn("sleep", ["60"], { stdio: "ignore", env: { PATH: process.env["PATH"], [vmmMark]: mark } });
  const orphan = sleeping(markText(marks.gone));
  const others = [sleeping(markText(marks.elsewhere)), sleeping("no mark")];
  const own = sh("sleep 60");
  own.errors.resume();
  own.console.resume();
  try {
    await Promise.all([orphan, ...others].map(async (child) => child.pid ?? once(child, "spawn")));
    const ended = once(orphan, "exit");
    sweepVmms();
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(others.map(({ exitCode, signalCode }) => [exitCode, signalCode])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(await Promise.race([own.ended, Promise.resolve("runs")])).toBe("runs");
  } finally {
    for (const child of [orphan, ...others]) child.kill("SIGKILL");
    own.kill();
    await own.ended;
  }
});

describe("processor wait", () => {
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
      const { heldUpMs: wait } = processorTimes(7, folder);
      waited(7, 20);
      waited(8, 350.5);
      waited(9, 0);
      expect(wait()).toBe(350.5);
    });

    it("is read again after 50 ms, and not before", () => {
      const { heldUpMs: wait } = processorTimes(7, folder);
      waited(7, 20);
      expect(wait()).toBe(20);
      waited(7, 60);
      vi.advanceTimersByTime(49);
      expect(wait()).toBe(20);
      vi.advanceTimersByTime(1);
      expect(wait()).toBe(60);
    });

    it("is kept when that thread or the process has ended, and is 0 for a process that never existed", () => {
      const { heldUpMs: wait } = processorTimes(7, folder);
      waited(7, 20);
      waited(8, 60);
      expect(wait()).toBe(60);
      for (const gone of ["7/task/8", "7"]) {
        rmSync(join(folder, gone), { recursive: true });
        vi.advanceTimersByTime(100);
        expect(wait()).toBe(60);
      }
      expect(processorTimes(7, folder).heldUpMs()).toBe(0);
      expect(processorTimes(undefined).heldUpMs()).toBe(0);
    });

    it("comes with the time that each thread ran, kept when the process has ended", () => {
      const { usedMs } = processorTimes(7, folder);
      waited(7, 20);
      waited(8, 20);
      const right = new Map([
        ["7", 9_000],
        ["8", 9_000],
      ]);
      expect(usedMs()).toEqual(right);
      rmSync(join(folder, "7"), { recursive: true });
      vi.advanceTimersByTime(100);
      expect(usedMs()).toEqual(right);
    });

    it("and the time that it runs are counted by this machine’s kernel", async () => {
      vi.useRealTimers();
      const busy = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
      try {
        const { usedMs } = processorTimes(busy.pid);
        await expect.poll(() => usedMs().get(String(busy.pid)), { timeout: 10_000 }).toBeGreaterThan(100);
      } finally {
        busy.kill("SIGKILL");
      }
    });

    it("is counted by this machine’s kernel for two processes that share a processor", async () => {
      vi.useRealTimers();
      const busy = () =>
        spawn("taskset", ["--cpu-list", "0", process.execPath, "-e", "for (;;);"], { stdio: "ignore" });
      const rivals = [busy(), busy()];
      try {
        const waits = rivals.map(({ pid }) => processorTimes(pid).heldUpMs);
        await expect.poll(() => Math.min(...waits.map((wait) => wait()))).toBeGreaterThan(100);
      } finally {
        for (const rival of rivals) rival.kill("SIGKILL");
      }
    });
  });
});
