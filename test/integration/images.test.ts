import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { readInputs } from "../../src/actions/interface.js";
import { boot } from "../../src/actions/steps/boot-step.js";
import { build } from "../../src/actions/steps/build-step.js";
import { publishTo } from "../../src/actions/steps/publish-step.js";
import { runParts } from "../../src/actions/steps/run.js";
import { artifactsIn } from "../../src/artifact/artifact.js";
import type { BuildInfo } from "../../src/artifact/schema.js";
import { mergedJunit, overviewOf, overviewVerdict } from "../../src/collect/overview.js";
import { faultsOf } from "../../src/release/faults.js";
import { imagesOf } from "../../src/release/images.js";
import type { Context } from "../../src/platform/host.js";
import { processes } from "../../src/platform/process/process.js";
import { type CollectingRunner, collectingRunner } from "../../src/platform/runner/github.js";
import { targets } from "../../src/targets/targets.js";
import { solo5 } from "../unit/image/build.js";
import { collectingLog } from "../collecting-log.js";
import { type GivenInputs, hostIn } from "./set-up.js";

const bare = fileURLToPath(new URL("../../examples/bare", import.meta.url));

/** A build of several images of examples/bare: for each name, what the image does without arguments. */
function buildOf(images: Readonly<Record<string, string>>): string {
  const make = `make --silent -C '${bare}' ARCH=x86_64 OUT="$OUT"`;
  return Object.entries(images)
    .map(([name, command]) => `${make} NAME=${name} DEFAULT='${command}'`)
    .join(" && ");
}

let folder: string;
let log: string[];
let runner: CollectingRunner;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-images-"));
  log = [];
  runner = collectingRunner();
  return () => rmSync(folder, { recursive: true, force: true });
});

const contextOf = (): Context => ({ host: hostIn(folder), log: collectingLog(log), processes });
const inputsOf = (given: GivenInputs) =>
  readInputs(
    (name) =>
      ({
        target: "virtio",
        arch: "x86_64",
        "build-system": "command",
        "install-system-packages": "false",
        accelerator: "tcg",
        // Late, so that on a busy machine too an end comes first.
        settle: "20",
        ...given,
      })[name],
  );

/** All parts but `setup`, as a job without a toolchain runs them. */
function job(images: Readonly<Record<string, string>>, given: GivenInputs = {}): Promise<boolean> {
  const parts = { setup: () => Promise.resolve(true), build, boot, publish: publishTo({ unavailable: "a test" }) };
  return runParts(parts, contextOf(), inputsOf({ "build-command": buildOf(images), ...given }), runner);
}

const verdicts = () =>
  JSON.parse(runner.outputs["verdicts"] ?? "") as { image: string; verdict: string; reason: string }[];
const told = () => verdicts().map(({ image, verdict, reason }) => `${basename(image)} ${verdict} ${reason}`);
const errors = () => log.filter((line) => line.startsWith("error: "));
const artifact = () => join(folder, "_artifacts", readdirSync(join(folder, "_artifacts"))[0] ?? "");
const inArtifact = (name: string) => readFileSync(join(artifact(), name), "utf8");

