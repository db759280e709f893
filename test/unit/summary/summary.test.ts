import { describe, expect, it } from "vitest";
import { buildInfo } from "../../../src/artifact/build-info.js";
import type { JobImage } from "../../../src/artifact/schema.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { BootReport } from "../../../src/boot/report.js";
import { code, prose } from "../../../src/summary/markup.js";
import { summary } from "../../../src/summary/summary.js";
import { bootOf, bootedImage, buildRecord, failedBoot, newContext, passed } from "../artifact/fixtures.js";

const image = { path: "/w/www.hvt", name: "www", bytes: 1_900_000, sha256: "ab".repeat(32) };

function summaryOf(reports: readonly BootReport[], name = "www", others: readonly JobImage[] = []): string {
  const images = [bootedImage({ ...image, name }, ...reports), ...others];
  const info = buildInfo({
    target: "hvt",
    architecture: "x86_64",
    artifact: null,
    configureArgs: [],
    images,
    record: buildRecord(image),
    host: newContext().host,
    now: new Date(0),
  });
  const artifact = { name: "unikernel-www", url: "https://github.com/o/r" };
  return summary({ info, images, publishMs: 100, artifact, verdictsPage: "https://example.org/docs/verdicts.md" });
}

const www = "| <code>www</code> | hvt x86_64 | 1.9 MB | <code>abababababab</code> |";
const rowOf = (markdown: string) => markdown.split("\n")[2];
const tablesOf = (markdown: string) =>
  [...markdown.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trimEnd().split("\n"));

