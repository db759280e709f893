import { once } from "node:events";
import { PassThrough, type Readable, getDefaultHighWaterMark } from "node:stream";
import { afterEach, describe, expect, it, vi, test } from "vitest";
import {
  type HelperVmProcess,
  helperVmProcess,
  type HelperVmEvent,
  HelperVmReader,
  endOf,
} from "../../../../src/boot/helper-vm/helper-process.js";
import type { VmmEnd, VmmProcess } from "../../../../src/platform/process/vmm-process.js";

/** A QEMU that does what the test says, and ends by being killed. */
function fakeQemu() {
  const [serial, errors, console] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let end: (end: VmmEnd) => void = () => undefined;
  const ended = new Promise<VmmEnd>((resolve) => (end = resolve));
  const kill = vi.fn(() => end({ code: null, signal: "SIGKILL" }));
  const qemu: VmmProcess = {
    console: serial,
    errors,
    control: console,
    second: new PassThrough(),
    ended,
    heldUpMs: () => 0,
    kill,
  };
  return { qemu, serial, errors, console, end, kill };
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const read = (helperVm: HelperVmProcess) => helperVm.errors.resume();

afterEach(() => void vi.useRealTimers());

describe("a tender in a helper VM", () => {
  it("begins with its start line, and not before", async () => {
    const { qemu, serial } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    let hasBegun = false;
    void helperVm.begun.then(() => (hasBegun = true));
    serial.write("[    1.0] Run /init as init process\n");
    await new Promise(setImmediate);
    expect(hasBegun).toBe(false);
    serial.write("carrier: start\n");
    await helperVm.begun;
    helperVm.kill();
  });

  it.each([
    ["carrier: end 0\n", { code: 0, signal: null }],
    ["carrier: end 11\n", { code: null, signal: "SIGSEGV" }],
  ])("ends as `%s` reports, and QEMU with it", async (line, end) => {
    const { qemu, serial, kill } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    read(helperVm);
    serial.write(`carrier: start\n${line}`);
    expect(await helperVm.ended).toEqual(end);
    expect(kill).toHaveBeenCalled();
  });

  it("has the unikernel’s console unchanged, whatever its content", async () => {
    const { qemu, console, kill } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    const bytes = Buffer.from("\0\xff\r\ncarrier: start\ncarrier: end 0\nno newline", "latin1");
    console.end(bytes);
    expect(Buffer.concat((await helperVm.console.toArray()) as Buffer[])).toEqual(bytes);
    expect(kill).not.toHaveBeenCalled();
    helperVm.kill();
  });

  it("has the error stream of the tender, and QEMU’s own", async () => {
    const { qemu, serial, errors } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    const said = textOf(helperVm.errors);
    errors.write("qemu: warning\n");
    await new Promise(setImmediate);
    serial.write("carrier: start\ncarrier: error solo5-hvt: no device\ncarrier: end 256\n");
    expect(await said).toBe("qemu: warning\nsolo5-hvt: no device\n");
    expect(await helperVm.ended).toEqual({ code: 1, signal: null });
  });

  it("is read only as fast as its error stream", async () => {
    const { qemu, serial } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    // Twice what a stream holds: Node.js 24 has larger ones than 20.
    serial.write(`carrier: start\n${"carrier: error x\n".repeat(getDefaultHighWaterMark(false))}`);
    await helperVm.begun;
    expect(serial.isPaused()).toBe(true);
    read(helperVm);
    await once(helperVm.errors, "drain");
    await new Promise(setImmediate);
    serial.write("carrier: end 0\n");
    expect(await helperVm.ended).toEqual({ code: 0, signal: null });
  });
});

describe("the failure of a helper VM", () => {
  it.each([
    ["nothing", "the helper VM did not start"],
    [
      "[    1.1] Kernel panic - not syncing: no init\n[    1.2] Rebooting\n",
      "the helper VM did not start: [    1.1] Kernel panic - not syncing: no init",
    ],
    ["SeaBIOS\nno kernel found\n", "the helper VM did not start: no kernel found"],
    ["carrier: start\n", "the helper VM exited before its tender"],
  ])("is reported when QEMU exits after %s", async (said, failure) => {
    const { qemu, serial, end } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    read(helperVm);
    if (said !== "nothing") serial.write(said);
    await new Promise(setImmediate);
    end({ code: 0, signal: null });
    expect(await helperVm.ended).toEqual({ code: 0, signal: null, failure });
    await helperVm.begun;
  });

  it("is its own script’s message, with the line of the tool that failed", async () => {
    const { qemu, serial } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    read(helperVm);
    serial.write("insmod: cannot insert\ncarrier: failed the module kvm could not be loaded\n");
    expect(await helperVm.ended).toMatchObject({
      failure: "the helper VM failed: the module kvm could not be loaded: insmod: cannot insert",
    });
  });

  it("is a start that takes too long", async () => {
    vi.useFakeTimers();
    const { qemu } = fakeQemu();
    const helperVm = helperVmProcess(qemu, 90_000);
    read(helperVm);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(await helperVm.ended).toMatchObject({ failure: "the helper VM did not start within 90.0 s" });
  });

  it("is a tender killed by Linux, which happens only for lack of memory", async () => {
    const { qemu, serial } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    read(helperVm);
    serial.write("carrier: start\ncarrier: end 9\n");
    expect(await helperVm.ended).toMatchObject({ failure: "the helper VM ran out of memory" });
  });

  it("is not reported after a kill", async () => {
    const { qemu } = fakeQemu();
    const helperVm = helperVmProcess(qemu);
    helperVm.kill();
    expect(await helperVm.ended).toEqual({ code: null, signal: "SIGKILL" });
  });
});

describe("protocol", () => {
  /** What a serial port carries in a boot: a terminal driver puts a CR before each LF. */
  const serial = Buffer.from(
    [
      "SeaBIOS\x1b[2J (version 1.16)",
      "[    0.5] kvm: nested paging",
      "carrier: start",
      "carrier: error solo5-hvt: warning: 100 % näive",
      "carrier: error carrier: end 0",
      "carrier: error ",
      "carrier: end 768",
    ].join("\r\n") + "\r\n",
  );
  const told: HelperVmEvent[] = [
    { kind: "other", line: "SeaBIOS (version 1.16)" },
    { kind: "other", line: "[    0.5] kvm: nested paging" },
    { kind: "start" },
    { kind: "error", line: "solo5-hvt: warning: 100 % näive" },
    { kind: "error", line: "carrier: end 0" },
    { kind: "error", line: "" },
    { kind: "end", end: { code: 3, signal: null } },
  ];

  describe("lines of the helper VM", () => {
    it("are read, and lines of the tender’s error stream never pass for them", () => {
      expect(new HelperVmReader().add(serial)).toEqual(told);
    });

    it("are the same in pieces of any size", () => {
      for (let first = 0; first < serial.length; first++) {
        for (const second of [first + 1, Math.floor((first + serial.length) / 2), serial.length]) {
          const reader = new HelperVmReader();
          const pieces = [serial.subarray(0, first), serial.subarray(first, second), serial.subarray(second)];
          expect(pieces.flatMap((piece) => reader.add(piece))).toEqual(told);
        }
      }
    });

    it.each(["a carrier: end 0", "carrier: ended 0", "carrier:end 0", " carrier: start"])("is not `%s`", (line) => {
      expect(new HelperVmReader().add(Buffer.from(`${line}\n`))).toEqual([{ kind: "other", line }]);
    });

    it("takes no more memory for a line that never ends", () => {
      const reader = new HelperVmReader();
      const longest = Array.from({ length: 100 }, () => reader.add(Buffer.alloc(10_000, "x")))
        .flat()
        .map((event) => ("line" in event ? event.line.length : 0));
      expect(Math.max(...longest)).toBeLessThan(100_000);
      expect(longest.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(900_000);
    });
  });

  test.each([
    [0, { code: 0, signal: null }],
    [3 << 8, { code: 3, signal: null }],
    [139 << 8, { code: 139, signal: null }],
    [255 << 8, { code: 255, signal: null }],
    [11, { code: null, signal: "SIGSEGV" }],
    [11 | 0x80, { code: null, signal: "SIGSEGV" }],
    [9, { code: null, signal: "SIGKILL" }],
    [5, { code: null, signal: "SIGTRAP" }],
  ])("the wait status %i distinguishes an exit status from a signal, with and without a core", (status, end) => {
    expect(endOf(status)).toEqual(end);
  });
});
