import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanCommand, listCommand, packCommand, verifyCommand } from "../../src/actions/toolchain.js";
import { Problem } from "../../src/platform/problem.js";
import { processes, succeed } from "../../src/platform/process/process.js";
import { layoutOf } from "../../src/toolchain/environment.js";
import { readInstalled } from "../../src/toolchain/store/installed.js";
import type { ToolchainSetUp } from "../../src/toolchain/setup.js";
import { collectingLog } from "../collecting-log.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, type Story, hostIn, setUp } from "./set-up.js";

let folder: string;
let given: GivenInputs;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-test-"));
  const url = writeOpamRepository(join(folder, "repository"));
  given = { target: "virtio", arch: "x86_64", "ocaml-version": "5.4.x", "opam-repositories": `test: ${url}` };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newStory = (): Story => ({ lines: [], programs: [] });
const startedOpam = (story: Story) => story.programs.some((program) => basename(program) === "opam");

async function toolchainOf(inputs: GivenInputs, story = newStory()): Promise<ToolchainSetUp> {
  const toolchain = await setUp(folder, inputs, story);
  if (toolchain === undefined) throw new Error("no toolchain");
  return toolchain;
}

async function problemOf(inputs: GivenInputs, story = newStory()): Promise<Problem> {
  const error: unknown = await setUp(folder, inputs, story).catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error("no Problem", { cause: error });
}

/** The cached toolchain, which jobs get copies of. */
const cachedPath = ({ key }: Pick<ToolchainSetUp, "key">) => join(folder, "tools/unikernel-ci/toolchains", key);

/** Toolchains, complete or not, and their marks and locks. */
function leftInStore(): string[] {
  return existsSync(storeOf()) ? readdirSync(storeOf()) : [];
}
const storeOf = () => join(folder, "tools/unikernel-ci/toolchains");

const isComplete = (name: string) =>
  /^[^.]+(?:\.\d+)*-[^.]+$/.test(name) && existsSync(join(storeOf(), name, "toolchain.json"));
const completeInStore = () => leftInStore().filter(isComplete);

/** Files that must be gone in the end: all except kept builds and the toolchains that others are built on. */
const leftHalf = () => leftInStore().filter((name) => !name.endsWith(".kept") && !isComplete(name));

