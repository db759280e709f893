import { describe, expect, it } from "vitest";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { decisiveBoot, howItRan, imageVerdict, overallVerdict } from "../../../src/artifact/verdicts.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import { bootOf, bootedImage, passed } from "./fixtures.js";

const failed: Verdict = { verdict: "failed", reason: "timeout", summary: "it did not end", atMs: 60_000 };
const trapped: Verdict = {
  verdict: "failed",
  reason: "trap",
  summary: "trap",
  atMs: 10,
  evidence: { line: "trap 14", atMs: 10 },
};
const skipped: Verdict = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0, remedy: "use spt" };

function over(...verdicts: [Verdict, ...Verdict[]]) {
  const [first, ...others] = verdicts;
  return overallVerdict(
    [{ ...first, scenario: "s0" }, ...others.map((verdict, index) => ({ ...verdict, scenario: `s${index + 1}` }))],
    "www.hvt",
  );
}

describe("the verdict on several boots", () => {
  it("is the boot’s own when there is only one", () => {
    expect(over(passed)).toEqual({ ...passed, scenario: "s0" });
    expect(over(trapped)).toEqual({ ...trapped, scenario: "s0" });
  });

  it("is the first failure, and names all that failed", () => {
    expect(over(passed, skipped, trapped, failed)).toMatchObject({
      ...trapped,
      summary: "2 of 4 scenarios failed: s2, s3",
    });
  });

  it("is skipped when one boot was skipped and none failed", () => {
    expect(over(passed, skipped)).toMatchObject({ ...skipped, summary: "1 of 2 scenarios skipped: s1" });
  });

  it("passes when all boots passed", () => {
    expect(over(passed, { ...passed, bootMs: 7 })).toMatchObject({ ...passed, summary: "2 of 2 scenarios passed" });
  });

  it("names at most ten scenarios", () => {
    const all = Array.from({ length: 12 }, () => failed) as [Verdict, ...Verdict[]];
    expect(over(...all).summary).toBe("12 of 12 scenarios failed: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, and 2 more");
  });
});

describe("the decisive boot", () => {
  const named = (scenario: string, verdict: Verdict) => recordBoot(bootOf(verdict, { scenario }));

  it("is the first with the gravest verdict", () => {
    const boots = [named("a", passed), named("b", skipped), named("c", failed), named("d", trapped)] as const;
    expect(decisiveBoot(boots).scenario).toBe("c");
    expect(decisiveBoot([boots[0], boots[1]]).scenario).toBe("b");
    expect(decisiveBoot([boots[0], named("e", passed)]).scenario).toBe("a");
  });
});

describe("the verdict on an image", () => {
  const image = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32) };

  it("names a boot without a scenario by the image’s file", () => {
    const reports = [bootOf(failed), bootOf(failed, { scenario: "http" })];
    expect(imageVerdict(bootedImage(image, ...reports))?.summary).toBe("2 of 2 scenarios failed: www.hvt, http");
  });

  it("is undefined when the image was not booted", () => {
    expect(imageVerdict(bootedImage(image))).toBeUndefined();
  });
});

describe("how an attempt ran", () => {
  it.each([
    ["kvm", false, "KVM"],
    ["tcg", false, "emulated"],
    ["tcg", true, "emulated (helper VM)"],
    ["native", false, "native"],
  ] as const)("%s, in a helper VM: %s, is %s", (accelerator, inCarrier, words) => {
    expect(howItRan({ accelerator, inCarrier })).toBe(words);
  });
});
