import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { judgeGuest } from "../../../src/boot/attempts.js";
import { LiveConsole } from "../../../src/boot/live-console.js";
import { collectingLog } from "../../collecting-log.js";
import { type Interrogation, guestEvents } from "../../../src/boot/guest-events.js";
import { GuestOutput } from "../../../src/boot/guest-output.js";
import { ConsoleFile } from "../../../src/platform/files/console-file.js";
import type { VmmProcess } from "../../../src/platform/process/vmm-process.js";
import { rulesOf } from "./consoles.js";
import type * as TimeLimit from "../../../src/platform/time-limit.js";

// The real limit, shortened where a test runs into it on purpose: seconds of a processor otherwise.
const longest = vi.hoisted(() => ({ ms: Number.POSITIVE_INFINITY }));
vi.mock("../../../src/platform/time-limit.js", async (importOriginal) => {
  const original = await importOriginal<typeof TimeLimit>();
  return {
    ...original,
    withinTime: (limitMs: number, work: () => unknown) => original.withinTime(Math.min(limitMs, longest.ms), work),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});
afterEach(() => {
  expect(vi.getTimerCount(), "timers that outlive their guest").toBe(0);
  vi.useRealTimers();
  longest.ms = Number.POSITIVE_INFINITY;
  rmSync(folder, { recursive: true });
});

/** Lets what has happened so far have its effects: some turns of the event loop. */
async function settle() {
  for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Nothing but time passes. */
async function pass(ms: number) {
  await settle();
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

/** A monitor that says and does what the test wants. */
function fakeMonitor() {
  const console = new PassThrough();
  const errors = new PassThrough();
  let wasKilled = false;
  let heldUpMs = 0;
  let end: (code: number) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const ended = new Promise<Awaited<VmmProcess["ended"]>>((resolve, reject) => {
    end = (code) => resolve({ code, signal: null });
    fail = reject;
  });
  const kill = () => {
    wasKilled = true;
    end(137);
  };
  let share = 0;
  const spin = (of: number) => (share = of);
  const times = { heldUpMs: () => heldUpMs, usedMs: () => new Map([["1", performance.now() * share]]) };
  const monitor: VmmProcess = { console, errors, control: undefined, ended, ...times, kill };
  const holdUp = (ms: number) => (heldUpMs += ms);
  return { monitor, console, errors, end, fail, holdUp, spin, wasKilled: () => wasKilled };
}

const rules = { ...rulesOf("spt", "native"), settleMs: 0 };
const newFile = () => ConsoleFile.create(join(folder, "console.log"));

test("lines that arrive in pieces are judged, and the VMM is ended", async () => {
  const fake = fakeMonitor();
  const file = await newFile();
  const judged = judgeGuest(fake.monitor, { ...rules, expect: [/listening on port 80/] }, file);
  for (const piece of ["one\r", "\nlistening \u001b[3", "1mon port", " 80\r\n"]) fake.console.write(piece);
  const { verdict, consoleEnd } = await judged;
  expect(verdict).toMatchObject({ verdict: "passed", reason: "ready", evidence: { line: "listening on port 80" } });
  expect(consoleEnd).toEqual(["one", "listening on port 80"]);
  expect(fake.wasKilled()).toBe(true);
  await file.close();
  expect(readFileSync(file.path, "utf8")).toBe("one\r\nlistening \u001b[31mon port 80\r\n");
});

test("a prompt without a line’s end is a sign of life while the guest waits", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, rules, await newFile());
  fake.console.write("login: ");
  await pass(50);
  expect((await judged).verdict).toMatchObject({ verdict: "passed", evidence: { line: "login: " } });
});

test("an unfinished last line can match `expect` once the VMM has exited", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, expect: [/^login: $/] }, await newFile());
  fake.console.end("login: ");
  fake.console.once("end", () => fake.end(0));
  expect((await judged).verdict).toMatchObject({ verdict: "passed", evidence: { line: "login: " } });
});

test("a process’s error stream is its console", async () => {
  const fake = fakeMonitor();
  const file = await newFile();
  const judged = judgeGuest(fake.monitor, { ...rulesOf("unix", "native"), expect: [/ready/] }, file);
  fake.console.write("half a ");
  fake.errors.write("main: [INFO] ready\nFatal error: exception Not_found");
  fake.console.end("line\n");
  fake.errors.end();
  fake.errors.once("end", () => fake.end(2));
  const { verdict, consoleEnd, vmmSaid } = await judged;
  expect(verdict).toMatchObject({ verdict: "failed", reason: "exception", exitStatus: 2 });
  expect(consoleEnd.toSorted()).toEqual(["Fatal error: exception Not_found", "half a line", "main: [INFO] ready"]);
  expect(vmmSaid).toEqual([]);
  await file.close();
  expect(readFileSync(file.path, "utf8")).toContain("main: [INFO] ready\n");
});

