import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import { bootFailure, skippedWarning, tellVerdict, verdictLine } from "../../../src/summary/boot-story.js";
import { bootOf, failedBoot, passed } from "../artifact/fixtures.js";

const skipped: Verdict = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0, remedy: "use spt" };

describe("the line of a verdict", () => {
  it("says when the guest was ready, and how it ran", () => {
    expect(verdictLine(bootOf(passed))).toBe("PASSED   seen `listening` after 0.31 s (KVM)");
  });

  it("says when the guest first printed, if it was never ready", () => {
    const verdict: Verdict = {
      verdict: "passed",
      reason: "exited",
      summary: "exited with status 0",
      atMs: 30,
      bootMs: 20,
    };
    expect(verdictLine(bootOf(verdict, {}, { accelerator: "native" }))).toBe(
      "PASSED   exited with status 0 after 0.02 s (native)",
    );
  });

  it("names the scenario", () => {
    expect(verdictLine(bootOf(passed, { scenario: "http" }, { accelerator: "tcg", inCarrier: true }))).toBe(
      "PASSED   http: seen `listening` after 0.31 s (emulated (helper VM))",
    );
  });

  it("has no time for a skipped boot", () => {
    expect(verdictLine(bootOf(skipped))).toBe("SKIPPED  no KVM");
  });
});

it.each([
  [passed, "\x1b[32mPASSED\x1b[0m "],
  [failedBoot("www.hvt", "console.log").verdict, "\x1b[31mFAILED\x1b[0m "],
  [skipped, "\x1b[33mSKIPPED\x1b[0m "],
] as const)("the verdict is logged in its colour", (verdict, word) => {
  const written: string[] = [];
  tellVerdict(
    createLog({ gitHub: true, write: (text) => written.push(text), colour: true, verbose: false }),
    bootOf(verdict),
  );
  expect(written.join("")).toContain(word);
});

describe("the error of a boot", () => {
  it("has the evidence, the console, the remedy and the command", () => {
    const report = { ...failedBoot("/w/my www.hvt", "/c/console.log"), consoleEnd: ["one", "two"] };
    expect(bootFailure(report, "unikernel-ci boot 'my www.hvt'").toString().split("\n")).toEqual([
      "my www.hvt failed 0.31 s after start: uncaught exception",
      '  evidence   Fatal error: exception Failure("</code></pre><script>")',
      "  console    /c/console.log",
      "  do         look at `tls/cert.pem`",
      "  again      unikernel-ci boot 'my www.hvt'",
    ]);
  });

  it("names the scenario", () => {
    const report = { ...failedBoot("/w/www.hvt", "/c"), scenario: "http" };
    expect(bootFailure(report, "").message).toBe(
      "www.hvt (scenario http) failed 0.31 s after start: uncaught exception",
    );
  });

  it("says when nothing was started", () => {
    const verdict: Verdict = { ...skipped, verdict: "failed" };
    expect(bootFailure(bootOf(verdict, { attempts: [] }), "").message).toBe("www.hvt failed before it started: no KVM");
  });
});

describe("the warning of a boot", () => {
  it("says why the boot was skipped and what to do", () => {
    expect(skippedWarning(bootOf(skipped, { scenario: "http" }))).toBe(
      "www.hvt (scenario http) was not booted: no KVM; use spt",
    );
  });

  it("says that a guest without a status has no verdict", () => {
    const verdict: Verdict = { verdict: "skipped", reason: "exited", summary: "nothing tells how it ended", atMs: 9 };
    expect(skippedWarning(bootOf(verdict))).toBe("www.hvt has no verdict: nothing tells how it ended");
  });

  it.each<[string, Verdict]>([
    ["passed", passed],
    ["failed", { ...skipped, verdict: "failed" }],
    ["was skipped as asked", { ...skipped, reason: "not-asked" }],
  ])("is absent when the boot %s", (_, verdict) => {
    expect(skippedWarning(bootOf(verdict))).toBeUndefined();
  });
});
