import { expect, test } from "vitest";
import { asSelfTest, replacedByHelp, writesShared } from "../../../src/boot/boot-request.js";
import { parseDisks } from "../../../src/boot/devices/device-text.js";
import { targets } from "../../../src/targets/targets.js";

const asked = {
  until: "auto",
  settle: 3,
  timeout: 60,
  expect: [/ready/],
  forbid: [/error/],
  probe: [{ kind: "ping", text: "ping" }],
  args: ["--port=80"],
  memory: 64,
} as const;

test("expects the help and its exit status, and drops other expectations", () => {
  expect(asSelfTest(asked, { target: targets.hvt, isMarked: true })).toEqual({
    until: "exit",
    settle: 3,
    timeout: 60,
    expect: [],
    forbid: [/error/],
    probe: [],
    args: ["--help"],
    expectExit: 63,
    memory: 64,
  });
});

test.each([
  ["storage: disk.img", "storage: ./disk.img", true],
  ["storage: disk.img", "storage: other.img", false],
  ["storage: disk.img, ro", "storage: disk.img", false],
  ["storage: scratch, size=1MiB", "storage: scratch, size=1MiB", false],
  ["a: disk.img\nb: disk.img", "", false],
])("boots with the disks %j and %j write to the same file: %s", (one, other, shared) => {
  expect(writesShared([one, other].map((text) => ({ block: parseDisks(text) })))).toBe(shared);
});

test("names the inputs that it replaces", () => {
  expect(replacedByHelp({ ...asked, check: "help" })).toEqual(["args", "expect", "probe"]);
  expect(replacedByHelp({ ...asked, check: "help", args: [], expect: [], probe: [] })).toEqual([]);
  expect(replacedByHelp({ ...asked, check: "boot" })).toEqual([]);
});

test("is refused for a target that reports no exit status", () => {
  expect(() => asSelfTest(asked, { target: targets["unikraft-qemu"], isMarked: true })).toThrow(
    /input check: `help` expects exit status 63, but unikraft-qemu does not report one/,
  );
});
