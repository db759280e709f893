import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readReferences } from "../../../src/toolchain/references.js";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-references-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** References of a file with this content, where `@` is the toolchain's folder. A final slash: with all content. */
async function referencesOf(path: string, content: string): Promise<readonly string[]> {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    content.replaceAll("@", () => folder),
    "latin1",
  );
  return (await readReferences(folder, { path, kind: "file" })).map((one) => `${one.path}${one.whole ? "/" : ""}`);
}

it("a script refers to its interpreter, and to the paths in its text", async () => {
  expect(
    await referencesOf("bin/ocamlmklib", "#!@/bin/ocamlrun -b\n\0behind it there is bytecode: @/lib/not-read"),
  ).toEqual(["bin/ocamlrun/"]);
  const wrapper = `#!/bin/sh
prog=$(dirname "$0")/../lib/tools
exec '@/lib/x86/ocamlrun' "$prog" -I@///include:@/lib "@/a b" @other/file
`;
  expect(await referencesOf("bin/wrapper", wrapper)).toEqual([
    "lib/x86/ocamlrun/",
    "include/",
    "lib/",
    "a/",
    "lib/tools/",
  ]);
});

it.each(["\x7fELF@/bin/ocamlrun", "no script: @/bin/ocamlrun", ""])(
  "a program or another text refers to nothing: %j",
  async (text) => {
    expect(await referencesOf("bin/ocamlopt.opt", text)).toEqual([]);
  },
);

it("objects, interfaces and sources are not read", async () => {
  for (const name of ["a.ml", "a.cmi", "a.o", "a.h"]) expect(await referencesOf(name, "#!@/bin/ocaml")).toEqual([]);
});

it("a native library refers to its objects and stubs, one in bytecode to the stubs that are loaded", async () => {
  expect(await referencesOf("lib/ocaml/unix.cmxa", "")).toEqual([
    "lib/ocaml/unix.a",
    "lib/ocaml/libunix.a",
    "lib/ocaml/libunix_stubs.a",
  ]);
  expect(await referencesOf("lib/fmt/fmt.cma", "")).toEqual([
    "lib/fmt/dllfmt.so",
    "lib/fmt/dllfmt_stubs.so",
    "lib/fmt/stublibs/dllfmt.so",
    "lib/fmt/stublibs/dllfmt_stubs.so",
    "lib/stublibs/dllfmt.so",
    "lib/stublibs/dllfmt_stubs.so",
  ]);
});

it("settings refer to the paths in them, install settings only to the folders themselves", async () => {
  expect(
    await referencesOf(
      "lib/findlib.conf.d/solo5.conf",
      'path(solo5) = "@/s/lib/ocaml:@/lib"\nocamlopt(solo5) = "@/s/bin/ocamlopt"\n',
    ),
  ).toEqual(["s/lib/ocaml/", "lib/", "s/bin/ocamlopt/"]);
  expect(await referencesOf("lib/ocaml/ld.conf", "@/lib/ocaml/stublibs\n@/lib/stublibs\n")).toEqual([
    "lib/ocaml/stublibs/",
    "lib/stublibs/",
  ]);
  expect(await referencesOf("lib/ocaml/Makefile.config", "prefix=@\nMANDIR=@/man\nRUN=@/bin/ocamlrun\n")).toEqual([
    "man",
    "bin/ocamlrun",
  ]);
  expect(await referencesOf("share/ocaml/config.status", "#! /bin/sh\ns&docdir&@/doc/ocaml&\n")).toEqual(["doc/ocaml"]);
});

it("a META file refers to its directory and to the files that findlib looks for", async () => {
  const meta = `# directory = "no"
version = "[distributed with OCaml]"
directory = "+compiler-libs"
archive(byte) = "common.cma"
archive(native) += "common.cmxa other.cmxa"
package "ppx" (
  directory = "driver"
  ppx(-ppx_driver) = "./ppx.exe --as-ppx"
  package "deep" ( exists_if = "deep.cma, deep.cmxa" )
)
exists_if = "common.cma"
`;
  expect(await referencesOf("opam/lib/compiler-libs/META", meta)).toEqual([
    "opam/lib/ocaml/compiler-libs/",
    "opam/lib/ocaml/compiler-libs/driver/",
    "opam/lib/ocaml/compiler-libs/driver/deep.cma",
    "opam/lib/ocaml/compiler-libs/driver/deep.cmxa",
    "opam/lib/ocaml/compiler-libs/driver/ppx.exe",
    "opam/lib/ocaml/compiler-libs/common.cma",
    "opam/lib/ocaml/compiler-libs/common.cmxa",
    "opam/lib/ocaml/compiler-libs/other.cmxa",
    "opam/lib/ocaml/compiler-libs/common.cma",
  ]);
  expect(await referencesOf("lib/ocaml/unix/META", 'directory = "^"\narchive(native) = "unix.cmxa"')).toEqual([
    "lib/ocaml/",
    "lib/ocaml/unix.cmxa",
  ]);
  expect(
    await referencesOf("lib/x/META", 'directory = "@/share/x"\nplugin(byte) = "x.cma"\n)\narchive = "y.cma"'),
  ).toEqual(["share/x/", "share/x/x.cma"]);
});

it("a link refers to its target, unless that is outside the toolchain", async () => {
  mkdirSync(join(folder, "bin"));
  const link = async (target: string) => {
    rmSync(join(folder, "bin/link"), { force: true });
    symlinkSync(target, join(folder, "bin/link"));
    return (await readReferences(folder, { path: "bin/link", kind: "link" })).map(({ path }) => path);
  };
  expect(await link("ocamlopt.byte")).toEqual(["bin/ocamlopt.byte"]);
  expect(await link(join(folder, "lib//x"))).toEqual(["lib/x"]);
  expect(await link("../../etc")).toEqual([]);
  expect(await link("/usr/bin/gcc")).toEqual([]);
});
