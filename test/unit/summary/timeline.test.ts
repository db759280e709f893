import { describe, expect, it } from "vitest";
import { buildInfo } from "../../../src/artifact/build-info.js";
import { type Phase, phasesOf, timeline } from "../../../src/summary/timeline.js";
import { bootOf, bootedImage, buildRecord, newContext, passed } from "../artifact/fixtures.js";

const image = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32) };

function infoOf(more: Partial<Parameters<typeof buildInfo>[0]> = {}) {
  const spans = [
    { startMs: 10, ms: 1900 },
    { startMs: 10, ms: 20 },
    { startMs: 30, ms: 31_000 },
  ];
  const boots = spans.map((span, index) => bootOf(passed, { scenario: `s${index}`, span }));
  const notStarted = bootOf(passed, { scenario: "skipped" });
  return buildInfo({
    target: "hvt",
    architecture: "x86_64",
    artifact: null,
    configureArgs: [],
    images: [bootedImage(image, ...boots, notStarted)],
    record: buildRecord(image),
    host: newContext().host,
    now: new Date(0),
    ...more,
  });
}

describe("the phases of a job", () => {
  it("follow each other, except that boots can overlap", () => {
    expect(phasesOf(infoOf(), 800)).toEqual([
      { part: "setup", name: "toolchain (actions-cache)", startMs: 0, ms: 2700 },
      { part: "build", name: "dune build", startMs: 2700, ms: 1200 },
      { part: "boot", name: "s0", startMs: 3910, ms: 1900, verdict: "passed" },
      { part: "boot", name: "s1", startMs: 3910, ms: 20, verdict: "passed" },
      { part: "boot", name: "s2", startMs: 3930, ms: 31_000, verdict: "passed" },
      { part: "publish", name: "gather and upload", startMs: 34_930, ms: 800 },
    ]);
  });

  it("name each boot by its image too, if there are several images", () => {
    const dns = { ...image, path: "/w/dns.hvt", name: "dns" };
    const span = { startMs: 0, ms: 20 };
    const images = [
      bootedImage(image, bootOf(passed, { scenario: "help", span })),
      bootedImage(dns, bootOf(passed, { scenario: "help", span }), bootOf(passed, { span })),
    ];
    const boots = phasesOf(infoOf({ images }), 3).filter(({ part }) => part === "boot");
    expect(boots.map(({ name }) => name)).toEqual(["www help", "dns help", "dns"]);
  });

  it("are only the known ones", () => {
    const report = bootOf(passed, { span: { startMs: 0, ms: 20 } });
    const images = [bootedImage(image, report)];
    expect(phasesOf(infoOf({ record: undefined, images }), 3).map(({ name }) => name)).toEqual([
      "www",
      "gather and upload",
    ]);
  });
});

describe("the timeline", () => {
  it("is a gantt chart, with the durations in front of the names", () => {
    const phases: Phase[] = [
      { part: "setup", name: "toolchain (built)", startMs: 0, ms: 1_238_000 },
      { part: "build", name: "mirage configure -t hvt", startMs: 1_238_000, ms: 43_000 },
      { part: "boot", name: "www", startMs: 1_281_000, ms: 20, verdict: "passed" },
      { part: "boot", name: "slow", startMs: 1_281_000, ms: 60_000, verdict: "failed" },
      { part: "boot", name: "other", startMs: 1_281_500, ms: 2_000, verdict: "skipped" },
      { part: "publish", name: "gather and upload", startMs: 1_341_000, ms: 9_000 },
    ];
    expect(timeline(phases).split("\n")).toEqual([
      "```mermaid",
      "gantt",
      "  dateFormat YYYY-MM-DD HH:mm:ss.SSS",
      "  axisFormat %-M min",
      "  tickInterval 5minute",
      "  todayMarker off",
      "  section setup",
      "    20 min 38 s toolchain (built) : 2000-01-01 00:00:00.000, 1238000ms",
      "  section build",
      "    43.0 s mirage configure -t hvt : 2000-01-01 00:20:38.000, 43000ms",
      "  section boot",
      "    0.02 s www : 2000-01-01 00:21:21.000, 5400ms",
      "    60.0 s slow (failed) : crit, 2000-01-01 00:21:21.000, 60000ms",
      "    2.0 s other (skipped) : done, 2000-01-01 00:21:21.500, 5400ms",
      "  section publish",
      "    9.0 s gather and upload : 2000-01-01 00:22:21.000, 9000ms",
      "```",
    ]);
  });

  it.each([
    [32, "50millisecond", "%-S.%L s"],
    [1_000, "250millisecond", "%-S.%L s"],
    [7_000, "1second", "%-S s"],
    [59_000, "10second", "%-S s"],
    [67_000, "10second", "%-M:%S"],
    [300_000, "1minute", "%-M min"],
    [3_600_000, "10minute", "%-M min"],
    [6_532_000, "15minute", "%-H:%M"],
    [86_400_000, "180minute", "%-H:%M"],
  ])("has few ticks for %d ms", (ms, interval, format) => {
    const text = timeline([
      { part: "setup", name: "a", startMs: 0, ms },
      { part: "publish", name: "b", startMs: ms, ms: 0 },
    ]);
    expect(text).toContain(`  axisFormat ${format}\n  tickInterval ${interval}\n`);
  });

  // Mermaid 11.17 draws each of these exactly like this.
  it.each([
    ["a:b;c#d%e", "a_b_c_d_e"],
    ["```\n  section evil", "_  section evil"],
    ['%%{init: {"theme":"forest"}}%%', "_init_ _theme_forest_"],
    ["<img src=x onerror=alert(1)>", "_img src=x onerror=alert(1)_"],
    ["\u202eabc\u0000", "_abc_"],
    ["日本語 é", "日本語 é"],
    ["x".repeat(41), `${"x".repeat(39)}…`],
    ["", ""],
  ])("lets no name be more than a name: %j", (name, safe) => {
    const phase: Phase = { part: "build", name, startMs: 0, ms: 1000 };
    expect(timeline([phase, phase]).split("\n")[7]).toBe(`    1.0 s ${safe} : 2000-01-01 00:00:00.000, 1000ms`);
  });

  it("shows the longest of many boots, in their order", () => {
    const phases = Array.from({ length: 25 }, (_, index): Phase => ({
      part: "boot",
      name: `s${index}`,
      startMs: 0,
      ms: 1000 + ((index * 7) % 25),
    }));
    const text = timeline(phases);
    expect(text).toContain("  section boot (20 of 25)\n");
    const shown = [...text.matchAll(/ s s(\d+) :/g)].map(([, index]) => Number(index));
    expect(shown).toEqual(phases.flatMap(({ ms }, index) => (ms >= 1005 ? [index] : [])));
  });

  it("is empty with fewer than two phases", () => {
    expect(timeline([])).toBe("");
    expect(timeline([{ part: "publish", name: "gather", startMs: 0, ms: 10 }])).toBe("");
  });
});