describe("a set-up with real opam", () => {
  it("builds a toolchain that makes images, and finds it again without starting opam", async () => {
    const cold = newStory();
    const built = await toolchainOf(given, cold);
    expect(built.source).toBe("built");
    expect(built.spec.versions).toEqual({ ocaml: "5.4.1", "ocaml-solo5": "1.3.3", solo5: "0.12.1" });
    expect(cold.lines.join("\n")).toMatch(/ocaml-solo5\.1\.3\.3 \(6 of 6\)/);
    await expect.poll(leftInStore).toEqual([basename(built.path)]);

    const warm = newStory();
    const again = await toolchainOf(given, warm);
    expect(again).toEqual({ ...built, source: "tool-cache" });
    expect(startedOpam(cold)).toBe(true);
    expect(startedOpam(warm)).toBe(false);
    expect(warm.lines.join("\n")).toMatch(/smoke test: linked a test image/);
    const { source, versionReasons, ...installed } = built;
    expect(source).toBe("built");
    expect(Object.keys(versionReasons)).toEqual(expect.arrayContaining(["ocaml", "ocaml-solo5", "solo5"]));
    expect(await readInstalled(built.path)).toEqual(installed);
  });

  it("replaces one that came from the actions cache when this run must not restore from there", async () => {
    const record = join(cachedPath(await toolchainOf(given)), "toolchain.json");
    writeFileSync(
      record,
      JSON.stringify({ ...(JSON.parse(readFileSync(record, "utf8")) as object), origin: "actions-cache" }),
    );
    expect((await toolchainOf(given)).source).toBe("tool-cache");
    const story = newStory();
    expect((await toolchainOf({ ...given, cache: "false" }, story)).source).toBe("built");
    expect(story.lines.join("\n")).toContain("came from the cache, which this run does not trust");
  });

  it.each(["5.4.x", "4.14.x"])(
    "gives an environment in which a program links for the target: OCaml %s",
    async (version) => {
      const { environment } = await toolchainOf({ ...given, "ocaml-version": version });
      const program = join(folder, "program.ml");
      writeFileSync(program, "let () = exit 3\n");
      const env = { PATH: [...environment.path, process.env["PATH"]].join(":"), ...environment.variables };
      const toolchain = environment.findlibToolchain ?? "";
      const link = ["-cclib", "-z solo5-abi=virtio", program, "-o", join(folder, "image")];
      succeed(await processes.run(["ocamlfind", "-toolchain", toolchain, "ocamlopt", ...link], { env }), "linking");
      expect(readFileSync(join(folder, "image")).toString("latin1", 0, 4)).toBe("\x7fELF");
      expect((await processes.run(["opam", "switch", "show"], { env })).stdout.trim()).toBe("toolchain");
    },
  );

  it("leaves out a bytecode compiler with a native twin, and keeps and logs one that a link leads to", async () => {
    const [one, other] = [newStory(), newStory()];
    const { path } = await toolchainOf(given, one);
    expect(readdirSync(join(path, "opam/toolchain/lib/ocaml-solo5/bin"))).toEqual(["ocamlopt", "ocamlopt.opt"]);
    expect(one.lines.join("\n")).not.toContain("kept: ");

    const old = await toolchainOf({ ...given, "ocaml-version": "4.14.x" }, other);
    expect(readdirSync(join(old.path, "opam/toolchain/solo5-sysroot/bin"))).toEqual(["ocamlopt", "ocamlopt.byte"]);
    expect(other.lines.join("\n")).toContain("kept: solo5-sysroot/bin/ocamlopt.byte for ocamlopt");
  });

  it("builds another toolchain when a component changes, and keeps the first", async () => {
    const first = await toolchainOf(given);
    const second = await toolchainOf({ ...given, "ocaml-solo5-version": "1.3.2" });
    expect(second.source).toBe("built");
    expect(second.key).not.toBe(first.key);
    expect((await toolchainOf(given)).source).toBe("tool-cache");
  });

  it("builds another toolchain when a repository on this machine has changed", async () => {
    const first = await toolchainOf(given);
    writeFileSync(join(folder, "repository", "packages", "README"), "changed");
    const second = await toolchainOf(given);
    expect(second).toMatchObject({ source: "built" });
    expect(second.key).not.toBe(first.key);
  });

  it("builds a cross toolchain for aarch64 in its own place", async () => {
    const cross = await toolchainOf({ ...given, target: "hvt", arch: "aarch64" });
    expect(cross.spec.packages).toContain("ocaml-solo5-cross-aarch64.1.3.3");
    expect(cross.spec.cCompiler).toMatch(/^aarch64-linux-gnu-gcc \d/);

    const env = { ...cross.environment.variables, PATH: process.env["PATH"] };
    const opam = (...args: string[]) =>
      execFileSync(join(cross.path, "bin/opam"), [...args, "--yes"], { env, encoding: "utf8" });
    expect(opam("reinstall", "--list-pending"), "opam takes no package for changed").toBe("");
    expect(opam("install", "needs-cross")).not.toContain("solo5");
  });

  // Its stand-in cuts paths as Unikraft's Kconfig does: fixtures/opam-repository/sources/unikraft/backend.sh.
  it("builds a package that fails in long paths, and links with it", async () => {
    const unikraft = await toolchainOf({ ...given, target: "unikraft-firecracker" });
    expect(unikraft.spec.packages).toContain("ocaml-unikraft.1.2.0");
    await expect.poll(leftInStore).toEqual([basename(unikraft.path)]);
    expect(existsSync(layoutOf(unikraft.path).builds)).toBe(false);
  });

  it("builds once when two ask for it at the same time", async () => {
    const [one, two] = [newStory(), newStory()];
    const sources = await Promise.all([toolchainOf(given, one), toolchainOf(given, two)]);
    expect(sources.map(({ source }) => source).sort()).toEqual(["built", "tool-cache"]);
    expect([one, two].filter(startedOpam)).toHaveLength(1);
    expect([...one.lines, ...two.lines].join("\n")).toMatch(/waiting for process \d+ on /);
  });

  it("makes a toolchain again that has lost its compiler", async () => {
    const path = cachedPath(await toolchainOf(given));
    rmSync(join(path, "opam/toolchain/lib/ocaml-solo5"), { recursive: true });
    const story = newStory();
    expect((await toolchainOf(given, story)).source).toBe("built");
    expect(story.lines.join("\n")).toMatch(/no longer works and is made again/);
  });
});

