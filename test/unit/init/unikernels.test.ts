import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTree } from "../../../src/init/tree.js";
import { describe as shown } from "../../../src/init/unikernel.js";
import { findUnikernels } from "../../../src/init/unikernels.js";
import { treeOf } from "./trees.js";

const register = (main = '"Unikernel.Main"', more = "") =>
  `open Mirage\n${more}let () = register "x" [ main ${main} job ]\n`;
const chosen = (files: Readonly<Record<string, string>>, within = "") =>
  findUnikernels(treeOf(files), within).chosen.map(shown);
const one = (files: Readonly<Record<string, string>>) => {
  const [first, ...others] = findUnikernels(treeOf(files), "").chosen;
  expect(others).toEqual([]);
  if (first === undefined) throw new Error("no unikernel");
  return first;
};

describe("a unikernel of mirage", () => {
  it("is a config.ml that registers a module of its folder", () => {
    const files = { "a/config.ml": register(), "a/unikernel.ml": "", "b/config.ml": register() };
    expect(chosen(files)).toEqual(["a/config.ml (MirageOS)"]);
  });

  it("needs no module of its own if it names none", () => {
    expect(chosen({ "config.ml": 'let () = Mirage.register "noop" [ Mirage.noop ]' })).toHaveLength(1);
  });

  it.each([
    ["a module that has the words only in a comment", '(* open Mirage, register "x" *)\nlet port = 80'],
    ["a configuration that registers nothing", 'open Mirage\nlet main = main "Unikernel" job'],
  ])("is not %s", (_, text) => {
    expect(chosen({ "config.ml": text, "unikernel.ml": "" })).toEqual([]);
  });

  it("in tests and examples counts where there is no other, or where a person looks in their folder", () => {
    const example = { "example2/config.ml": register(), "example2/unikernel.ml": "" };
    expect(chosen(example)).toEqual(["example2/config.ml (MirageOS)"]);
    const both = { ...example, "config.ml": register(), "unikernel.ml": "" };
    expect(chosen(both)).toEqual(["config.ml (MirageOS)"]);
    expect(chosen(both, "example2")).toEqual(["example2/config.ml (MirageOS)"]);
    expect(findUnikernels(treeOf(both), "").others.map(shown)).toEqual(["example2/config.ml (MirageOS)"]);
  });

  it.each([
    ["a package of a folder above", register('~packages:[ package "pages" ] "Unikernel"'), "", "mirage/config.ml"],
    ["a pinned one", register('~packages:[ package ~pin:"git+file:///x" "pages" ] "Unikernel"'), "mirage", undefined],
    ["no package of the repository", register('~packages:[ package "lwt" ] "Unikernel"'), "mirage", undefined],
    ["local_libs", register('~local_libs:[ "shared" ] "Unikernel"'), "", "mirage/config.ml"],
  ])("that uses %s is built from the folder that has it", (_, text, directory, configFile) => {
    const files = { "pages.opam": "", "dune-project": "", "mirage/config.ml": text, "mirage/unikernel.ml": "" };
    expect(one(files)).toMatchObject({ directory, configFile });
  });

  it("with a library of its own stays in its folder", () => {
    const text = register('~local_libs:[ "hello" ] "Unikernel"');
    const own = { "a/config.ml": text, "a/unikernel.ml": "", "a/hello/dune": "(library (name hello))" };
    expect(one({ "dune-project": "", ...own }).directory).toBe("a");
  });

  it("names the arguments that it requires, and the disks that it reads", () => {
    const source = `
      (* Arg.(required & opt int 1 (info [ "no" ])) *)
      let a = let doc = Arg.info ~doc:"A" [ "k"; "key" ] in
        Mirage_runtime.register_arg Arg.(required & opt (some string) None doc)
      let b = Arg.(value & opt string "" (info [ "free" ]))
      let c = Arg.(required & pos 0 (some string) None (info [] ~docv:"X"))`;
    const { boot } = one({
      "config.ml": register('"Unikernel"', 'let b = block_of_file "d"\n'),
      "unikernel.ml": source,
    });
    expect(boot).toEqual({
      required: ["--key", "KEY"],
      needs: "`block_of_file` in config.ml needs a disk with content",
    });
  });
});

