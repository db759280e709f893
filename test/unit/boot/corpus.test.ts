import { describe, expect, test } from "vitest";
import type { Rules } from "../../../src/boot/judge/rules.js";
import { judge as judgeCase, realConsoles, writtenConsoles } from "./consoles.js";

const told = ({ verdict, reason }: { verdict: string; reason: string }) => `${verdict} ${reason}`;

test("the whole corpus is here", () => expect(realConsoles).toHaveLength(52));

test.each(realConsoles)("$name: a real console is judged right", (each) => {
  expect(told(judgeCase(each))).toBe(each.right);
});

test.each(writtenConsoles)("$name: $right", (each) => {
  expect(told(judgeCase(each))).toBe(each.right);
});

function judge(name: string, asked: Partial<Rules> = {}) {
  const found = realConsoles.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no console ${name}`);
  return judgeCase(found, asked);
}

describe("other expectations of a console", () => {
  test("a guest that ticks for ever fails with `until: exit`", () => {
    expect(judge("x86_64-spt-hang.txt", { until: "exit" })).toMatchObject({
      verdict: "failed",
      reason: "timeout",
      summary: "it did not exit",
      evidence: { line: "tick 4" },
    });
  });

  test("mirage’s --help passes where 63 is expected", () => {
    expect(judge("x86_64-spt-mirage-help.txt", { expectExit: 63 })).toMatchObject({
      verdict: "passed",
      reason: "exited",
      exitStatus: 63,
    });
  });

  test("a quiet guest passes by its expected line", () => {
    expect(judge("x86_64-virtio-tcg-quiet.txt", { expect: [/Hello from OCaml/u] })).toMatchObject({
      verdict: "passed",
      reason: "ready",
    });
  });

  test("an exception has its evidence and its status", () => {
    expect(judge("x86_64-virtio-tcg-exc.txt")).toEqual({
      verdict: "failed",
      reason: "exception",
      rule: "last-words",
      summary: "uncaught exception",
      evidence: { line: 'Fatal error: exception Dune__exe__Exc.My_error("boom")', atMs: 0 },
      exitStatus: 2,
      atMs: 0,
    });
  });

  test("a dead Unikraft guest is judged within a second", () => {
    expect(judge("aarch64-unikraft-qemu-tcg-fail.txt").atMs).toBeLessThan(1_000);
  });
});