describe("opam repositories that lack the newest OCaml", () => {
  const repository = () => join(folder, "repository");
  const newest = () => ({ target: "virtio", arch: "x86_64", "opam-repositories": given["opam-repositories"] ?? "" });
  beforeEach(() =>
    rmSync(join(repository(), "packages/ocaml-base-compiler/ocaml-base-compiler.5.5.0"), { recursive: true }),
  );

  /** The same repository by a URL that only opam can read. */
  function asGit(): GivenInputs {
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", repository(), "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "all");
    return { ...newest(), "opam-repositories": `test: git+file://${repository()}` };
  }

  it.each([
    ["in a folder", newest],
    ["that opam has to fetch", asGit],
  ])("%s: the newest that they have is taken", async (_, inputs) => {
    const { spec } = await toolchainOf(inputs());
    expect(spec.versions).toEqual({ ocaml: "5.4.1", "ocaml-solo5": "1.3.3", solo5: "0.12.1" });
  });

  it("in a folder: one that they lack is refused before any process, with the available ones", async () => {
    const story = newStory();
    const problem = await problemOf({ ...newest(), "ocaml-version": "5.5.0" }, story);
    expect(problem.message).toBe("the given opam repositories have no toolchain for virtio with OCaml 5.5.0");
    expect(problem.facts).toMatchObject({
      because: "they lack ocaml-base-compiler.5.5.0",
      accepted: ["4.14.4 (0.8.5), 5.4.1 (1.3.3)"],
    });
    expect(String(problem.facts.do)).toMatch(/^set `ocaml-version: 5\.4\.1`, or add an opam repository/);
    expect(story.programs).toEqual([]);
  });

  it("that opam has to fetch: one that they lack is refused before a build, and nothing is left", async () => {
    const story = newStory();
    const problem = await problemOf({ ...asGit(), "ocaml-version": "5.5.0" }, story);
    expect(problem.message).toBe("the given opam repositories have no toolchain for virtio with OCaml 5.5.0");
    expect(story.lines.join("\n")).not.toMatch(/\(\d+ of \d+\)/);
    await expect.poll(leftInStore).toEqual([]);
  });
});

