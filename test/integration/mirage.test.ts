import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readInputs, withTarget } from "../../src/actions/interface.js";
import type { Context } from "../../src/platform/host.js";
import { Problem } from "../../src/platform/problem.js";
import { processes } from "../../src/platform/process/process.js";
import { buildProject } from "../../src/project/build-project.js";
import { detectProject } from "../../src/project/detect.js";
import type { Build } from "../../src/project/project.js";
import { setUpToolchain } from "../../src/toolchain/setup.js";
import type { Toolchain } from "../../src/toolchain/toolchain.js";
import { collectingLog } from "../collecting-log.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { skipNote } from "../skip-note.js";

// Real opam and make. mirage and opam-monorepo are those of fixtures/opam-repository/sources/mirage, which write the
// same files as mirage 4.11.1 and opam-monorepo 0.4.3.

/** All tests share the toolchains; each builds in its own project. */
let machine: string;
let repositories: string;
let folder: string;

beforeAll(() => {
  machine = mkdtempSync(join(tmpdir(), "unikernel-ci-mirage-"));
  repositories = `test: ${writeOpamRepository(join(machine, "repository"))}`;
});
afterAll(() => rmSync(machine, { recursive: true, force: true }));
beforeEach(() => {
  folder = mkdtempSync(join(machine, "project-"));
});

const config = (...packages: string[]) =>
  ["(* mirage >= 4.11.0 & < 4.12.0 *)", "open Mirage", ...packages, 'let () = register "www" [ main ]', ""].join("\n");
const greeting = 'let greeting = package "greeting"';

