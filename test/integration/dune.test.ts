import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, failedJob, newMachine, runJob } from "./job.js";
import { writeOpamRepository } from "./opam-repository.js";
import type { GivenInputs } from "./set-up.js";

// Real opam, and a test dune that reads contexts as dune does. The projects are examples/hello-solo5 in other contexts.

const hello = join(import.meta.dirname, "../../examples/hello-solo5");

/** All tests share the toolchain; each builds in its own folder. */
let machine: string;
let given: GivenInputs;

beforeAll(() => {
  machine = newMachine();
  given = {
    target: "spt",
    arch: "x86_64",
    "ocaml-version": "5.4.1",
    "opam-repositories": `test: ${writeOpamRepository(join(machine, "repository"))}`,
    "opam-packages": "dune",
  };
});
afterAll(() => rmSync(machine, { recursive: true, force: true }));

/** examples/hello-solo5, with its executable enabled in this context. */
function project(directory: string, context: string, files: Readonly<Record<string, string>> = {}): GivenInputs {
  const folder = join(checkout(machine, { [join(directory, "README.md")]: "" }), directory);
  cpSync(hello, folder, { recursive: true, filter: (from) => basename(from) !== "_build" });
  const stanzas = readFileSync(join(folder, "dune"), "utf8").replaceAll(
    /\(= %\{context_name\} solo5\)/g,
    () => `(= %{context_name} ${context})`,
  );
  checkout(machine, {
    [join(directory, "dune")]: stanzas,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [join(directory, name), text])),
  });
  return { ...given, directory };
}
const built = async (inputs: GivenInputs) => {
  const job = await runJob(machine, inputs);
  return {
    ...job,
    places: job.images.map((path) => relative(join(machine, "checkout", inputs.directory ?? ""), path)),
  };
};

describe("a dune project", () => {
  it("without a context is built in a generated one, and gets no generated files", async () => {
    const inputs = project("generated", "solo5");
    const { places, info } = await built(inputs);
    expect(places).toEqual(["_build/solo5/hello.exe"]);
    expect(info.images).toMatchObject([{ unikernel: "hello", file: "hello.exe" }]);
    const folder = join(machine, "checkout/generated");
    execFileSync("diff", ["--recursive", "--exclude=_build", hello, folder]);
  });

  it("with its own context is built in that", async () => {
    const workspace =
      "(lang dune 3.0)\n(context default)\n(context (default (name mine) (toolchain solo5) (host default)))\n";
    expect((await built(project("own", "mine", { "dune-workspace": workspace }))).places).toEqual([
      "_build/mine/hello.exe",
    ]);
  });

  it("that needs `dune build -x solo5` is built that way", async () => {
    const { places, info } = await built(project("cross", "default.solo5"));
    expect(places).toEqual(["_build/default.solo5/hello.exe"]);
    expect(info.build?.steps.map(({ name }) => name)).toEqual(["dune build"]);
  });

  it("whose ppx the cross compiler cannot build is built as the image alone", async () => {
    const inputs = project("ppx", "solo5", { "ppx/dune": "(library (name answer) (kind ppx_rewriter))" });
    expect((await failedJob(machine, inputs)).facts.do).toContainEqual(
      expect.stringContaining("build only the image, with `image: _build/solo5/NAME.exe`"),
    );
    expect((await built({ ...inputs, image: "_build/solo5/hello.exe" })).places).toEqual(["_build/solo5/hello.exe"]);
  });

  it("can have hooks, and its artifact has the stripped image and its debug file", async () => {
    const inputs = project("hooks", "solo5");
    const folder = join(machine, "checkout/hooks");
    rmSync(join(folder, "manifest.json"));
    const hooked = {
      ...inputs,
      "pre-configure": `cp ${hello}/manifest.json . && which dune > hook.txt`,
      "post-build": 'echo "$TARGET $ARCH" >> hook.txt; test -s _build/solo5/hello.exe',
      strip: "true",
    };
    const { info } = await runJob(machine, hooked);
    expect(info.build?.steps.map(({ name }) => name)).toEqual(["pre-configure", "dune build", "post-build"]);
    expect(readFileSync(join(folder, "hook.txt"), "utf8")).toMatch(/\/opam\/toolchain\/bin\/dune\nspt x86_64\n$/);
    expect(info.images).toMatchObject([{ file: "hello.exe", debugFile: "hello.exe.debug" }]);
  });

  it("can have several images, from which `image` selects", async () => {
    const inputs = project("several", "solo5");
    const several = {
      ...inputs,
      "post-build": "mkdir -p _build/solo5/test && cp _build/solo5/hello.exe _build/solo5/test/again.exe",
    };
    expect((await built(several)).places).toEqual(["_build/solo5/hello.exe", "_build/solo5/test/again.exe"]);
    expect((await built({ ...several, image: "_build/solo5/test/*.exe" })).places).toEqual([
      "_build/solo5/test/again.exe",
    ]);
  });

  it("that does not compile has the error at its source line, also in a subfolder of the repository", async () => {
    const inputs = project("wrong/deep", "solo5");
    writeFileSync(join(machine, "checkout/wrong/deep/hello.ml"), "let x = 1\n");
    const log: string[] = [];
    const problem = await failedJob(machine, inputs, log);
    expect(problem.message).toMatch(/^dune build failed with status 2 after /);
    expect(log.filter((line) => line.startsWith("error at "))).toEqual([
      expect.stringMatching(/^error at wrong\/deep\/hello\.ml:1: this compiler for tests knows /),
    ]);
  });

  it("refuses arguments for `mirage configure`", async () => {
    const problem = await failedJob(machine, { ...project("arguments", "solo5"), "configure-args": "--dhcp" });
    expect(problem.message).toBe("input configure-args: the project is built by dune, which does not use it");
  });
});