describe("a toolchain that was packed for others", () => {
  it.each(["5.4.x", "4.14.x"])(
    "is set up elsewhere from a mirror, at another path, without opam, and makes images there: OCaml %s",
    async (version) => {
      const inputs = { ...given, "ocaml-version": version };
      const built = await toolchainOf(inputs);
      const mirror = join(folder, "mirror");
      const told: string[] = [];
      const context = { log: collectingLog([]), processes, host: hostIn(folder) };
      expect(await packCommand(context, built.key, { to: mirror, level: "1" }, (text) => void told.push(text))).toBe(
        true,
      );
      expect(await verifyCommand(context, join(mirror, `${built.key}.tar.zst`), (text) => void told.push(text))).toBe(
        true,
      );
      expect(told.join("")).toMatch(/sha256 [0-9a-f]{64}[^]*all match the manifest/);

      const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
      try {
        const story = newStory();
        const restored = await setUp(elsewhere, { ...inputs, mirror: `file://${mirror}` }, story);
        expect(restored).toMatchObject({ source: "published", key: built.key });
        expect(restored?.path.startsWith(elsewhere)).toBe(true);
        expect(startedOpam(story)).toBe(false);
        expect(story.lines.join("\n")).toMatch(/smoke test: linked a test image/);
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    },
  );

  it("is not packed when its compiler was changed", async () => {
    const { key } = await toolchainOf(given);
    const path = cachedPath({ key });
    writeFileSync(join(path, "opam/toolchain/bin/ocamlfind"), "#!/bin/sh\necho mine\n");
    const context = { log: collectingLog([]), processes, host: hostIn(folder) };
    const told: string[] = [];
    expect(await verifyCommand(context, key, (text) => void told.push(text))).toBe(false);
    expect(told[0]).toBe("changed or missing: opam/toolchain/bin/ocamlfind\n");
    const options = { to: join(folder, "mirror"), level: "1" };
    await expect(packCommand(context, key, options, () => undefined)).rejects.toThrow("changed since it was unpacked");
    expect(existsSync(join(folder, "mirror", "toolchains.json"))).toBe(false);
  });
});

describe("a set-up that fails", () => {
  it("shows the log of the package that does not build, and leaves nothing incomplete", async () => {
    const problem = await problemOf({ ...given, "opam-packages": "failing" });
    expect(problem.message).toBe("the toolchain cannot be installed: the opam package failing.1 does not build");
    const lines = ["checking for a reason", "failing.c:1: error: this package never builds"];
    expect(problem.facts.evidence).toEqual(lines);
    expect(problem.wholeLog).toEqual({ title: "The whole log of failing.1", lines });
    await expect.poll(leftHalf).toEqual([]);
  });

  it("ends with the first package that does not build, while opam is busy with others for a minute", async () => {
    const story = newStory();
    const problem = await problemOf({ ...given, "opam-packages": "slow failing" }, story);
    expect(problem.message).toBe("the toolchain cannot be installed: the opam package failing.1 does not build");
    expect(problem.facts.evidence).toEqual(["checking for a reason", "failing.c:1: error: this package never builds"]);
    const told = story.lines.join("\n");
    expect(told).toMatch(/failing\.1 failed: stopping opam/);
    expect(told).not.toMatch(/slow\.1 \(/);
    expect(buildsIn(folder)).toEqual([]);
  });

  it("keeps its packages for the next one with the same inputs, which continues from them", async () => {
    const inputs = { ...given, "opam-packages": "flaky" };
    const first = newStory();
    const problem = await problemOf(inputs, first);
    expect(problem.message).toBe("the toolchain cannot be installed: the opam package flaky.1 does not build");
    expect(first.lines.join("\n")).toMatch(/kept: \d+ packages of this build/);
    // The compilers that it was built on are complete.
    await expect.poll(() => leftInStore().length).toBe(2);
    const kept = leftInStore().filter((name) => name.endsWith(".kept"));
    expect(kept).toHaveLength(1);

    const printed: string[] = [];
    const context = { log: collectingLog(printed), processes, host: hostIn(folder) };
    await listCommand(context, (text) => void printed.push(text), false);
    expect(printed.join("")).toMatch(/^unikernel-ci-\S+ +[\d.]+ MB {2}unfinished,\s+\d+\s+packages,/m);

    // Another toolchain neither uses nor removes it.
    const other = newStory();
    const { path } = await toolchainOf(given, other);
    expect(other.lines.join("\n")).not.toContain("continues:");
    await expect.poll(leftInStore).toEqual([basename(path), ...kept].sort());

    writeFileSync(join(folder, "mended"), "");
    const second = newStory();
    const made = await toolchainOf(inputs, second);
    expect(made.source).toBe("built");
    expect(made.key).toBe(kept[0]?.replace(".kept", ""));
    expect(second.lines.join("\n")).toMatch(/continues: from a build of .* ago with \d+ packages \(/);
    expect(second.lines.filter((line) => /\(\d+ of \d+\)/.test(line))).toEqual([
      expect.stringContaining("flaky.1 (1 of 1)"),
    ]);
    await expect.poll(leftInStore).toEqual([basename(path), made.key].sort());
  });

  it("keeps it until `toolchain clean`", async () => {
    await problemOf({ ...given, "opam-packages": "flaky" });
    await expect.poll(leftInStore).toHaveLength(2);
    const context = { log: collectingLog([]), processes, host: hostIn(folder) };
    await cleanCommand(context);
    await expect.poll(leftInStore).toEqual(completeInStore());
  });

  it("starts from scratch when opam cannot read the kept build", async () => {
    const inputs = { ...given, "opam-packages": "flaky" };
    await problemOf(inputs);
    const kept = leftInStore().find((name) => name.endsWith(".kept")) ?? "";
    writeFileSync(join(layoutOf(join(folder, "tools/unikernel-ci/toolchains", kept)).root, "config"), "{{{");
    writeFileSync(join(folder, "mended"), "");
    const story = newStory();
    expect((await toolchainOf(inputs, story)).source).toBe("built");
    expect(story.lines.join("\n")).toContain("this one starts from scratch");
    expect(story.lines.join("\n")).toContain("ocaml-base-compiler.5.4.1 (");
  });

  it("explains a conflict: which package wants what, and which version fits; leaves nothing", async () => {
    const problem = await problemOf({ ...given, "opam-packages": "wants-old-ocaml" });
    expect(problem.message).toBe(
      "the toolchain cannot be installed: no version of OCaml suits both the toolchain and wants-old-ocaml",
    );
    expect(problem.facts.because).toEqual(["wants-old-ocaml wants ocaml < 5.0, and the toolchain has OCaml 5.4.1"]);
    expect(problem.facts.do).toEqual(["set `ocaml-version: 4.14.4`, or relax that constraint"]);
    expect(problem.wholeLog?.lines.join("\n")).toMatch(/No agreement on the version of ocaml/);
    await expect.poll(leftHalf).toEqual([]);
  });

  it("says where an archived package is", async () => {
    const problem = await problemOf({ ...given, "opam-packages": "nowhere" });
    expect(problem.message).toBe("the toolchain cannot be installed: no opam repository has a package nowhere");
    expect(problem.facts.do?.[0]).toContain("opam-repository-archive");
    await expect.poll(leftHalf).toEqual([]);
  });

  it("names the URL of sources that cannot be downloaded", async () => {
    const problem = await problemOf({ ...given, "opam-packages": "no-source" });
    expect(problem.message).toBe(
      "the toolchain cannot be installed: the sources of the opam package no-source.1 could not be downloaded",
    );
    expect(problem.facts.evidence?.[0]).toBe("http://127.0.0.1:9/no-source-1.tar.gz");
    await expect.poll(leftHalf).toEqual([]);
  });

  it("names a repository that cannot be read", async () => {
    const problem = await problemOf({ ...given, "opam-repositories": `gone: file://${folder}/nowhere` });
    expect(problem.message).toMatch(/^reading the opam repository file:.*\/nowhere failed/);
    await expect.poll(leftHalf).toEqual([]);
  });

  it("reports that opam was killed, as when memory runs out, and leaves no files and no processes", async () => {
    const failing = problemOf({ ...given, "opam-packages": "slow" });
    const opams = () => buildsIn(folder).filter((pid) => commandOf(pid).includes("/opam install"));
    const sleeping = () => buildsIn(folder).filter((pid) => commandOf(pid).includes("sleep 60"));
    await expect.poll(sleeping).toHaveLength(1);
    for (const pid of opams()) process.kill(Number(pid), "SIGKILL");
    const problem = await failing;
    expect(problem.message).toBe("opam could not install the toolchain");
    expect(problem.facts.because).toBe("it was killed (SIGKILL), as Linux does when memory runs out");
    await expect.poll(leftHalf).toEqual([]);
    await expect.poll(() => buildsIn(folder)).toEqual([]);
  });

  it("refuses impossible versions before any process", async () => {
    const story = newStory();
    const problem = await problemOf({ ...given, "ocaml-version": "5.2.0" }, story);
    expect(problem.message).toBe("OCaml 5.2.0 cannot build for virtio: no ocaml-solo5 accepts it");
    expect(story.programs).toEqual([]);
  });
});

describe("a set-up that is ended", () => {
  const script = fileURLToPath(new URL("set-up.ts", import.meta.url));

  /** A set-up in its own process, once it is building the package that takes a minute. */
  async function interruptible(
    before: readonly string[] = [],
    more: GivenInputs = {},
    told: string[] = [],
  ): Promise<ChildProcess> {
    const inputs = JSON.stringify({ ...given, "opam-packages": "slow", ...more });
    const child = spawn(process.execPath, ["--import", "tsx", script, folder, inputs], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    createInterface({ input: child.stdout }).on("line", (line) => told.push(line));
    const started = () => sleepers().filter((pid) => !before.includes(pid));
    await expect.poll(started).toHaveLength(1);
    return child;
  }

  /** The process ids of the package that takes a minute. */
  const sleepers = () => buildsIn(folder).filter((pid) => commandOf(pid).includes("sleep 60"));

  it("by a signal leaves its packages to the next one, nothing else, and no process", async () => {
    const child = await interruptible();
    const building = leftInStore().find((name) => name.includes(".build.")) ?? "";
    // The log reads the packages that are being built from here.
    expect(readdirSync(layoutOf(join(folder, "tools/unikernel-ci/toolchains", building)).builds)).toContain("slow.1");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([143, null]);
    await expect.poll(leftHalf).toEqual([]);
    await expect.poll(leftInStore).toEqual([...completeInStore(), building.replace(/\.build\..*/, ".kept")].sort());
    expect(buildsIn(folder)).toEqual([]);
  });

  it("by a signal leaves no package to build again because opam has rewritten its formula", async () => {
    const cross = { target: "hvt", arch: "aarch64" };
    const child = await interruptible([], cross);
    child.kill("SIGTERM");
    await once(child, "exit");
    await expect.poll(leftHalf).toEqual([]);

    const told: string[] = [];
    const next = await interruptible([], cross, told);
    next.kill("SIGTERM");
    await once(next, "exit");
    expect(told.join("\n")).toMatch(/continues: from a build/);
    expect(told.filter((line) => line.includes(" solo5-cross-aarch64.0.12.1 ("))).toEqual([]);
  });

  it("by force leaves nothing that is used as complete, and the next set-up removes it", async () => {
    const killed = await interruptible();
    const first = sleepers();
    killed.kill("SIGKILL");
    await once(killed, "exit");
    const left = leftInStore().find((name) => name.includes(".build.")) ?? "";
    expect(left).not.toBe("");
    expect(await readInstalled(join(folder, "tools/unikernel-ci/toolchains", left))).toBeUndefined();

    const next = await interruptible(first);
    expect(sleepers()).toHaveLength(1);
    next.kill("SIGTERM");
    await once(next, "exit");
    await expect.poll(leftHalf).toEqual([]);
    expect(buildsIn(folder)).toEqual([]);
  });

  // opam has its own process group, and continues.
  it.each<[when: string, end: (child: ChildProcess) => Promise<void>]>([
    ["with its process group", () => Promise.resolve()],
    [
      "while it tidies up after a SIGINT",
      async (child) => {
        child.kill("SIGINT");
        await sleep(10);
      },
    ],
  ])("by force %s leaves nothing after the next set-up, of another toolchain", async (_, end) => {
    const killed = await interruptible();
    const ended = once(killed, "exit");
    await end(killed);
    process.kill(-(killed.pid ?? 0), "SIGKILL");
    await ended;
    expect(leftInStore().length).toBeGreaterThan(0);
    await toolchainOf(given);
    await expect.poll(leftHalf).toEqual([]);
    await expect.poll(() => buildsIn(folder)).toEqual([]);
  });
});

/** Processes of a build in `folder` that still run. */
function buildsIn(folder: string): string[] {
  return readdirSync("/proc").filter((entry) => {
    try {
      const environment = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/environ`, "utf8") : "";
      return environment.includes(`UNIKERNEL_CI_BUILD=${folder}`);
    } catch {
      return false;
    }
  });
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
