import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { expect, test } from "vitest";
import { Problem } from "../../../../src/platform/problem.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import { startVmm, sweepVmms, vmmMark } from "../../../../src/platform/process/vmm-process.js";

const sh = (script: string, channels: 0 | 1 = 0, environment: Record<string, string | undefined> = process.env) =>
  startVmm(["/bin/sh", "-c", script], environment, channels);

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test("console and error stream are told apart, and the status is the monitor’s own", async () => {
  const monitor = sh("echo console; echo error >&2; exit 83");
  const said = Promise.all([textOf(monitor.console), textOf(monitor.errors)]);
  expect(await said).toEqual(["console\n", "error\n"]);
  expect(await monitor.ended).toEqual({ code: 83, signal: null });
});

test("a signal that ends it is told", async () => {
  const monitor = sh("kill -SEGV $$");
  monitor.console.resume();
  monitor.errors.resume();
  expect(await monitor.ended).toEqual({ code: null, signal: "SIGSEGV" });
});

test("it finds nothing on its standard input", async () => {
  expect(await textOf(sh("cat; echo end").console)).toBe("end\n");
});

test("file descriptor 3 is a channel both ways, when it was asked for", async () => {
  const monitor = sh('read line <&3; echo "got $line" >&3', 1);
  monitor.control?.write("hello\n");
  expect(String((await once(monitor.control as Readable, "data"))[0])).toBe("got hello\n");
  expect(sh("exit 0").control).toBeUndefined();
});

test("it is our direct child", async () => {
  expect(await textOf(sh("echo $PPID").console)).toBe(`${process.pid}\n`);
});

test("the search path is that of its environment alone, and may lack the system’s folders", async () => {
  expect(await textOf(sh('echo "$PATH"', 0, { PATH: "/nowhere" }).console)).toBe("/nowhere\n");
});

test("killing it ends it, also one that ignores other signals", async () => {
  const monitor = sh('trap "" TERM INT; echo up; while :; do sleep 100; done');
  monitor.errors.resume();
  await once(monitor.console, "data");
  monitor.kill();
  expect(await monitor.ended).toEqual({ code: null, signal: "SIGKILL" });
});

test("a child of its own that holds its streams open does not hold us up", async () => {
  const monitor = sh("sleep 7750 & echo $!; wait");
  monitor.errors.resume();
  const [pid] = (await once(monitor.console, "data")) as [Buffer];
  monitor.kill();
  expect(await monitor.ended).toEqual({ code: null, signal: "SIGKILL" });
  // It is still there.
  process.kill(Number(pid));
});

test("a monitor that cannot be started is a problem", async () => {
  const tooLong = "x".repeat(300_000);
  const start = async () => startVmm(["/bin/true", tooLong], {}, 0).ended;
  await expect(start()).rejects.toThrow(Problem);
  await expect(start()).rejects.toThrow("/bin/true could not be started");
});

test("monitors of runs that were killed are ended, and nobody else’s", async () => {
  // No process has an id this high.
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
