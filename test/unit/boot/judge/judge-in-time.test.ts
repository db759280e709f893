import { describe, expect, test } from "vitest";
import type { GuestEvent } from "../../../../src/boot/judge/events.js";
import { explainConsole } from "../../../../src/boot/judge/explain.js";
import { judgeInTime } from "../../../../src/boot/judge/judge-in-time.js";
import { Judge } from "../../../../src/boot/judge/judge.js";
import { judgeHttp } from "../../../../src/boot/probes/answers.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import { Problem } from "../../../../src/platform/problem.js";
import { rulesOf } from "../consoles.js";

/** Either tries 2^40 ways through the line. */
const catastrophic = /^(a+)+$/u;
const line = `${"a".repeat(40)}!`;
const rules = rulesOf("spt", "native");
const seen = (...texts: readonly string[]): GuestEvent[] => texts.map((text) => ({ kind: "console", text, atMs: 0 }));

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Without the limit none of these tests would end. */
describe("a pattern that comes to no end", () => {
  test.each([
    ["expect", { expect: [catastrophic] }],
    ["forbid", { forbid: [/innocent/u, catastrophic] }],
  ])("of %s is a mistake of the user, with the patterns named", (_, asked) => {
    const problem = problemOf(() => judgeInTime(new Judge({ ...rules, ...asked }), seen("one", line), 100));
    expect(problem.message).toBe(
      "inputs expect and forbid: a pattern came to no end within 0.1 s on what the guest printed",
    );
    expect(problem.facts.found).toContain(catastrophic.source);
  });

  test("stops `explain` too", () => {
    expect(() =>
      explainConsole(Buffer.from(`${line}\n`), { kind: "stopped" }, { ...rules, expect: [catastrophic] }),
    ).toThrow(Problem);
  });

  test("of a probe is an answer that does not hold", () => {
    const probe = parseProbe("http://:80/ body=/^(a+)+$/");
    if (probe.kind !== "http") throw new Error("no HTTP probe");
    const { holds, said } = judgeHttp(probe, { status: 200, body: line, bytes: line.length, end: "whole" });
    expect(holds).toBe(false);
    expect(said).toMatch(/^the body \(41 bytes\) was not matched against \/\^\(a\+\)\+\$\/ within 1 s/);
  });
});

test("of several events at once the first decisive one wins", () => {
  const judge = new Judge({ ...rules, forbid: [/two/u, /three/u] });
  expect(judgeInTime(judge, seen("one", "two", "three"))).toMatchObject({
    reason: "forbidden",
    evidence: { line: "two" },
  });
});