describe("a unikernel of dune", () => {
  const contexts = (...names: string[]) =>
    [
      "(lang dune 3.0)(context (default))",
      ...names.map((name) => `(context (default (name ${name}) (toolchain ${name})))`),
    ].join("\n");
  const program = (name: string, flags: string, libraries = "") =>
    `(executable (name ${name}) (link_flags (:standard -cclib "${flags}")) (libraries ${libraries}))\n`;

  it("is a program with a flag of Solo5 or Unikraft, or for such a context", () => {
    expect(one({ "dune-project": "", dune: program("a", "-z solo5-abi=spt") }).targets).toEqual(["spt"]);
    const unikraft = { "dune-project": "", dune: program("a", "-z unikraft-backend=firecracker") };
    expect(one(unikraft).targets).toEqual(["unikraft-firecracker"]);
    const forContext = "(executable (name a) (enabled_if (= %{context_name} solo5)))";
    expect(one({ "dune-project": "", dune: forContext }).targets).toEqual([]);
    const included = `(executable (name a) (flags (:include flags)))
      (rule (action (write-file flags "(-cclib \\"-z unikraft-backend=%{env:B=qemu}\\")")))`;
    expect(one({ "dune-project": "", "dune.inc": included }).targets).toEqual(["unikraft-qemu"]);
  });

  it.each([
    ["a library", '(library (name x) (libraries mirage-solo5) (c_flags "-z solo5-abi=hvt"))'],
    ["a program for the host", "(executable (name x) (libraries solo5-elftool))"],
    ["a program that is commented out", '; (executable (name x) (link_flags "-z solo5-abi=hvt"))'],
  ])("is not %s", (_, text) => {
    expect(chosen({ "dune-project": "", dune: text })).toEqual([]);
  });

  it("is built for the context that its workspace has, from the folder of that", () => {
    const both = program("a", "-z solo5-abi=hvt -z unikraft-backend=qemu");
    const files = { "dune-project": "", "u/dune-workspace": contexts("unikraft"), "u/x/dune": both };
    expect(one(files)).toMatchObject({
      directory: "u",
      targets: ["unikraft-qemu"],
      inputs: { image: "_build/unikraft/x/a.exe" },
      remarks: [],
    });
  });

  it("without a context says that one is generated", () => {
    const [remark] = one({ "dune-project": "", dune: program("a", "-z solo5-abi=hvt") }).remarks;
    expect(remark?.text).toBe(". has no dune-workspace with a context for solo5: each build generates it");
  });

  it("names the packages of its libraries and of its opam file, but none of its own", () => {
    const files = {
      "dune-project": "",
      "dune-workspace": contexts("solo5"),
      "own.opam": `depends: [ "ocaml" "bstr" {>= "1"} "hxd" {with-test} "alcotest" {with-test} "odoc" {with-doc} ]
        pin-depends: [ [ "bstr.dev" "git+https://example.org/bstr.git#abc" ] ]`,
      "lib/dune": "(library (name inner) (public_name own.inner))",
      "test/dune":
        program("a", "-z solo5-abi=hvt", "own own.inner inner fmt.cli unix") + program("b", "-z solo5-abi=hvt"),
    };
    expect(one(files).inputs).toEqual({
      image: "_build/solo5/test/*.exe",
      "opam-packages": "alcotest bstr fmt hxd",
      "opam-pins": "bstr.dev git+https://example.org/bstr.git#abc",
    });
  });

  it("whose opam package make builds is left to opam", () => {
    const files = {
      "dune-project": "",
      "dune-workspace": contexts("solo5"),
      "ntp.opam": 'depends: [ "mnet" ]\nbuild: [ [ make "all" ] ]',
      "bin/dune": `${program("main", "-z solo5-abi=hvt", "mnet-cli")}
        (rule (with-stdout-to manifest.json (run %{exe:main.exe} --ipv4=0.0.0.0/24 --domain foo.local)))`,
    };
    expect(one(files)).toMatchObject({
      buildSystem: "opam",
      inputs: { args: "--ipv4=10.0.0.2/24 --domain foo.local" },
    });
    expect(one(files).inputs).not.toHaveProperty("opam-packages");
  });

  it("brings the sources that its makefile vendors, and is asked for its help where arguments are required", () => {
    const files = {
      "dune-project": "",
      "dune-workspace": contexts("solo5"),
      GNUmakefile: "vendors:\n\t./source.sh\n",
      dune: program("main", "-z solo5-abi=hvt"),
      "main.ml": 'let x = Arg.(required & opt (some int) None (info [ "x" ]))',
    };
    expect(one(files).inputs).toMatchObject({ "pre-configure": "make vendors", args: "--help=plain" });
  });

  it("in a project with dune.lock says what decides its packages", () => {
    const files = {
      "dune-project": "",
      "dune.lock": "",
      "dune-workspace": contexts("solo5"),
      dune: program("a", "-z solo5-abi=hvt"),
    };
    expect(one(files).remarks.map(({ text }) => text)).toEqual([expect.stringMatching(/^dune\.lock: /)]);
  });

  it("is not a folder that mirage generated", () => {
    const files = { "config.ml": register(), "unikernel.ml": "", dune: program("main", "-z solo5-abi=hvt") };
    expect(chosen(files)).toEqual(["config.ml (MirageOS)"]);
  });
});

describe("the tree of a repository", () => {
  const root = mkdtempSync(join(tmpdir(), "unikernel-ci-tree-"));
  const add = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  };
  for (const path of [
    "a/config.ml",
    ".github/workflows/ci.yml",
    ".hidden/x",
    "_build/x",
    "duniverse/x/config.ml",
    "dune.lock/x.pkg",
  ])
    add(path);
  symlinkSync("/etc/hostname", join(root, "link"));
  const tree = readTree(root);

  it("has the repository's own files and those of its CI, and follows no link", () => {
    expect(tree.paths).toEqual([".github/workflows/ci.yml", "a/config.ml", "dune.lock"]);
    expect(tree.text("a/config.ml")).toBe("a/config.ml");
    expect([tree.text("link"), tree.text("missing")]).toEqual(["", ""]);
  });
});