describe("the job summary", () => {
  it("has a row for each image", () => {
    const text = summaryOf([bootOf(passed)]);
    expect(tablesOf(text)[0]).toEqual([
      "| unikernel | target | size | sha256 | verdict | how | boot | ready | toolchain |",
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
      `${www} passed: seen <code>listening</code> | KVM | 0.21 s | 0.31 s | cache, 2.7 s |`,
    ]);
    expect(tablesOf(text)).toHaveLength(2);
    expect(text).not.toContain("####");
    expect(text).toContain("Artifact: [<code>unikernel&#45;www</code>](<https://github.com/o/r>)");
    expect(text).toContain("| ocaml | <code>5&#46;5&#46;0</code> |");
  });

  it("shows a failure with its evidence, remedy and console", () => {
    const text = summaryOf([failedBoot(image.path, "/c")]);
    expect(rowOf(text)).toContain("| **failed: uncaught exception** | emulated, KVM failed | cache");
    expect(text).toContain("Fatal error: exception Failure(&#34;&#60;/code&#62;");
    expect(text).toContain("What to do: look at <code>tls&#47;cert&#46;pem</code>");
    expect(text).toContain("\n\nLast 4 lines of the console:\n\n<pre>");
  });

  it("links the reason to its page, and has the command that repeats the boot", () => {
    const booted = bootedImage(image, failedBoot(image.path, "/c"));
    const boots = booted.boots.map((boot) => ({ ...boot, again: "unikernel-ci boot www.hvt --args 'a < b'" }));
    const text = summaryOf([], "none", [{ ...booted, boots }]);
    expect(text).toContain(
      "Reason: [`exception`](<https://example.org/docs/verdicts.md#exception>), 0.31 s after start.",
    );
    expect(text).toContain(
      "Again, on your machine:\n\n<pre><code>unikernel-ci boot www.hvt --args &#39;a &#60; b&#39;</code></pre>",
    );
  });

  it("shows each expected line that never came, with what came instead", () => {
    const timeout: Verdict = { verdict: "failed", reason: "timeout", summary: "no line", atMs: 3000 };
    const expected = [
      { pattern: "started", seen: true },
      { pattern: "listening on port 80$", seen: false },
      { pattern: "goodbye", seen: false },
    ];
    const text = summaryOf([bootOf(timeout, { expected, consoleEnd: ["started", "Listening on port 8080 <"] })]);
    expect(text).toContain(
      "Expected lines that never came (1 of 3 did):\n\n<pre><code>expected  listening on port 80$\n" +
        "instead   Listening on port 8080 &#60;\nexpected  goodbye</code></pre>",
    );
  });

  it("has a row for each scenario, and one for the image", () => {
    const timeout: Verdict = {
      verdict: "failed",
      reason: "timeout",
      summary: "no line matched `up` within 3 s",
      atMs: 3000,
    };
    const text = summaryOf([
      bootOf(passed, { scenario: "http" }, { accelerator: "tcg", inCarrier: true }),
      bootOf(timeout, { scenario: "slow" }),
      bootOf({ ...passed, bootMs: 20 }, { scenario: "help" }, { accelerator: "native" }),
    ]);
    const [images, scenarios] = tablesOf(text);
    expect(images).toEqual([
      "| unikernel | target | size | sha256 | verdict | toolchain |",
      "| --- | --- | --- | --- | --- | --- |",
      `${www} **1 of 3 scenarios failed&#58; slow** | cache, 2.7 s |`,
    ]);
    expect(scenarios).toEqual([
      "| scenario | verdict | reason | how | boot | ready |",
      "| --- | --- | --- | --- | --- | --- |",
      "| <code>http</code> | passed: seen <code>listening</code> | `ready` | emulated (helper VM) | 0.21 s | 0.31 s |",
      "| <code>slow</code> | **failed: no line matched <code>up</code> within 3 s** | `timeout` | KVM |  |  |",
      "| <code>help</code> | passed: seen <code>listening</code> | `ready` | native | 0.02 s | 0.31 s |",
    ]);
    expect(text.match(/^####.*/gm)).toEqual([
      "#### <code>www</code> scenario <code>slow</code> (hvt x86_64) failed: " +
        "no line matched <code>up</code> within 3 s",
    ]);
  });

  it("has rows and failures of each image", () => {
    const dns = bootedImage(
      { ...image, path: "/w/dns.hvt", name: "dns" },
      bootOf({ ...passed, verdict: "failed", reason: "trap", summary: "trapped" }, { scenario: "http" }),
    );
    const text = summaryOf([bootOf(passed, { scenario: "http" }), bootOf(passed, { scenario: "help" })], "www", [dns]);
    const [images, scenarios] = tablesOf(text);
    expect(images?.slice(2).map((row) => row.split(" | ")[0])).toEqual(["| <code>www</code>", "| <code>dns</code>"]);
    expect(scenarios?.map((row) => row.split(" | ").slice(0, 3).join(" | "))).toEqual([
      "| unikernel | scenario | verdict",
      "| --- | --- | ---",
      "| <code>www</code> | <code>http</code> | passed: seen <code>listening</code>",
      "| <code>www</code> | <code>help</code> | passed: seen <code>listening</code>",
      "| <code>dns</code> | <code>http</code> | **failed: trapped**",
    ]);
    expect(text.match(/^####.*/gm)).toEqual([
      "#### <code>dns</code> scenario <code>http</code> (hvt x86_64) failed: trapped",
    ]);
  });

  it("shows the answers that failed probes got", () => {
    const timeout: Verdict = { verdict: "failed", reason: "timeout", summary: "a probe", atMs: 3000 };
    const probes = [
      { text: "tcp://:80", holds: true, said: "connected", atMs: 10 },
      { text: "http://:80/", holds: false, said: "status 500, wanted 200", atMs: 20 },
    ];
    const text = summaryOf([bootOf(timeout, { probes })]);
    expect(text).toContain("Failed probes:\n\n<pre><code>http://:80/: status 500, wanted 200</code></pre>");
  });

  it("says why a boot was skipped", () => {
    const text = summaryOf([
      bootOf(
        { verdict: "skipped", reason: "accelerator", summary: "hvt needs KVM", atMs: 0, remedy: "use spt" },
        { attempts: [] },
      ),
    ]);
    expect(text).toContain(
      "#### <code>www</code> (hvt x86_64) skipped: hvt needs KVM\n\n" +
        "Reason: [`accelerator`](<https://example.org/docs/verdicts.md#accelerator>), before it started.",
    );
    expect(text).toContain("What to do: use spt");
  });

  it("says when nothing was booted", () => {
    expect(rowOf(summaryOf([]))).toContain("| not booted | cache");
  });

  it("has a timeline", () => {
    const text = summaryOf([bootOf(passed, { span: { startMs: 0, ms: 3310 } })]);
    expect(text).toContain("<details><summary>Timeline</summary>\n\n```mermaid\ngantt\n");
    expect(text).toContain("  section boot\n    3.3 s www : 2000-01-01 00:00:03.900, 3310ms\n");
  });

  it("lets no text of a guest or user become HTML, a table’s cell or a mention", () => {
    const hostile = "</code></pre></details>|`@all` [x](javascript:1) <img src=x>\n\n# title\n```";
    const verdict = {
      verdict: "failed",
      reason: "exception",
      summary: hostile,
      evidence: { line: hostile, atMs: 1 },
      atMs: 1,
    } as const;
    const probes = [{ text: hostile, holds: false, said: hostile, atMs: 1 }];
    const report = bootOf(verdict, { scenario: hostile, probes, span: { startMs: 0, ms: 1 } });
    const text = summaryOf(
      [
        { ...report, consoleEnd: [hostile, "x"] },
        { ...report, consoleEnd: [hostile] },
      ],
      hostile,
    );
    expect(text).not.toMatch(/<img|<\/details>\|/);
    expect(text).not.toMatch(/^# title/m);
    expect(text.match(/^```.*$/gm)).toEqual(["```mermaid", "```"]);
    // Markdown leaves a block of <pre> alone.
    const markdown = text.replace(/^<pre>.*?<\/pre>$/gms, "");
    expect(markdown).not.toMatch(/\]\(javascript|[^;]@|`@/);
    expect(
      tablesOf(text)
        .slice(0, 2)
        .map((rows) => rows.map((cells) => cells.split("|").length)),
    ).toEqual([
      [8, 8, 8],
      [6, 6, 6, 6],
    ]);
    const blocks = [...text.matchAll(/<(\/?)(pre|details|code|summary)>/g)].map(
      ([, slash = "", tag = ""]) => slash + tag,
    );
    for (const tag of ["pre", "details", "code", "summary"]) {
      const opened = blocks.filter((found) => found === tag).length;
      expect(blocks.filter((found) => found === `/${tag}`)).toHaveLength(opened);
    }
  });

  it("stays below the runner’s limit by dropping whole sections, the longest first", () => {
    const long = Array.from({ length: 10_000 }, () => "&".repeat(1000));
    const text = summaryOf([long, ["short"]].map((consoleEnd) => ({ ...failedBoot(image.path, "/c"), consoleEnd })));
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain("Some sections are left out: a job summary is limited to 1 MiB.");
    expect(text).toContain("Last line of the console:");
    expect(text).toContain("Versions and hashes");
    expect(text).toContain("Artifact: ");
    expect(text.match(/<pre>/g)?.length).toBe(text.match(/<\/pre>/g)?.length);
  });
});

it("names unusual licences of packages in an image, and no others", () => {
  const used = (name: string, license: string, use: "image" | "tool") =>
    ({ name, version: "1", from: "duniverse", use, source: null, hashes: [], licenses: [license] }) as const;
  const record = buildRecord(image);
  const textOf = (...packages: ReturnType<typeof used>[]) => {
    const facts = {
      target: "hvt",
      architecture: "x86_64",
      artifact: null,
      configureArgs: [],
      host: newContext().host,
      now: new Date(0),
    } as const;
    const images = [bootedImage(image)];
    return summary({
      info: buildInfo({ ...facts, images, record: { ...record, packages } }),
      images,
      publishMs: 1,
      artifact: undefined,
    });
  };
  expect(textOf(used("lib", "AGPL|3", "image"), used("gcc", "GPL-3.0-only", "tool"))).toMatch(
    /Licences to review: 1<[^]*<code>lib<\/code> \| <code>1<\/code> \| <code>AGPL&#124;3<\/code>/,
  );
  expect(textOf(used("lib", "MIT", "image"))).not.toContain("Licences");
});

describe("escaping", () => {
  it("leaves letters of every script as they are, and shows control characters", () => {
    expect(code("é日本 1\x1b")).toBe("<code>é日本 1&#92;x1b</code>");
  });

  it("shortens long texts", () => {
    expect(prose("x".repeat(400), 10)).toBe("xxxxxxxxx…");
  });
});
