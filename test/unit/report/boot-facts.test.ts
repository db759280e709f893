import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { BootReport } from "../../../src/boot/report.js";
import { bootFacts, decisiveBoot, howItRan, overallVerdict } from "../../../src/report/boot-facts.js";
import { bootOf, failedBoot, passed } from "./fixtures.js";

const failed: Verdict = { verdict: "failed", reason: "timeout", summary: "it did not end", atMs: 60_000 };
const trapped: Verdict = {
  verdict: "failed",
  reason: "trap",
  summary: "trap",
  atMs: 10,
  evidence: { line: "trap 14", atMs: 10 },
};
const skipped: Verdict = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0, remedy: "use spt" };

function over(...verdicts: [Verdict, ...Verdict[]]): Verdict {
  const [first, ...others] = verdicts;
  return overallVerdict([
    { name: "s0", verdict: first },
    ...others.map((verdict, index) => ({ name: `s${index + 1}`, verdict })),
  ]);
}

describe("the verdict over several boots", () => {
  it("is that of the one boot where there is one", () => {
    expect(over(passed)).toEqual(passed);
    expect(over(trapped)).toEqual(trapped);
  });

  it("fails with the first that failed, and names all that did", () => {
    expect(over(passed, skipped, trapped, failed)).toEqual({ ...trapped, summary: "2 of 4 scenarios failed: s2, s3" });
  });

  it("is skipped when one was and none failed", () => {
    expect(over(passed, skipped)).toEqual({ ...skipped, summary: "1 of 2 scenarios skipped: s1" });
  });

  it("passes when all did", () => {
    expect(over(passed, { ...passed, bootMs: 7 })).toEqual({ ...passed, summary: "2 of 2 scenarios passed" });
  });

  it("names ten at most", () => {
    const all = Array.from({ length: 12 }, () => failed) as [Verdict, ...Verdict[]];
    expect(over(...all).summary).toBe("12 of 12 scenarios failed: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, and 2 more");
  });
});

describe("the decisive boot", () => {
  const named = (scenario: string, verdict: Verdict) => bootOf(verdict, { scenario });

  it("is the first of the gravest", () => {
    const boots = [named("a", passed), named("b", skipped), named("c", failed), named("d", trapped)] as const;
    expect(decisiveBoot(boots).scenario).toBe("c");
    expect(decisiveBoot([boots[0], boots[1]]).scenario).toBe("b");
    expect(decisiveBoot([boots[0], named("e", passed)]).scenario).toBe("a");
  });
});

describe("the facts of a boot", () => {
  it("are null where nothing is known", () => {
    const report: BootReport = { ...bootOf(skipped), attempts: [], consoleEnd: [] };
    expect(bootFacts({ report, console: undefined })).toEqual({
      ...skipped,
      scenario: null,
      accelerator: null,
      attempts: [],
      probes: [],
      span: null,
      console: null,
    });
  });

  it("name the accelerator of the last attempt", () => {
    expect(bootFacts({ report: failedBoot("/w/www.hvt", "/c"), console: "c" })).toMatchObject({
      accelerator: "tcg",
      console: "c",
    });
  });
});

describe("what an attempt ran on", () => {
  it.each([
    ["kvm", false, "KVM"],
    ["tcg", false, "emulated"],
    ["tcg", true, "emulated (helper VM)"],
    ["native", false, "native"],
  ] as const)("%s, in a helper VM: %s, is %s", (accelerator, inCarrier, words) => {
    expect(howItRan({ accelerator, inCarrier })).toBe(words);
  });
});