function project(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
const hello = (...packages: string[]) =>
  project({ "config.ml": config(...packages), "unikernel.ml": 'let () = print_endline "%greeting% %greeting-key%"\n' });

interface Run extends Build {
  readonly toolchain: Toolchain;
  readonly log: readonly string[];
}

async function run(given: GivenInputs): Promise<Run> {
  const log: string[] = [];
  const host = hostIn(machine);
  const context: Context = {
    host: { ...host, folders: { ...host.folders, workspace: folder } },
    log: collectingLog(log),
    processes,
  };
  const inputs = withTarget(
    readInputs(
      (name) =>
        ({
          target: "hvt",
          "ocaml-version": "5.4.1",
          "opam-repositories": repositories,
          "extra-repos": "none",
          ...given,
        })[name],
    ),
  );
  const { arch = host.architecture } = inputs;
  const found = await detectProject(folder, inputs);
  const toolchain = await setUpToolchain(context, inputs, found);
  return { ...(await buildProject(context, { ...inputs, arch }, toolchain, found)), toolchain, log };
}

async function problemOf(given: GivenInputs): Promise<Problem> {
  const error: unknown = await run(given).catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error("no Problem", { cause: error });
}

const textOf = (path: string) => readFileSync(path, "latin1");
const names = ({ steps }: Build) => steps.map(({ name }) => name);

describe("a mirage project", () => {
  it("is configured, locked, pulled and built, and its lock is kept", async () => {
    hello(greeting);
    const built = await run({});
    expect(names(built)).toEqual(["mirage configure -t hvt", "make depends", "make build"]);
    expect(textOf(built.images[0].path)).toContain("good morning");
    expect(built.lockFile).toBe(join(folder, "mirage/www-hvt.opam.locked"));
    expect(built.toolchain.spec.versions).toMatchObject({ mirage: "4.11.2", solo5: "0.12.1" });
  });

  it.each(["spt", "virtio", "xen", "qubes", "muen"])("is built for %s", async (target) => {
    hello();
    const { images } = await run({ target });
    expect(images[0].path).toBe(join(folder, "dist", `www.${target === "qubes" ? "xen" : target}`));
  });

  it("is built for unix", async () => {
    hello(greeting);
    const { images } = await run({ target: "unix" });
    expect(execFileSync(images[0].path, { encoding: "utf8" })).toBe("good morning \n");
  });

  it("can have its configuration in a subfolder with another name, and a Makefile.user with targets", async () => {
    project({
      "unikernel/config.ml": config(greeting),
      "unikernel/unikernel.ml": 'let () = print_endline "%greeting%"\n',
      "Makefile.user": "trap:\n\tfalse\n",
    });
    const { images } = await run({ "config-file": "unikernel/config.ml" });
    expect(images.map(({ path, name }) => [path, name])).toEqual([[join(folder, "unikernel/dist/www.hvt"), "www"]]);
    expect(textOf(images[0].path)).toContain("good morning");
  });

  it("can be in a subfolder of the library that it demonstrates", async () => {
    project({
      "words.txt": "of this very checkout",
      "demo/config.ml": config(greeting),
      "demo/unikernel.ml": 'let () = print_endline "%greeting%"\n',
    });
    const built = await run({ directory: "demo", "duniverse-overlay": "greeting=.." });
    expect(textOf(built.images[0].path)).toContain("of this very checkout");
    expect(readdirSync(join(folder, "demo/duniverse/greeting"))).toEqual(["words.txt"]);
  });

  it("gives a different image of the same name with other arguments", async () => {
    hello();
    const one = await run({ "configure-args": "--greeting=one" });
    const kept = textOf(one.images[0].path);
    const two = await run({ "configure-args": "--greeting=two" });
    expect(two.images[0].path).toBe(one.images[0].path);
    expect(two.images[0].sha256).not.toBe(one.images[0].sha256);
    expect([kept.includes("one"), textOf(two.images[0].path).includes("two")]).toEqual([true, true]);
  });
});

describe("for aarch64 on this machine", () => {
  const isNative = process.arch === "x64" ? undefined : "aarch64 is this machine’s own architecture";
  it.skipIf(isNative !== undefined)(
    `the cross compiler is kept, and the project’s tools are installed${skipNote(isNative)}`,
    async () => {
      hello(greeting, 'let tool = package ~build:true ~scope:`Switch "crunch"');
      const built = await run({ target: "spt", arch: "aarch64" });
      expect(names(built)).toEqual(["mirage configure -t spt", "make lock", "opam install", "make pull", "make build"]);
      expect(existsSync(join(built.toolchain.path, "opam/toolchain/bin/crunch"))).toBe(true);
      const env = { PATH: process.env["PATH"], ...built.toolchain.environment.variables };
      const installed = execFileSync("opam", ["list", "--installed", "--short"], { env, encoding: "utf8" });
      expect(installed).toContain("ocaml-solo5-cross-aarch64");
      expect(installed).not.toMatch(/^ocaml-solo5$/m);
    },
  );
});

describe("a lock", () => {
  const lockFile = () => join(folder, "mirage/www-hvt.opam.locked");

  it("that is committed decides the toolchain, and is not regenerated", async () => {
    hello(greeting);
    await run({ "ocaml-solo5-version": "1.3.2" });
    const committed = `${textOf(lockFile())}# Only this copy has this line.\n`;
    writeFileSync(lockFile(), committed);
    const built = await run({ lock: "require" });
    expect(textOf(lockFile())).toBe(committed);
    expect(built.toolchain.spec.versions["ocaml-solo5"]).toBe("1.3.2");
    expect(names(built).slice(1)).toEqual([
      "touch mirage/www-hvt.opam.locked",
      "make install-switch",
      "make pull",
      "make build",
    ]);
  });

  it("is regenerated, or refused with `require`, when the project needs more than is locked", async () => {
    hello();
    await run({});
    hello(greeting);
    const problem = await problemOf({ lock: "require" });
    expect(problem.message).toBe("input lock: require, but mirage/www-hvt.opam.locked is stale");
    expect(problem.facts.found).toEqual(["greeting: not locked, the project needs it"]);
    const built = await run({});
    expect(built.log.join("\n")).toContain("is regenerated: greeting: not locked, the project needs it");
    expect(textOf(lockFile())).toContain('"greeting" {= "1.0.0" & ?vendor}');
    expect(names(await run({ lock: "ignore" }))).toContain("make depends");
  });

  it("that is required and missing is an error before `mirage configure`", async () => {
    hello();
    const problem = await problemOf({ lock: "require" });
    expect(problem.message).toBe("input lock: require, but there is no lock file for hvt");
    expect(existsSync(join(folder, "Makefile"))).toBe(false);
  });
});

describe("sources", () => {
  it("of overlay repositories are used only for the lock", async () => {
    hello('let words = package "more-words"');
    const overlays = join(folder, "../overlays");
    project({
      "../overlays/repo": 'opam-version: "2.0"\n',
      "../overlays/sources/more-words/words.txt": "words of an overlay",
    });
    const opam = `opam-version: "2.0"\nurl { src: "file://${overlays}/sources/more-words" }\n`;
    project({ "../overlays/packages/more-words/more-words.1/opam": opam });
    writeFileSync(join(folder, "unikernel.ml"), 'let () = print_endline "%more-words%"\n');
    const built = await run({ "extra-repos": `mine: file://${overlays}` });
    expect(textOf(built.images[0].path)).toContain("words of an overlay");
  });

  it("of an overlay are in the image, also when it is named by a package", async () => {
    hello(greeting);
    project({ "own/words.txt": "my own words", "own/greeting.opam": 'opam-version: "2.0"\n', "own/_build/old": "" });
    const built = await run({ "duniverse-overlay": "greeting=own" });
    expect(textOf(built.images[0].path)).toContain("my own words");
    expect(readdirSync(join(folder, "duniverse/greeting")).sort()).toEqual(["greeting.opam", "words.txt"]);
    const problem = await problemOf({ "duniverse-overlay": "greetings=own" });
    expect(problem.message).toBe("input duniverse-overlay: no sources of greetings were pulled");
    expect(problem.facts.found).toBe("greeting");
  });

  it("of a shallow clone are completed, or the error says what to change in the checkout step", async () => {
    const git = (cwd: string, ...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd, stdio: "pipe" });
    hello();
    writeFileSync(join(folder, "config.ml"), config("(* pin: git+file://here#HEAD *)"));
    const origin = mkdtempSync(join(machine, "origin-"));
    cpSync(folder, origin, { recursive: true });
    git(origin, "init", "--quiet");
    for (const message of ["one", "two"]) {
      git(origin, "add", "-A");
      git(origin, "commit", "--quiet", "--allow-empty", "-m", message);
    }
    rmSync(folder, { recursive: true });
    git(machine, "clone", "--quiet", "--depth", "1", `file://${origin}`, folder);
    const built = await run({});
    expect(built.log.join("\n")).toContain("fetched the full history");
    expect(git(folder, "rev-list", "--count", "HEAD").toString().trim()).toBe("2");

    rmSync(folder, { recursive: true });
    git(machine, "clone", "--quiet", "--depth", "1", `file://${origin}`, folder);
    rmSync(origin, { recursive: true });
    const problem = await problemOf({});
    expect(problem.message).toBe(`${folder} is a shallow clone, and a \`git+file:\` pin refers to it`);
    expect(problem.facts.do).toContain("fetch-depth: 0");
  });
});

