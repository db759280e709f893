import { describe, expect, test } from "vitest";
import { isHopeless, repeatedVerdict } from "../../../../src/boot/repeat/repeated-verdict.js";
import type { Reason, Verdict } from "../../../../src/boot/judge/verdict.js";

const pass = (bootMs = 10): Verdict => ({ verdict: "passed", reason: "ready", summary: "seen `x`", atMs: 20, bootMs });
const fail = (reason: Reason = "trap"): Verdict => ({
  verdict: "failed",
  reason,
  summary: `it had a ${reason}`,
  atMs: 9,
});
const skip: Verdict = { verdict: "skipped", reason: "exited", summary: "nothing shows it", atMs: 9 };

const judged = (times: number, ...verdicts: readonly [Verdict, ...Verdict[]]) => {
  const [first, ...others] = verdicts;
  const of = (verdict: Verdict) => ({ verdict });
  return repeatedVerdict([of(first), ...others.map(of)], times).verdict;
};

describe("one verdict on several boots", () => {
  test("all passed: with the middle of their times", () => {
    expect(judged(3, pass(10), pass(90), pass(20))).toMatchObject({
      verdict: "passed",
      reason: "ready",
      summary: "passed 3 of 3 boots: seen `x`",
      bootMs: 20,
    });
  });

  test("some failed: flaky, with what the first of them says", () => {
    expect(judged(4, pass(), fail("trap"), pass(), fail("timeout"))).toMatchObject({
      verdict: "failed",
      reason: "flaky",
      summary: "flaky: failed 2 of 4 boots (trap 1, timeout 1), first: it had a trap",
      atMs: 9,
    });
    expect(judged(2, fail(), pass()).summary).toBe("flaky: failed 1 of 2 boots (trap), first: it had a trap");
  });

  test("all failed: not flaky", () => {
    expect(judged(2, fail(), fail("timeout"))).toMatchObject({
      verdict: "failed",
      reason: "trap",
      summary: "failed 2 of 2 boots, first: it had a trap",
    });
    expect(judged(44, fail(), fail()).summary).toContain("failed 2 of 2 boots (the other 42 were not started)");
  });

  test("a boot without a verdict is no success, and hides no failure", () => {
    expect(judged(2, pass(), skip)).toMatchObject({ verdict: "skipped", reason: "exited" });
    expect(judged(3, pass(), skip, fail())).toMatchObject({ verdict: "failed", reason: "flaky" });
    expect(judged(2, skip, fail())).toMatchObject({ verdict: "failed", reason: "trap" });
  });
});

test("five failures and no success settle it", () => {
  const five = [fail(), fail(), fail(), fail(), fail()];
  expect(isHopeless(five)).toBe(true);
  expect(isHopeless(five.slice(1))).toBe(false);
  expect(isHopeless([...five, pass()])).toBe(false);
});