test.each(["host-signal", "host-error", "host-qmp-quit"])(
  "QEMU that ends by %s was stopped from outside",
  async (reason) => {
    const fake = fakeMonitor();
    const control = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const judged = judgeGuest({ ...fake.monitor, control }, rulesOf("unikraft-qemu", "tcg"), await newFile());
    fake.console.write("hello\n");
    control.push(`${JSON.stringify({ event: "SHUTDOWN", data: { guest: false, reason } })}\n`);
    control.once("data", () => setImmediate(() => fake.end(0)));
    expect((await judged).verdict).toMatchObject({
      verdict: "failed",
      reason: "monitor",
      summary: "qemu was stopped from outside",
    });
  },
);

test.each([
  ["io-error", "monitor", "QEMU paused the guest: this machine’s disk is full"],
  ["internal-error", "accelerator", "KVM opens but fails its guests"],
])("QEMU that pauses a guest by %s", async (status, reason, summary) => {
  const fake = fakeMonitor();
  const control = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      const { id, execute } = JSON.parse(chunk.toString()) as { id: number; execute: string };
      control.push(`${JSON.stringify({ id, return: execute === "query-status" ? { status } : {} })}\n`);
      if (execute === "cont") control.push(`${JSON.stringify({ event: "STOP" })}\n`);
      done();
    },
  });
  control.push(`${JSON.stringify({ QMP: {} })}\n`);
  const judged = judgeGuest(
    { ...fake.monitor, control },
    { ...rulesOf("virtio", "kvm"), mayFallBack: true },
    await newFile(),
  );
  expect((await judged).verdict).toMatchObject({ reason, summary, rule: "machine-event" });
});

test("last words on an unfinished line decide after the grace period", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(
    fake.monitor,
    { ...rulesOf("unikraft-qemu", "tcg"), graceMs: 150, forbid: [/never/] },
    await newFile(),
  );
  fake.console.write("hello\nFatal error: exception Not_found");
  await pass(50 + 150);
  expect((await judged).verdict).toMatchObject({ reason: "exception", atMs: 200 });
});

test("a prompt that is still resting at the timeout can match `expect`", async () => {
  const fake = fakeMonitor();
  const asked = { ...rules, expect: [/^login: $/], timeoutMs: 1_000, settleMs: 20 };
  const judged = judgeGuest(fake.monitor, asked, await newFile());
  await pass(970);
  fake.console.write("login: ");
  await pass(30);
  await pass(20);
  expect((await judged).verdict).toMatchObject({ verdict: "passed", evidence: { line: "login: ", atMs: 1_000 } });
});

test("output in the pipe at the timeout is read before the timeout counts", async () => {
  const fake = fakeMonitor();
  const asked = { ...rules, expect: [/^ready$/], timeoutMs: 1_000 };
  const judged = judgeGuest(fake.monitor, asked, await newFile());
  await settle();
  // The event loop looks at its pipes between its timers and its immediates.
  setTimeout(() => setImmediate(() => fake.console.write("ready\n")), 1_000);
  vi.advanceTimersByTime(1_000);
  await settle();
  expect((await judged).verdict).toMatchObject({ verdict: "passed", evidence: { line: "ready", atMs: 1_000 } });
});

test("a guest that never pauses cannot delay its deadline", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, until: "exit", timeoutMs: 1_000 }, await newFile());
  let isJudged = false;
  void judged.then(() => (isJudged = true));
  await settle();
  // An alarm that is set again with each read never goes off once the reads come faster than a timer's shortest time.
  const set = vi.spyOn(globalThis, "setTimeout");
  for (let ms = 0; ms < 1_000; ms++) {
    expect(isJudged).toBe(false);
    fake.console.write("again\n");
    await settle();
    vi.advanceTimersByTime(1);
  }
  expect((await judged).verdict).toMatchObject({ reason: "timeout", atMs: 1_000 });
  expect(set).not.toHaveBeenCalled();
});

test.each([
  [1, "passed: running; busy: used 100 % of a processor for 3 s"],
  [0.2, "passed: running"],
])("a guest that uses %d of a processor while it settles: %s", async (share, right) => {
  const fake = fakeMonitor();
  fake.spin(share);
  const judged = judgeGuest(fake.monitor, { ...rules, settleMs: 3_000 }, await newFile());
  await pass(500);
  fake.console.write("ready\n");
  await pass(3_000);
  const { verdict } = await judged;
  expect(`${verdict.verdict}: ${verdict.summary}`).toBe(right);
});

