import { describe, expect, it, test } from "vitest";
import { type HelperVmEvent, HelperVmReader, endOf } from "../../../../src/boot/helper-vm/protocol.js";

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

describe("what the helper VM tells", () => {
  it("is read, and nothing on the tender’s error stream is taken for the helper VM’s own", () => {
    expect(new HelperVmReader().add(serial)).toEqual(told);
  });

  it("is the same however it is cut", () => {
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
])("the wait status %i tells an exit status from a signal, with and without a core", (status, end) => {
  expect(endOf(status)).toEqual(end);
});
