import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UsedPackage } from "../../src/project/project.js";
import { checkout, failedJob, newMachine, runJob } from "./job.js";
import { writeOpamRepository } from "./opam-repository.js";
import type { GivenInputs } from "./set-up.js";

// Real opam and git, with small repositories and a small compiler for tests.

/** All tests share the toolchains; each builds in its own folder. */
let machine: string;
let given: GivenInputs;

beforeAll(() => {
  machine = newMachine();
  const url = writeOpamRepository(join(machine, "repository"));
  given = { target: "spt", arch: "x86_64", "ocaml-version": "5.4.1", "opam-repositories": `test: ${url}` };
});
afterAll(() => rmSync(machine, { recursive: true, force: true }));

/** Commits files to a git repository on this machine. */
function commit(
  name: string,
  files: Readonly<Record<string, string>>,
): { readonly url: string; readonly hash: string } {
  const folder = join(machine, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      encoding: "utf8",
    }).trim();
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "more");
  return { url: `git+file://${folder}`, hash: git("rev-parse", "HEAD") };
}

/** A package that installs a text; its fields can have a licence. */
const textPackage = (word: string, ...fields: string[]) =>
  [
    'opam-version: "2.0"',
    `install: ["sh" "-c" "mkdir -p '%{lib}%/motto' && echo ${word} > '%{lib}%/motto/motto.a'"]`,
    ...fields,
    "",
  ].join("\n");

/** An opam package whose image prints the text of a library in the switch. */
const project = (depends: string) => ({
  "www.opam": [
    'opam-version: "2.0"',
    'license: "MIT"',
    `depends: [ "ocaml-solo5" ${depends} ]`,
    String.raw`build: ["sh" "-e" "-c" "`,
    String.raw`echo \"let () = print_endline \\\"$(cat %{lib}%/motto/motto.a)\\\"\" > www.ml &&`,
    String.raw`ocamlfind -toolchain solo5 ocamlopt -cclib \"-z solo5-abi=$MODE\" www.ml -o www.img"]`,
    'install: ["install" "-D" "www.img" "%{bin}%/www.spt"]',
    "",
  ].join("\n"),
});
const inFolder = (directory: string, files: Readonly<Record<string, string>>) => {
  checkout(machine, Object.fromEntries(Object.entries(files).map(([name, text]) => [join(directory, name), text])));
  return { ...given, directory };
};
const textOf = (path = "") => readFileSync(path, "latin1");
/** The text that the image would print. */
const saysOf = (path = "") => /echo ([\w-]+)\0/.exec(textOf(path))?.[1];

describe("several opam repositories", () => {
  it("are used at their commits, and packages of the first take precedence", async () => {
    const old = commit("overlay", {
      repo: 'opam-version: "2.0"\n',
      "packages/motto/motto.1/opam": textPackage("festina"),
    });
    commit("overlay", { "packages/motto/motto.2/opam": textPackage("carpe") });
    const base = commit("base", {
      repo: 'opam-version: "2.0"\n',
      "packages/motto/motto.1/opam": textPackage("never"),
      "packages/other/other.1/opam": textPackage("other"),
    });
    const repositories = [
      `overlay: ${old.url}#${old.hash}`,
      `base: ${base.url}#${base.hash}`,
      given["opam-repositories"],
    ].join("\n");
    const inputs = {
      ...inFolder("repositories", project('"motto"')),
      "opam-repositories": repositories,
      "opam-packages": "other",
    };
    const { images, info, log } = await runJob(machine, { ...inputs, reproducible: "true" });
    expect(saysOf(images[0])).toBe("festina");
    expect(info.toolchain?.opamRepositories.map(({ name, url }) => [name, url.split("#")[1]])).toEqual([
      ["overlay", old.hash],
      ["base", base.hash],
      ["test", undefined],
    ]);
    expect(info.packages?.filter(({ name }) => name === "other")).toMatchObject([{ version: "1", use: "tool" }]);
    expect(log.join("\n")).toContain(
      "warning: not pinned to a commit, so a later build may use other packages: opam repository test\n",
    );
  });
});