it("hooks run in order in the toolchain’s environment, and can change what is built", async () => {
  project({ "unikernel.ml": 'let () = print_endline "%greeting%"\n' });
  const built = await run({
    "build-system": "mirage",
    "config-file": "generated.ml",
    "pre-configure": `test ! -e Makefile && which mirage > hook.txt && echo "$TARGET $ARCH" >> hook.txt`,
    "post-pull": "echo patched words > duniverse/greeting/words.txt",
    "post-build": "test -s dist/www.hvt && cp dist/www.hvt dist/second.hvt",
    ...given("generated.ml", config(greeting)),
  });
  expect(names(built)).toEqual([
    "pre-configure",
    "mirage configure -t hvt",
    "make depends",
    "post-pull",
    "make build",
    "post-build",
  ]);
  expect(textOf(join(folder, "hook.txt"))).toBe(`${built.toolchain.path}/opam/toolchain/bin/mirage\nhvt x86_64\n`);
  expect(textOf(built.images[0].path)).toContain("patched words");
  expect(built.images.map(({ name }) => name)).toEqual(["second", "www"]);
});

/** Writes a file of the project, and gives no inputs. */
function given(name: string, text: string): GivenInputs {
  project({ [name]: text });
  return {};
}

describe("the error explains", () => {
  it("a flag that this mirage does not have", async () => {
    hello();
    const problem = await problemOf({ "configure-args": "--dhcp=false" });
    expect(problem.message).toMatch(/^mirage configure -t hvt failed with status 1 after /);
    expect(problem.facts.do).toContain("instead of `--dhcp=false` write `--no-dhcp`");
  });

  it("a version that the header does not allow", async () => {
    hello();
    const problem = await problemOf({ "mirage-version": "4.10.6", "solo5-version": "0.9.3", "ocaml-version": "5.4.1" });
    expect(problem.facts.do).toBe("set `mirage-version: 4.11.2`, or relax the constraint in config.ml line 1");
  });

  it("a constraint of an opam file, before anything is built", async () => {
    hello();
    project({ "www.opam": 'opam-version: "2.0"\ndepends: [ "mirage" {>= "4.13.0"} ]\n' });
    const problem = await problemOf({});
    expect(problem.message).toBe("www.opam: no opam repository has mirage >= 4.13.0");
  });

  it("dependencies that would change the cross compiler: opam refuses, and nothing is rebuilt", async () => {
    hello('let tool = package ~build:true ~scope:`Switch "old-tool"');
    const problem = await problemOf({});
    expect(problem.toString()).toMatch(/make depends failed[^]*solo5/);
    const state = (await run({ ...given("config.ml", config()) })).toolchain;
    expect(state.spec.versions.solo5).toBe("0.12.1");
  });
});
