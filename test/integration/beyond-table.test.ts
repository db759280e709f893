import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../../src/platform/problem.js";
import { formulaOf } from "../../src/toolchain/opam/dependencies.js";
import { parseOpamFile } from "../../src/toolchain/opam/file.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, type Story, setUp } from "./set-up.js";

// data/versions.json is the frozen table: it has neither OCaml 5.6.0 nor ocaml-solo5 1.4.0, which are invented.
let folder: string;
let given: GivenInputs;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-test-"));
  const url = writeOpamRepository(join(folder, "repository"));
  release("ocaml-base-compiler.5.5.0", "5.6.0", ["5.5.0", "5.6.0"]);
  release("ocaml.5.5.0", "5.6.0", ["5.5.0", "5.6.0"]);
  release("ocaml-solo5.1.3.4", "1.4.0", ['"ocaml" {= "5.5.0"}', '"ocaml" {>= "5.5.0"}']);
  release("solo5.0.12.1", "0.13.0", ["", ""]);
  given = { target: "virtio", arch: "x86_64", "opam-repositories": `test: ${url}` };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const packages = () => join(folder, "repository/packages");

/** Adds a later release of a package to the repository. */
function release(from: string, version: string, [was = "", is = ""]: readonly string[]): void {
  const [name = ""] = from.split(".", 1);
  const to = join(packages(), name, `${name}.${version}`);
  cpSync(join(packages(), name, from), to, { recursive: true });
  const text = readFileSync(join(to, "opam"), "utf8");
  writeFileSync(
    join(to, "opam"),
    text.replaceAll(was, () => is),
  );
}

function keepOnlyNewest(): void {
  for (const name of readdirSync(join(packages(), "ocaml-base-compiler")))
    if (!name.endsWith(".5.6.0")) rmSync(join(packages(), "ocaml-base-compiler", name), { recursive: true });
}

const newStory = (): Story => ({ lines: [], programs: [] });
const ranOpam = ({ programs }: Story) => programs.some((program) => basename(program) === "opam");

async function problemOf(inputs: GivenInputs, story = newStory()): Promise<Problem> {
  const error: unknown = await setUp(folder, { ...given, ...inputs }, story).catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error("no Problem", { cause: error });
}

/** Folders of toolchains, and of opam's questions. */
function left(): string[] {
  const store = join(folder, "tools/unikernel-ci/toolchains");
  return existsSync(store) ? readdirSync(store) : [];
}