describe("pins", () => {
  it("at a commit take precedence over every repository, and are part of the key", async () => {
    const pinned = commit("motto", { "motto.opam": textPackage("pinned-first") });
    const next = commit("motto", { "motto.opam": textPackage("pinned-second") });
    const keys: string[] = [];
    for (const [directory, hash, word] of [
      ["first", pinned.hash, "pinned-first"],
      ["second", next.hash, "pinned-second"],
    ] as const) {
      const inputs = inFolder(directory, project('"motto"'));
      const { images, info } = await runJob(machine, { ...inputs, "opam-pins": `motto ${pinned.url}#${hash}` });
      expect(saysOf(images[0])).toBe(word);
      expect(info.toolchain?.opamPins).toEqual([{ package: "motto", url: `${pinned.url}#${hash}` }]);
      keys.push(info.toolchain?.key ?? "");
    }
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe("build info and SBOM of an opam project", () => {
  it("are valid and list its packages with hashes, licences and uses; the summary has an unusual licence", async () => {
    const sources = join(machine, "motto-1");
    mkdirSync(sources);
    writeFileSync(join(sources, "README"), "a motto");
    const archive = join(machine, "motto-1.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", machine, "motto-1"]);
    const sha256 = execFileSync("sha256sum", [archive], { encoding: "utf8" }).slice(0, 64);
    const source = `url { src: "file://${archive}" checksum: "sha256=${sha256}" }`;
    const repository = commit("licensed", {
      repo: 'opam-version: "2.0"\n',
      "packages/motto/motto.1/opam": textPackage("licensed", 'license: "GPL-3.0-only"', source),
      "packages/generator/generator.1/opam": 'opam-version: "2.0"\nlicense: "GPL-2.0-only"\n',
    });
    const inputs = {
      ...inFolder("licences", project('"motto" "generator" {build}')),
      "opam-repositories": `${given["opam-repositories"] ?? ""}\nlicensed: ${repository.url}#${repository.hash}`,
    };
    const { artifact, info, summary } = await runJob(machine, inputs);

    const used = (wanted: string) => info.packages?.find(({ name }) => name === wanted);
    expect(used("motto")).toEqual({
      name: "motto",
      version: "1",
      from: "opam",
      use: "unknown",
      source: `file://${archive}`,
      hashes: [`sha256=${sha256}`],
      licenses: ["GPL-3.0-only"],
    } satisfies UsedPackage);
    expect(used("www")).toMatchObject({ use: "image", licenses: ["MIT"] });
    expect(used("ocaml-solo5")).toMatchObject({ use: "image", version: info.toolchain?.versions["ocaml-solo5"] });
    expect(used("generator")).toMatchObject({ use: "tool" });
    const shown = summary.replaceAll("&#45;", "-").replaceAll("&#46;", ".");
    expect(shown).toMatch(/motto[^\n]*GPL-3\.0-only/);
    expect(shown).not.toContain("GPL-2.0-only");

    const ajv = new Ajv2020.default({ allowUnionTypes: true });
    addFormats.default(ajv);
    const validate = ajv.compile(
      JSON.parse(textOf(join(import.meta.dirname, "../../docs/build-info.schema.json"))) as object,
    );
    expect(validate(info), JSON.stringify(validate.errors)).toBe(true);
    const sbom = textOf(join(artifact, "sbom.cdx.json"));
    expect(
      await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(
        readFileSync(join(artifact, "sbom.cdx.json"), "utf8"),
      ),
    ).toBeNull();
    const { components } = JSON.parse(sbom) as { components: { name: string; scope?: string }[] };
    expect(
      components
        .filter(({ name }) => ["motto", "www", "generator"].includes(name))
        .map(({ name, scope }) => [name, scope]),
    ).toEqual([
      ["generator", "excluded"],
      ["motto", "optional"],
      ["www", "required"],
    ]);
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: artifact });
  });
});

describe("when opam cannot install for a project, the error shows", () => {
  it("a conflict: its relevant lines, and what to do", async () => {
    const problem = await failedJob(machine, inFolder("conflict", project('"wants-old-ocaml"')));
    expect(problem.message).toMatch(/^opam install \. failed after \S+ s: no version of OCaml suits both /);
    expect(problem.facts.because).toEqual(["wants-old-ocaml wants ocaml < 5.0, and the toolchain has OCaml 5.4.1"]);
    expect(problem.facts.do).toEqual(["set `ocaml-version: 4.14.4`, or relax that constraint"]);
    expect([problem.facts.evidence].flat().length).toBeLessThan(12);
  });

  it("a package that does not build: the end of its log, and the whole log", async () => {
    const problem = await failedJob(machine, inFolder("failing", project('"failing"')));
    const lines = ["checking for a reason", "failing.c:1: error: this package never builds"];
    expect(problem.message).toMatch(/^opam install \. failed after \S+ s: the opam package failing\.1 does not build$/);
    expect(problem.facts.evidence).toEqual(lines);
    expect(problem.wholeLog).toEqual({ title: "The whole log of failing.1", lines });
    expect(problem.facts.again).toContain(`cd ${machine}/checkout/failing && `);
  });

  it("a package that no repository has", async () => {
    const problem = await failedJob(machine, inFolder("unknown", project('"nowhere"')));
    expect(problem.message).toMatch(/: no opam repository has a package nowhere$/);
    expect([problem.facts.do].flat().join()).toContain("opam-repository-archive");
  });

  it("the project’s own sources: the error is at its line, also in a subfolder", async () => {
    const log: string[] = [];
    const files = {
      ...project(""),
      "www.opam": project("")["www.opam"].replace(
        /build: [^\]]*\]/,
        'build: ["ocamlfind" "-toolchain" "solo5" "ocamlopt" "-cclib" "-z solo5-abi=spt" "src/www.ml" "-o" "www.img"]',
      ),
      "src/www.ml": "let x = 1\n",
    };
    const problem = await failedJob(machine, inFolder("compiled", files), log);
    expect(problem.message).toMatch(/: the opam package www\.\S+ does not build$/);
    expect(log.filter((line) => line.startsWith("error at "))).toEqual([
      'error at compiled/src/www.ml:1: this compiler for tests knows print_endline "...", exit N and hello-solo5',
    ]);
  });
});
