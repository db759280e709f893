import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInputs, withTarget } from "../../src/actions/interface.js";
import { Problem } from "../../src/platform/problem.js";
import { processes } from "../../src/platform/process/process.js";
import { buildProject } from "../../src/project/build-project.js";
import { detectProject } from "../../src/project/detect.js";
import type { Build } from "../../src/project/project.js";
import type { Toolchain } from "../../src/toolchain/toolchain.js";
import { collectingLog } from "../collecting-log.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, hostIn, setUp } from "./set-up.js";

let folder: string;
let given: GivenInputs;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-test-"));
  lines = [];
  const url = writeOpamRepository(join(folder, "repository"));
  given = {
    target: "spt",
    arch: "x86_64",
    "ocaml-version": "5.4.x",
    "opam-repositories": `test: ${url}`,
    directory: "project",
  };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, "project", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

async function toolchain(more: GivenInputs = {}): Promise<Toolchain> {
  const made = await setUp(folder, { ...given, ...more });
  if (made === undefined) throw new Error("no toolchain");
  return made;
}

async function build(made: Toolchain, more: GivenInputs = {}): Promise<Build> {
  const context = { host: hostIn(folder), log: collectingLog(lines), processes };
  const inputs = {
    ...withTarget(readInputs((name) => ({ ...given, ...more })[name])),
    arch: context.host.architecture,
  };
  return buildProject(context, inputs, made, await detectProject(folder, inputs));
}

const links = `ocamlfind -toolchain solo5 ocamlopt -cclib \\"-z solo5-abi=$MODE\\" www.ml -o www.img`;
const opamFile = (depends: string) => `opam-version: "2.0"
synopsis: "A unikernel"
maintainer: "nobody"
authors: "nobody"
homepage: "https://example.org"
bug-reports: "https://example.org"
depends: [ "ocaml-solo5" ${depends} ]
build: ["sh" "-e" "-c" "${links}"]
install: ["install" "-D" "www.img" "%{bin}%/www.spt"]
`;
const unikernel = 'let () = print_endline "hello"\n';

describe("an opam package", () => {
  it("is built and installed, its image is found, and the cached toolchain does not change", async () => {
    write({ "www.opam": opamFile('"library"'), "www.ml": unikernel });
    const made = await toolchain();
    const { images, steps } = await build(made);
    expect(steps.map(({ name }) => name)).toEqual(["opam install ."]);
    expect(images.map(({ name }) => name)).toEqual(["www"]);
    expect(lines.join("\n")).toContain("installed library.1");
    const env = { ...process.env, ...made.environment.variables } as Record<string, string>;
    const opam = async (...args: string[]) =>
      (await processes.run([join(made.path, "bin/opam"), ...args], { env })).stdout;
    const content = async () =>
      `${await opam("list", "--installed", "--short")} ${await opam("pin", "list", "--short")}`;
    // The installed packages are there for later steps of the job, but not for the next job.
    expect(await content()).toMatch(/library[^]*www[^]* www/);
    expect(await toolchain()).toMatchObject({ source: "tool-cache", path: made.path });
    expect(await content()).not.toMatch(/library|www/);
  });

  it("is built again by each build of a job", async () => {
    write({ "www.opam": opamFile('"library"'), "www.ml": unikernel });
    const made = await toolchain();
    await build(made);
    lines = [];
    expect((await build(made)).images.map(({ name }) => name)).toEqual(["www"]);
    expect(lines.join("\n")).toMatch(/installed library\.1[^]*installed www/);
  });

  it("leaves the toolchain unchanged when the build fails", async () => {
    write({ "www.opam": opamFile('"library"'), "www.ml": "let x = 1\n" });
    const made = await toolchain();
    const error: unknown = await build(made).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Problem);
    expect(String(error)).toMatch(/^opam install \. failed[^]*this compiler for tests knows/);
    expect((await toolchain()).source).toBe("tool-cache");
  });

  it("cannot replace a dependency of the cross compiler: opam refuses, and the toolchain is unchanged", async () => {
    write({ "www.opam": opamFile('"solo5" {= "0.9.3"}'), "www.ml": unikernel });
    const made = await toolchain();
    const error: unknown = await build(made).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /^opam install \. failed after \S+ s: no version of solo5 suits both the toolchain and www\n/,
    );
    expect((await toolchain()).source).toBe("tool-cache");
  });

  it("names the system packages of a dependency that this system’s sources lack", async () => {
    write({
      "../repository/packages/conf-capnproto/conf-capnproto.1/opam":
        'opam-version: "2.0"\ndepexts: [["libnosuch-capnp-dev" "nosuchpkg-capnp"]]\n',
      "www.opam": opamFile('"conf-capnproto"'),
      "www.ml": unikernel,
    });
    const error: unknown = await build(await toolchain()).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /^opam install \. failed after \S+ s: system packages are unavailable: libnosuch-capnp-dev nosuchpkg-capnp /,
    );
    expect(String(error)).toContain("sudo apt-get install libnosuch-capnp-dev nosuchpkg-capnp");
  });

  it("can replace another package of the toolchain, but only for its own job", async () => {
    write({
      "../repository/packages/library/library.2/opam": 'opam-version: "2.0"\n',
      "www.opam": opamFile('"library" {= "2"}'),
      "www.ml": unikernel,
    });
    const older = { "opam-packages": "library.1" };
    await build(await toolchain(older));
    const next = await toolchain(older);
    expect(next.source).toBe("tool-cache");
    const packages = await readdir(join(next.path, "opam/toolchain/.opam-switch/packages"));
    expect(packages.filter((name) => name.startsWith("library"))).toEqual(["library.1"]);
  });
});
