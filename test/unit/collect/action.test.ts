import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { generatedFiles } from "../../../scripts/generate.js";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { collect } from "../../../src/actions/steps/collect-step.js";
import { mergedJunit } from "../../../src/collect/overview.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { treeHash } from "../../tree-hash.js";
import { newContext, passed } from "../artifact/fixtures.js";
import { legOf, writeLeg, writeLegs } from "./fixtures.js";

const skipped = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0 } as const;
const hvt = legOf({ verdict: passed });
const xen = legOf({ target: "xen", verdict: skipped });

function prepared(legs = [hvt, xen], environment: Readonly<Record<string, string>> = {}) {
  const context = newContext(environment);
  const folder = join(context.host.folders.workspace, "artifacts");
  const report = join(context.host.folders.workspace, "_collect");
  writeLegs(folder, ...legs);
  const runner = collectingRunner();
  const run = (given: Readonly<Record<string, string>> = {}) =>
    collect(
      context,
      parseInputs(collectInputs, (name) => given[name]),
      runner,
    );
  return { context, folder, report, runner, run };
}

describe("collect", () => {
  it("makes one SHA256SUMS that sha256sum accepts, one JUnit file, and one table", async () => {
    const { folder, report, runner, run } = prepared();
    expect(await run()).toBe(true);
    const [checksums, junit] = [join(report, "SHA256SUMS"), join(report, "junit.xml")];
    const checked = execFileSync("sha256sum", ["--check", checksums], { cwd: folder, encoding: "utf8" });
    expect(checked.trim().split("\n")).toHaveLength(8);
    expect(runner.outputs).toEqual({ verdict: "skipped", checksums, junit });
    expect(runner.summaries).toEqual([expect.stringContaining("2 images: 1 passed, 1 skipped")]);
    expect(readFileSync(junit, "utf8")).toContain('tests="2" failures="0" errors="0" skipped="1"');
  });

  it("writes the same files when it runs again", async () => {
    const { report, run } = prepared();
    await run();
    const first = readFileSync(join(report, "SHA256SUMS"), "utf8");
    await run();
    expect(readFileSync(join(report, "SHA256SUMS"), "utf8")).toBe(first);
  });

  it.each([
    ["its record", hvt, { include: [{ "artifact-name": hvt.name }, { "artifact-name": xen.name }] }],
    [
      "the matrix, where an older version did not record it",
      { ...hvt, info: { ...hvt.info, artifact: null } },
      { include: [{ "artifact-name": hvt.name }] },
    ],
  ])("reads a single artifact in the folder itself, named by %s, and writes nothing there", async (_, leg, plan) => {
    const { folder, report, runner, run } = prepared([]);
    writeLeg(folder, leg);
    const before = treeHash(folder);
    await run({ matrix: JSON.stringify(plan) });
    expect(treeHash(folder)).toBe(before);
    const isWhole = plan.include.length === 1;
    expect(runner.outputs["verdict"]).toBe(isWhole ? "passed" : "failed");
    expect(runner.summaries.at(-1)).toContain(isWhole ? "1 image: 1 passed" : "1 image: 1 passed, 1 missing");
    expect(readFileSync(join(report, "SHA256SUMS"), "utf8")).toContain(`  ${hvt.name}/www.hvt\n`);
  });

  it("ignores a single artifact that is not in the matrix", async () => {
    const { context, folder, runner, run } = prepared([]);
    writeLeg(folder, xen);
    await run({ matrix: JSON.stringify({ include: [{ "artifact-name": hvt.name }] }) });
    expect(context.logged()).toContain(`ignored artifacts that belong to no leg of the matrix: ${xen.name}`);
    expect(runner.outputs["verdict"]).toBe("failed");
  });

  it.each(["junit.xml", "SHA256SUMS"])("an artifact named %s is one like another", async (name) => {
    const { folder, report, runner, run } = prepared([{ ...hvt, name }]);
    const before = treeHash(folder);
    expect(await run()).toBe(true);
    expect(treeHash(folder)).toBe(before);
    expect(runner.outputs["verdict"]).toBe("passed");
    expect(readFileSync(join(report, "SHA256SUMS"), "utf8")).toContain(`  ${name}/www.hvt\n`);
  });

  it("tells of a failed leg of an earlier attempt, and of no other", async () => {
    const failing = (name: string, attempt: number) => {
      const leg = legOf({ verdict: { ...passed, verdict: "failed" } });
      return { ...leg, name, info: { ...leg.info, artifact: name, host: { ...leg.info.host, attempt } } };
    };
    const again = prepared([failing("old", 1), failing("new", 2), { ...hvt, name: "passed" }], {
      GITHUB_RUN_ATTEMPT: "2",
    });
    await again.run();
    expect(again.context.logged()).toContain("www.hvt of old failed in attempt 1 of this run, which is attempt 2");
    expect(again.context.logged()).not.toContain("of new failed in attempt");
  });

  it("leaves no JUnit file of an earlier call when nothing was booted", async () => {
    const { folder, report, runner, run } = prepared();
    await run();
    rmSync(folder, { recursive: true });
    writeLegs(folder, legOf());
    await run();
    expect(runner.outputs["junit"]).toBe("");
    expect(existsSync(join(report, "junit.xml"))).toBe(false);
  });

  it("warns of an image over budget, and succeeds", async () => {
    const { context, run } = prepared();
    expect(await run({ "max-size": "999" })).toBe(true);
    expect(context.logged()).toContain(
      "www.hvt of unikernel-www-hvt-x86_64 is 1.0 kB (1000 bytes); `max-size` is 999 B",
    );
  });

  it("ignores artifacts of other matrices, and reports missing ones", async () => {
    const { context, folder, report, runner, run } = prepared();
    appendFileSync(join(folder, xen.name, "www.xen"), "not what its checksums say");
    const include = [{ "artifact-name": hvt.name }, { "artifact-name": "unikernel-www-spt-x86_64" }];
    await run({ matrix: JSON.stringify({ include }) });
    expect(context.logged()).toContain(`ignored artifacts that belong to no leg of the matrix: ${xen.name}`);
    expect(runner.summaries.at(-1)).not.toContain("xen");
    expect(runner.summaries.at(-1)).toContain("spt");
    expect(readFileSync(join(report, "SHA256SUMS"), "utf8")).not.toContain(xen.name);
    expect(runner.outputs["verdict"]).toBe("failed");
  });

  it("compares with the baseline, unless it is missing or damaged", async () => {
    const { context, runner, run } = prepared();
    const baseline = join(context.host.folders.workspace, "baseline");
    await run({ baseline: "baseline" });
    expect(context.logged()).toContain("no earlier run to compare with");
    writeLegs(baseline, legOf({ bytes: 500 }));
    await run({ baseline: "baseline" });
    expect(runner.summaries.at(-1)).toContain("+500 B (+100.0 %)");
    writeFileSync(join(baseline, hvt.name, "build-info.json"), '{"schema":1}');
    await run({ baseline: "baseline" });
    expect(context.logged()).toContain("Notice: sizes are not compared");
  });

  it("refuses an artifact that is not what its checksums say", async () => {
    const changed = prepared();
    appendFileSync(join(changed.folder, hvt.name, "www.hvt"), "x");
    await expect(changed.run()).rejects.toThrow(`the artifact ${hvt.name} has changed since \`publish\` wrote it`);
    const lost = prepared();
    rmSync(join(lost.folder, hvt.name, "www.hvt"));
    await expect(lost.run()).rejects.toThrow("has changed since `publish` wrote it");
    const outside = prepared();
    writeFileSync(join(outside.folder, hvt.name, "SHA256SUMS"), `${"0".repeat(64)}  ../../secret\n`);
    await expect(outside.run()).rejects.toThrow("has changed since `publish` wrote it");
  });

  it("refuses build info of another version", async () => {
    const { folder, run } = prepared();
    writeLegs(folder, { ...hvt, info: { ...hvt.info, schema: 3 as 2 } });
    await expect(run()).rejects.toThrow("build-info.json has an unsupported format");
  });

  it("needs an artifact, or a matrix that names the missing ones", async () => {
    const { folder, runner, run } = prepared();
    rmSync(folder, { recursive: true });
    await expect(run()).rejects.toThrow("no artifact with a build-info.json");
    expect(await run({ matrix: JSON.stringify({ include: [{ "artifact-name": "a" }] }) })).toBe(true);
    expect(runner.outputs["verdict"]).toBe("failed");
  });

  it.each([
    ["max-size", "5 percent"],
    ["max-growth", "much"],
  ])("refuses %s: %j", (name, value) => {
    expect(() => parseInputs(collectInputs, (input) => (input === name ? value : undefined))).toThrow(
      `input ${name}: "${value}" is not accepted`,
    );
  });
});

it("the action has the inputs and outputs of the interface, and runs its bundle", () => {
  const action = parse(generatedFiles().get("collect/action.yml") ?? "") as Readonly<
    Record<"inputs" | "outputs" | "runs", object>
  >;
  expect(Object.keys(action.inputs)).toEqual(Object.keys(collectInputs));
  expect(Object.keys(action.outputs)).toEqual(["verdict", "checksums", "junit"]);
  expect(action.runs).toEqual({ using: "node24", main: "../dist/collect/index.js" });
});

it("merged JUnit is well-formed, has every suite, and sums the counts", async () => {
  const suites: string[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (name === "testsuites") expect(attributes).toMatchObject({ tests: "2", skipped: "1", failures: "0" });
    if (name === "testsuite") suites.push((attributes as Readonly<Record<string, string>>)["name"] ?? "");
  });
  parser.write((await mergedJunit([hvt, legOf(), xen])) ?? "").close();
  expect(suites).toEqual(["www hvt x86_64", "www xen x86_64"]);
  expect(await mergedJunit([legOf()])).toBeUndefined();
  expect(await mergedJunit([hvt])).toMatch(/<system-out>hello\n\(whole console: console\.log\)<\/system-out>/);
});
