import type { Artifact } from "../../../src/artifact/artifact.js";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import { overBudget, overviewOf, overviewVerdict, plannedArtifacts } from "../../../src/collect/overview.js";
import { changeText, parseGrowth } from "../../../src/collect/growth.js";
import { collectLines, collectSummary, overviewTitle } from "../../../src/collect/table.js";
import { parseSize } from "../../../src/platform/size.js";
import { passed } from "../artifact/fixtures.js";
import { legOf } from "./fixtures.js";

const failed: Verdict = { verdict: "failed", reason: "exception", summary: "uncaught | exception", atMs: 310 };
const hvt = legOf({ verdict: passed, bytes: 1100 });
const spt = legOf({ target: "spt", verdict: failed });

describe("the overview", () => {
  it("compares an image with the one of the same artifact and file", () => {
    const { rows } = overviewOf([hvt, spt], [legOf({ bytes: 1000 })], []);
    expect(rows.map(({ before }) => before)).toEqual([1000, undefined]);
  });

  it("names missing artifacts", () => {
    const overview = overviewOf([hvt], [], ["unikernel-www-hvt-x86_64", "unikernel-www-xen-x86_64"]);
    expect(overview.missing).toEqual(["unikernel-www-xen-x86_64"]);
    expect(overviewVerdict(overview)).toBe("failed");
    expect(overviewTitle(overview)).toBe("1 image: 1 passed, 1 missing");
    expect(collectLines(overview).at(-1)).toMatch(/^unikernel-www-xen-x86_64 +no artifact: its job failed earlier$/);
  });

  it.each([
    ["passed", [hvt]],
    ["skipped", [hvt, legOf()]],
    ["failed", [hvt, legOf(), spt]],
  ] as const)("is %s, as its worst leg", (verdict, legs) => {
    expect(overviewVerdict(overviewOf(legs, [], []))).toBe(verdict);
  });

  it("tells a person all columns, and keeps a guest’s words from making columns of their own", () => {
    const overview = overviewOf([hvt, spt], [legOf({ bytes: 1000 })], []);
    const summary = collectSummary(overview, []);
    expect(summary).toContain("| <code>www</code> | hvt x86&#95;64 | 1.1 kB | +100 B (+10.0 %) | passed");
    expect(summary).toContain("**failed&#58; uncaught &#124; exception**");
    expect(collectLines(overview)[1]).toMatch(
      /^www +hvt x86_64 +1\.1 kB +\+100 B \(\+10\.0 %\) +passed: seen `listening` +KVM +0\.21 s +1\.2 s +its own$/,
    );
  });
});

describe("a failed boot in the report", () => {
  const consoles = (leg: Artifact, text: string): Artifact => ({
    ...leg,
    consoleEnds: new Map([["console.log", text]]),
  });
  const exception = {
    verdict: "failed",
    reason: "exception",
    summary: "uncaught exception @all",
    evidence: { line: "</code></pre>@all Fatal error: exception Not_found", atMs: 1 },
    atMs: 1,
  } as const;
  const failed = consoles(legOf({ verdict: exception }), "start\nuptime 12 ms\n</pre>@all died\n");
  const good = consoles(legOf({ verdict: passed }), "start\r\nuptime 7 ms\r\nlistening\r\n");
  const sectionOf = (baseline: readonly Artifact[]) =>
    collectSummary(overviewOf([failed], baseline, []), [])
      .split("\n\n")
      .filter((part) => part.startsWith("#### <code>") || part.startsWith("<pre>"));

  it("has its evidence, and what its console has that the last good run had not", () => {
    expect(sectionOf([good])).toEqual([
      "#### <code>www</code> (hvt x86_64) failed: uncaught exception &#64;all",
      "<pre><code>&#60;/code&#62;&#60;/pre&#62;@all Fatal error: exception Not_found</code></pre>",
      "<pre><code>…\n  uptime 12 ms\n- listening\n+ &#60;/pre&#62;@all died</code></pre>",
    ]);
  });

  it.each([
    ["there is none", []],
    ["it failed too", [failed]],
  ])("has no difference when %s", (_, baseline) => {
    expect(sectionOf(baseline)).toHaveLength(2);
  });
});

it("the report stays below the runner’s limit, however many images an artifact claims to have", () => {
  const many = { ...hvt, info: { ...hvt.info, images: Array.from({ length: 5000 }, () => hvt.info.images).flat() } };
  const summary = collectSummary(overviewOf([many], [], []), []);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(summary).toMatch(/^#### 5000 images: 5000 passed\n/);
  expect(summary).toContain("Some sections are left out");
});

describe("the budget", () => {
  const overview = overviewOf([hvt], [legOf({ bytes: 1000 })], []);

  it.each([
    ["1100", "10%", 0],
    ["1099", undefined, 1],
    [undefined, "9%", 1],
    [undefined, "100", 0],
    ["1099", "99 B", 2],
    [undefined, undefined, 0],
  ])("max-size %s and max-growth %s: %i warnings", (size, growth, warnings) => {
    const budget = { maxSize: parseSize(size ?? ""), maxGrowth: parseGrowth(growth ?? "") };
    expect(overBudget(overview, budget)).toHaveLength(warnings);
  });

  it("does not count a new image as grown", () => {
    expect(overBudget(overviewOf([hvt], [], []), { maxSize: undefined, maxGrowth: { bytes: 0 } })).toEqual([]);
  });
});

it("a change has a sign, unless there is none", () => {
  expect([changeText(1100, 1000), changeText(900, 1000), changeText(5, 5)]).toEqual([
    "+100 B (+10.0 %)",
    "-100 B (-10.0 %)",
    "same",
  ]);
});

it("a matrix is read with and without groups, and nothing else is", () => {
  const leg = { "artifact-name": "a" };
  expect(plannedArtifacts(JSON.stringify({ include: [leg] }))).toEqual(["a"]);
  expect(plannedArtifacts(JSON.stringify({ include: [{ legs: JSON.stringify([leg, leg]) }] }))).toEqual(["a", "a"]);
  for (const other of ["{}", "null", "include", { include: [{ name: "x" }] }, { include: [{ legs: "[1]" }] }].map(
    (value) => (typeof value === "string" ? value : JSON.stringify(value)),
  )) {
    expect(() => plannedArtifacts(other), other).toThrow("not a matrix of unikernel-ci");
  }
});