test("a guest that spins until its time is over, and one that ends", async () => {
  const [fake, other] = [fakeMonitor(), fakeMonitor()];
  for (const { spin } of [fake, other]) spin(1);
  const judged = judgeGuest(fake.monitor, { ...rules, settleMs: 1_000, timeoutMs: 2_000 }, await newFile());
  await pass(2_000);
  expect((await judged).verdict.summary).toBe("no output of its own; busy: used 100 % of a processor for 2 s");
  const ended = judgeGuest(other.monitor, { ...rules, until: "exit" }, await newFile());
  await pass(2_000);
  other.console.end("bye\n");
  other.console.once("end", () => other.end(0));
  expect((await ended).verdict.summary).toBe("exited with status 0");
});

test.each([30, -30])(
  "a clock that is set by %i days while a guest runs changes neither its times nor its verdict",
  async (days) => {
    const fake = fakeMonitor();
    const judged = judgeGuest(fake.monitor, { ...rules, expect: [/^ready$/], timeoutMs: 20_000 }, await newFile());
    await pass(50);
    vi.setSystemTime(Date.now() + days * 24 * 3600_000);
    await pass(150);
    fake.console.write("ready\n");
    expect((await judged).verdict).toMatchObject({ verdict: "passed", evidence: { line: "ready" }, atMs: 200 });
  },
);

test("unfinished last words are read when the VMM exits", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, settleMs: 60_000 }, await newFile());
  fake.console.end("a last line without its endSolo5: solo5_exit(3) called");
  fake.console.once("end", () => fake.end(3));
  const { verdict, consoleEnd } = await judged;
  expect(verdict).toMatchObject({ verdict: "failed", reason: "exit-status", exitStatus: 3 });
  expect(consoleEnd).toEqual(["a last line without its endSolo5: solo5_exit(3) called"]);
});

test("the VMM’s own output is kept separately, including its unfinished last line", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, rules, await newFile());
  fake.errors.end("solo5-spt: one\nsolo5-spt: two");
  fake.errors.once("end", () => fake.end(1));
  const { verdict, vmmSaid, consoleEnd } = await judged;
  expect(verdict).toMatchObject({ reason: "monitor", evidence: { line: "solo5-spt: one" } });
  expect(vmmSaid).toEqual(["solo5-spt: one", "solo5-spt: two"]);
  expect(consoleEnd).toEqual([]);
});

test("the last 30 lines of a long console stay in memory", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, until: "exit" }, await newFile());
  fake.console.end(Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join(""));
  fake.console.once("end", () => fake.end(0));
  const { consoleEnd } = await judged;
  expect(consoleEnd).toHaveLength(30);
  expect(consoleEnd.at(-1)).toBe("line 9999");
});

test("silence is judged at the timeout", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, timeoutMs: 50 }, await newFile());
  await pass(49);
  expect(fake.wasKilled()).toBe(false);
  await pass(1);
  const { verdict } = await judged;
  expect(verdict).toMatchObject({ verdict: "failed", reason: "no-output" });
  expect(fake.wasKilled()).toBe(true);
});

test("a VMM whose control channel never answers times out", async () => {
  const fake = fakeMonitor();
  const monitor = { ...fake.monitor, control: new PassThrough() };
  monitor.control.write = () => true;
  const judged = judgeGuest(monitor, { ...rulesOf("virtio", "tcg"), timeoutMs: 50 }, await newFile());
  await pass(50);
  expect((await judged).verdict).toMatchObject({ verdict: "failed", reason: "no-output" });
});

test("a VMM that cannot start fails the boot with its reason", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, rules, await newFile());
  fake.fail(new Error("spawn ENOENT"));
  await expect(judged).rejects.toThrow("spawn ENOENT");
});

test("a pattern that backtracks exponentially is an error, and the VMM is ended", async () => {
  longest.ms = 200;
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, expect: [/^(a+)+$/u] }, await newFile());
  fake.console.write(`${"a".repeat(33)}!\n`);
  await expect(judged).rejects.toThrow("matching the guest’s output took longer than");
  expect(fake.wasKilled()).toBe(true);
});

test("a guest without a processor while it settles is watched for that much longer", async () => {
  const fake = fakeMonitor();
  const judged = judgeGuest(fake.monitor, { ...rules, settleMs: 100 }, await newFile());
  fake.console.write("ready\n");
  await pass(50);
  fake.holdUp(300);
  await pass(349);
  expect(fake.wasKilled()).toBe(false);
  fake.end(2);
  expect((await judged).verdict).toMatchObject({ verdict: "failed", reason: "exit-status" });
});