describe("versions that the table lacks", () => {
  it("are decided by opam, before anything is built", async () => {
    const story = newStory();
    const toolchain = await setUp(folder, { ...given, "ocaml-version": "5.6.0" }, story);
    expect(toolchain?.spec.versions).toEqual({ ocaml: "5.6.0", "ocaml-solo5": "1.4.0", solo5: "0.13.0" });
    expect(toolchain?.source).toBe("built");
    const log = story.lines.join("\n");
    expect(log).toMatch(/solver: newer than the table: asked opam, [\d.]+ s[^]*key: /);

    const again = newStory();
    expect((await setUp(folder, { ...given, "ocaml-version": "5.6.0" }, again))?.source).toBe("tool-cache");
  });

  it.each<[string, GivenInputs, Record<string, string>]>([
    ["a range", { "ocaml-version": "5.6.x" }, { ocaml: "5.6.0" }],
    ["solo5 alone", { "solo5-version": "0.13.0" }, { solo5: "0.13.0" }],
    [
      "a cross compiler with an OCaml of the table",
      { "ocaml-solo5-version": "1.4.0", "ocaml-version": "5.5.0" },
      { ocaml: "5.5.0", "ocaml-solo5": "1.4.0" },
    ],
  ])("%s", async (_, inputs, versions) => {
    expect((await setUp(folder, { ...given, ...inputs }))?.spec.versions).toMatchObject(versions);
  });

  it("such as a prerelease of OCaml, whose package ocaml has the version of the release", async () => {
    const depends = (version: string) => `flags: compiler\ndepends: [ "ocaml" {= "${version}" & post} ]`;
    const prerelease = depends("5.7.0").replace("compiler", () => "[ compiler avoid-version ]");
    release("ocaml-base-compiler.5.5.0", "5.7.0~beta1", [depends("5.5.0"), prerelease]);
    release("ocaml.5.5.0", "5.7.0", ['{= "5.5.0"}', '{>= "5.7.0~" & < "5.7.1~"}']);
    const formula = formulaOf(parseOpamFile('depends: [ "ocaml" {>= "5.7.0"} ]'));
    const inputs = { ...given, "ocaml-version": "5.7.0~beta1" };
    const toolchain = await setUp(folder, inputs, newStory(), [{ source: "www.opam", formula }]);
    expect(toolchain?.spec.versions).toEqual({ ocaml: "5.7.0~beta1", "ocaml-solo5": "1.4.0", solo5: "0.13.0" });
    expect(toolchain?.spec.packages).toContain("ocaml-base-compiler.5.7.0~beta1");
  });

  it("of a combination that opam refuses: with its reason, and nothing is built", async () => {
    const story = newStory();
    const problem = await problemOf({ "ocaml-version": "5.6.0", "ocaml-solo5-version": "1.3.4" }, story);
    expect(problem.message).toBe("opam finds no toolchain for virtio with OCaml 5.6.0 and ocaml-solo5 1.3.4");
    expect(problem.facts.because).toEqual([
      "no agreement on the version of ocaml:",
      "  ocaml-base-compiler >= 5.6.0 -> ocaml >= 5.6.0",
      "  ocaml-solo5 = 1.3.4 -> ocaml = 5.5.0",
    ]);
    expect(ranOpam(story)).toBe(true);
    expect(left()).toEqual([]);
  });

  it("that no repository has: refused without a process, with the repositories and the nearest versions", async () => {
    const story = newStory();
    const problem = await problemOf({ "ocaml-version": "5.7.3" }, story);
    expect(problem.message).toBe("input ocaml-version: no opam repository has OCaml 5.7.3");
    expect(problem.facts).toMatchObject({
      because: expect.stringContaining(
        `asked ${given["opam-repositories"]?.replace(/: (.*)/, (_, url: string) => ` (${url})`) ?? ""}`,
      ) as string,
      accepted: ["OCaml 5.5.0, 5.6.0"],
    });
    expect(story.programs).toEqual([]);
  });

  describe("in repositories that only opam can read", () => {
    const asGit = () => {
      const repository = join(folder, "repository");
      const git = (...args: string[]) =>
        execFileSync("git", ["-C", repository, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);
      git("init", "--quiet");
      git("add", ".");
      git("commit", "--quiet", "--message", "all");
      return { "opam-repositories": `test: git+file://${repository}` };
    };

    it("are decided by opam", async () => {
      const toolchain = await setUp(folder, { ...given, ...asGit(), "ocaml-version": "5.6.0" });
      expect(toolchain?.spec.versions).toMatchObject({ ocaml: "5.6.0", "ocaml-solo5": "1.4.0" });
    });

    it("are refused by opam with the nearest versions, and nothing is built", async () => {
      const story = newStory();
      const problem = await problemOf({ ...asGit(), "ocaml-version": "5.7.3" }, story);
      expect(problem.message).toBe("input ocaml-version: no opam repository has OCaml 5.7.3");
      expect(problem.facts.accepted).toEqual(["OCaml 5.5.0, 5.6.0"]);
      expect(ranOpam(story)).toBe(true);
      expect(left()).toEqual([]);
    });

    it("are taken for unset versions where there are no others", async () => {
      keepOnlyNewest();
      expect((await setUp(folder, { ...given, ...asGit() }))?.spec.versions).toMatchObject({ ocaml: "5.6.0" });
    });
  });

  it("are not taken for unset versions", async () => {
    const story = newStory();
    const toolchain = await setUp(folder, given, story);
    expect(toolchain?.spec.versions).toMatchObject({ ocaml: "5.5.0", "ocaml-solo5": "1.3.4" });
    expect(story.lines.join("\n")).toContain(
      "newer: ocaml 5.6.0, solo5 0.13.0, ocaml-solo5 1.4.0: not in the version table; set the version to use it",
    );
  });

  it("are taken for unset versions where the repositories have no others", async () => {
    keepOnlyNewest();
    expect((await setUp(folder, given))?.spec.versions).toMatchObject({ ocaml: "5.6.0" });
  });
});