describe("a build of two images, the second of which traps", () => {
  const images = { first: "hello", second: "trap" };

  it("fails its job, and everything names the second image", async () => {
    expect(await job(images)).toBe(false);
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toMatch(/^error: second\.virtio failed /);
    expect(log.filter((line) => /^ {2}(first|second)\.virtio:$/.test(line)).sort()).toEqual([
      "  first.virtio:",
      "  second.virtio:",
    ]);
    expect(
      log
        .filter((line) => /^ {2}(PASSED|FAILED) /.test(line))
        .map((line) => line.split(":")[0])
        .sort(),
    ).toEqual(["  FAILED   second.virtio", "  PASSED   first.virtio"]);
    expect(told()).toEqual(["first.virtio passed exited", "second.virtio failed trap"]);
    const { outputs } = runner;
    expect(outputs).toMatchObject({ verdict: "failed", "verdict-reason": "trap", accelerator: "tcg" });
    expect(basename(outputs["image"] ?? "")).toBe("first.virtio");
    expect(basename(outputs["console-log"] ?? "")).toBe("console-second.virtio.log");
    for (const text of [readFileSync(outputs["junit"] ?? "", "utf8"), inArtifact("junit.xml")])
      expect(text.match(/<testsuite name=".*?failures="\d"/g)).toEqual([
        '<testsuite name="first virtio x86_64" tests="1" failures="0"',
        '<testsuite name="second virtio x86_64" tests="1" failures="1"',
      ]);
    const boots = ({ images }: Pick<BuildInfo, "images">) =>
      images.map(({ file, sha256, boots }) => [file, sha256, ...boots.map(({ reason }) => reason)]);
    const info = JSON.parse(inArtifact("build-info.json")) as BuildInfo;
    expect(boots(info)).toEqual([
      ["first.virtio", outputs["sha256"], "exited"],
      ["second.virtio", expect.stringMatching(/^[0-9a-f]{64}$/), "trap"],
    ]);
    expect(info.images[1]?.sha256).not.toBe(outputs["sha256"]);
    expect(boots(JSON.parse(inArtifact("boot.json")) as BuildInfo)).toEqual(boots(info));
    const bootJson = JSON.parse(readFileSync(outputs["boot-json"] ?? "", "utf8")) as BuildInfo;
    expect(boots(bootJson)).toEqual(boots(info));
    for (const { file, boots } of bootJson.images) {
      const console = resolve(dirname(outputs["boot-json"] ?? ""), boots[0]?.console ?? "");
      expect(readFileSync(console, "latin1"), file).toContain(file === "first.virtio" ? "Hello" : "trap");
    }
    expect(readdirSync(artifact())).toEqual(
      expect.arrayContaining(["console-first-virtio-x86_64.log", "console-second-virtio-x86_64.log"]),
    );
    const [summary = ""] = runner.summaries;
    expect(summary).toMatch(/<code>first<\/code>.*passed[^]*<code>second<\/code>.*\*\*failed/);
    expect(summary).toMatch(/^#### <code>second<\/code> \(virtio x86_64\) failed/m);
  });

  it("is neither collected nor released as if it had passed", async () => {
    await job(images);
    const { artifacts } = await artifactsIn(join(folder, "_artifacts"));
    const overview = overviewOf(artifacts, [], []);
    expect(overview.rows.map(({ image }) => image.file)).toEqual(["first.virtio", "second.virtio"]);
    expect(overviewVerdict(overview)).toBe("failed");
    expect(await mergedJunit(artifacts)).toMatch(/"second virtio x86_64" tests="1" failures="1"/);
    const faults = faultsOf(artifacts, imagesOf(artifacts, "1.0"), "", "passed").map(({ what }) => what);
    expect(faults.filter((what) => /\.virtio/.test(what))).toEqual([
      expect.stringMatching(/^second\.virtio of .* failed/),
    ]);
  });
});

it("images of one file name in different folders have names of their own, also when they are stripped", async () => {
  const make = `make --silent -C '${bare}' ARCH=x86_64 NAME=main`;
  const commands = `${make} OUT="$OUT/www" && ${make} OUT="$OUT/dns" DEFAULT=trap`;
  expect(await job({}, { "build-command": commands, strip: "true" })).toBe(false);
  for (const text of [readFileSync(runner.outputs["junit"] ?? "", "utf8"), inArtifact("junit.xml")])
    expect(text.match(/<testcase classname="virtio.x86_64" name=".*?"/g)).toEqual([
      '<testcase classname="virtio.x86_64" name="dns-main"',
      '<testcase classname="virtio.x86_64" name="www-main"',
    ]);
  expect(errors()[0]).toMatch(/^error: \S+\/main\.virtio failed /);
  const { images } = JSON.parse(inArtifact("build-info.json")) as BuildInfo;
  expect(images.map(({ unikernel, file, boots }) => [unikernel, file, boots[0]?.console])).toEqual([
    ["dns-main", "main.virtio", "console-dns-main-virtio-x86_64.log"],
    ["www-main", "main-2.virtio", "console-www-main-virtio-x86_64.log"],
  ]);
});

it("images that write to the same disk are booted one after the other", async () => {
  for (const name of ["first", "second"])
    execFileSync("make", ["--silent", "-C", bare, "ARCH=x86_64", "DEVICES=1", `OUT=${folder}`, `NAME=${name}`]);
  writeFileSync(join(folder, "disk.img"), Buffer.alloc(1024 * 1024));
  const given = { image: "first.virtio\nsecond.virtio", net: "user", block: "storage: disk.img" };
  expect(await boot(contextOf(), inputsOf(given), runner)).toBe(true);
  const { images } = JSON.parse(readFileSync(runner.outputs["boot-json"] ?? "", "utf8")) as BuildInfo;
  const [first, second] = images.map(({ boots }) => boots[0]?.span);
  expect(second?.startMs).toBeGreaterThanOrEqual((first?.startMs ?? 0) + (first?.ms ?? Infinity));
});

describe("scenarios of several images", () => {
  const images = { first: "hello", second: "exit 3" };

  it("boot every image, or those that they name", async () => {
    const scenarios = "- { name: as-is, image: first.virtio }\n- { name: three, args: exit 3, expect-exit: 3 }\n";
    expect(await job(images, { scenarios })).toBe(true);
    expect(told()).toEqual(["first.virtio passed exited", "second.virtio passed exited"]);
    expect(inArtifact("junit.xml").match(/<testcase classname="virtio.x86_64" name=".*?"/g)).toEqual([
      '<testcase classname="virtio.x86_64" name="first: as-is"',
      '<testcase classname="virtio.x86_64" name="first: three"',
      '<testcase classname="virtio.x86_64" name="second: three"',
    ]);
    expect(readdirSync(artifact())).toContain("console-second-three-virtio-x86_64.log");
  });

  const onlyFirst = { scenarios: "- { name: as-is, image: first.virtio }\n" };

  it("name an image that all of them leave out", async () => {
    expect(await job(images, onlyFirst)).toBe(true);
    expect(told()).toEqual(["first.virtio passed exited", "second.virtio skipped not-asked"]);
    expect(runner.outputs).toMatchObject({ verdict: "skipped", "verdict-reason": "not-asked" });
    expect(log).toContain("notice: second.virtio was not booted: every scenario names other images");
    expect(inArtifact("junit.xml")).toContain("<skipped");
  });

  it("fail for such an image if a boot is required", async () => {
    expect(await job(images, { ...onlyFirst, boot: "required" })).toBe(false);
    expect(told()).toEqual(["first.virtio passed exited", "second.virtio failed not-asked"]);
    expect(errors()[0]).toMatch(/^error: second\.virtio failed before it started: every scenario names other images/);
  });
});

describe("the command line", () => {
  const cli = fileURLToPath(new URL("../../src/actions/entries/cli.ts", import.meta.url));

  function run(...args: readonly string[]) {
    const env = { ...hostIn(folder).environment, XDG_STATE_HOME: join(folder, "state"), GITHUB_WORKSPACE: folder };
    const words = [
      "--import",
      "tsx",
      cli,
      "--json",
      ...args,
      "--accelerator",
      "tcg",
      "--install-system-packages",
      "false",
    ];
    return spawnSync(process.execPath, words, { env, encoding: "utf8", timeout: 3_000_000 });
  }

  it("boots all images that it is given", () => {
    for (const [name, command] of [
      ["first", "hello"],
      ["second", "trap"],
    ] as const)
      execFileSync("make", [
        "--silent",
        "-C",
        bare,
        "ARCH=x86_64",
        `OUT=${folder}`,
        `NAME=${name}`,
        `DEFAULT=${command}`,
      ]);
    const { status, stdout, stderr } = run("boot", "first.virtio", "./second.virtio");
    expect(status, stderr).toBe(1);
    const outputs = JSON.parse(stdout) as Record<string, string>;
    expect(JSON.parse(outputs["verdicts"] ?? "")).toEqual([
      { image: join(folder, "first.virtio"), verdict: "passed", reason: "exited" },
      { image: join(folder, "second.virtio"), verdict: "failed", reason: "trap" },
    ]);
    expect(outputs).toMatchObject({ verdict: "failed", "verdict-reason": "trap" });
  });

  it("refuses images that it is given in two ways, of which one would be dropped", () => {
    const { status, stderr } = run("boot", "first.virtio", "--image", "second.virtio");
    expect(status).toBe(2);
    expect(stderr).toContain("--image says second.virtio, and another argument says first.virtio");
  });
});

it("images of several kinds in one step have each their own verdict", async () => {
  execFileSync("make", ["--silent", "-C", bare, "ARCH=x86_64", `OUT=${folder}`, "NAME=first"]);
  execFileSync("make", ["--silent", "-C", bare, "ARCH=aarch64", `OUT=${folder}`, "NAME=arm", "DEFAULT=exit 3"]);
  writeFileSync(join(folder, "third.muen"), solo5(targets.muen.solo5Abi ?? 0, 1));
  const given = { target: "", arch: "", image: "first.virtio\nthird.muen\narm.aarch64.qemu\n" };
  expect(await boot(contextOf(), inputsOf(given), runner)).toBe(false);
  expect(told()).toEqual([
    "first.virtio passed exited",
    "third.muen skipped unsupported",
    "arm.aarch64.qemu failed exit-status",
  ]);
  expect(runner.outputs).toMatchObject({ verdict: "failed", "verdict-reason": "exit-status" });
});

it("an image whose boot cannot begin is an error by its name, and the others keep their verdicts", async () => {
  execFileSync("make", ["--silent", "-C", bare, "ARCH=x86_64", `OUT=${folder}`, "NAME=first"]);
  for (const name of ["second", "third"])
    writeFileSync(join(folder, `${name}.virtio`), readFileSync(join(folder, "first.virtio")));
  const scenarios =
    "- { name: a, image: first.virtio }\n- { name: b, image: second.virtio, block: 'x: none.img' }\n" +
    "- { name: c, image: third.virtio, block: 'x: none.img' }\n";
  const given = { image: "second.virtio\nfirst.virtio\nthird.virtio\n", scenarios };
  const booted = boot(contextOf(), inputsOf(given), runner);
  await expect(booted).rejects.toThrow(/^second\.virtio, scenario b: /);
  expect(errors()).toEqual([expect.stringMatching(/^error: third\.virtio, scenario c: /)]);
  const image = { image: "first.virtio" };
  await publishTo({ unavailable: "a test" })(contextOf(), inputsOf(image), collectingRunner());
  expect(JSON.parse(inArtifact("boot.json"))).toMatchObject({ images: [{ boots: [{ verdict: "passed" }] }] });
});