test("output until the VMM is gone belongs to the console, but is no longer judged", async () => {
  const fake = fakeMonitor();
  const file = await newFile();
  const kill = () => {
    fake.console.end("more\nSolo5: solo5_exit(3) called\n");
    fake.console.once("end", () => fake.monitor.kill());
  };
  const judged = judgeGuest({ ...fake.monitor, kill }, { ...rules, expect: [/ready/] }, file);
  fake.console.write("ready\n");
  const { verdict, consoleEnd } = await judged;
  expect(verdict).toMatchObject({ verdict: "passed" });
  expect(consoleEnd).toEqual(["ready", "more", "Solo5: solo5_exit(3) called"]);
  await file.close();
  expect(readFileSync(file.path, "utf8")).toBe("ready\nmore\nSolo5: solo5_exit(3) called\n");
});

test("the clock and the probes of a guest that starts after its VMM begin with the guest", async () => {
  const fake = fakeMonitor();
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const interrogate = vi.fn<Interrogation>((onAnswer) => onAnswer(0, { holds: true, said: "connection accepted" }));
  const asked = { ...rules, probes: ["tcp://:80"], timeoutMs: 1_000 };
  const judged = judgeGuest({ ...fake.monitor, begun }, asked, await newFile(), interrogate);
  await pass(900);
  expect(interrogate).not.toHaveBeenCalled();
  begin();
  const { verdict, probes } = await judged;
  expect(verdict).toMatchObject({ verdict: "passed", atMs: 0 });
  expect(probes).toMatchObject([{ holds: true, atMs: 0 }]);
  expect(interrogate.mock.calls[0]?.[2].aborted, "the questions end with the guest").toBe(true);
});

test("an error in probing fails the boot, and the VMM is ended", async () => {
  const fake = fakeMonitor();
  const interrogate = () => {
    throw new Error("no port leads there");
  };
  await expect(judgeGuest(fake.monitor, rules, await newFile(), interrogate)).rejects.toThrow("no port leads there");
  expect(fake.wasKilled()).toBe(true);
});

test.each(["console", "errors"] as const)(
  "what the %s says waits in its pipe, not in our memory, while the judge or the disk is slower",
  async (name) => {
    const fake = fakeMonitor();
    const disk = deferred();
    const file = { write: () => (name === "console" ? disk.promise : Promise.resolve()) } as unknown as ConsoleFile;
    const events = guestEvents(fake.monitor, rules, new GuestOutput(file), () => 60_000);
    await events.next();
    await settle();
    await events.next();
    for (let index = 0; index < 10; index++) fake[name].write(`line ${index}\n`);
    await settle();
    expect(fake[name].readableLength).toBe(9 * 7);
    const { value } = await events.next();
    expect(value).toMatchObject([{ text: "line 0" }]);
    await settle();
    // Taken by the judge; the console goes on when the disk has it too.
    expect(fake[name].readableLength).toBe(name === "console" ? 9 * 7 : 8 * 7);
    disk.resolve();
    await settle();
    expect(fake[name].readableLength).toBe(8 * 7);
    await events.return();
    expect(fake.wasKilled()).toBe(true);
    await settle();
    expect(fake[name].readableLength, "its rest is read when nobody judges any more").toBe(0);
  },
);

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

test.each([
  [{ expect: [/listening/], until: "auto" }, "`listening`"],
  [{ probes: ["tcp://:80"] }, "an answer to `tcp://:80`"],
  [{ until: "exit" }, "its exit"],
  [{}, "its first line"],
] as const)("the log shows a boot while it runs, and with %j what it waits for", async (asked, waitsFor) => {
  const fake = fakeMonitor();
  const logged: string[] = [];
  let told: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (told = resolve));
  const log = { ...collectingLog(logged), line: (text: string) => (told(), void logged.push(text)) };
  const live = new LiveConsole(log, 60_000, { linesMs: 1, waitsMs: 1 });
  const judged = judgeGuest(fake.monitor, { ...rules, ...asked }, await newFile(), undefined, live);
  await first;
  fake.console.end("Hello\n::error::no command\n");
  fake.console.once("end", () => fake.end(0));
  await judged;
  expect(logged[0]).toContain(` of 60.0 s, waiting for ${waitsFor}`);
  expect(logged.filter((line) => !line.includes(" waiting for "))).toEqual(["Hello", "::error::no command"]);
});
