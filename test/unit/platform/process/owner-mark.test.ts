import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { markText, ownMark, ownerState, parseMark } from "../../../../src/platform/process/owner-mark.js";

test("this process is alive", () => {
  expect(ownerState(ownMark())).toBe("alive");
});

test("a mark can be written and read", () => {
  expect(parseMark(markText(ownMark()))).toEqual(ownMark());
  expect(parseMark("1-2-nonsense")).toBeUndefined();
});

test("a process that has ended is gone", () => {
  expect(ownerState({ ...ownMark(), pid: 4_194_304 })).toBe("gone");
});

test("a process with a reused id is another process", () => {
  expect(ownerState({ ...ownMark(), start: ownMark().start - 1 })).toBe("gone");
});

test("the state of a process from an earlier boot or in a container is unknown", () => {
  expect(ownerState({ pid: 4_194_304, start: 1, place: "0".repeat(16) })).toBe("elsewhere");
});

test("a zombie is gone", async () => {
  // `exec` replaces the shell by a program that never waits for the shell's child.
  const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(chunk.toString());
    const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const mark = { ...ownMark(), pid, start: Number(stat()[19]) };
    expect(ownerState(mark)).toBe("alive");
    while (stat()[0] !== "Z") await sleep(20);
    expect(ownerState(mark)).toBe("gone");
  } finally {
    parent.kill("SIGKILL");
  }
});
