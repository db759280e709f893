import { expect, it, afterEach, beforeEach, describe } from "vitest";
import { slimRuleOf, slimRules, planSlimming, tellKept, slimTable } from "../../../src/toolchain/slim.js";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { collectingLog } from "../../collecting-log.js";

const switchPath = "opam/toolchain";

it.each([
  ["bin/ocamlmklib", "dune makes foreign stubs with it"],
  ["bin/ocamlrun", "it runs ocamlmklib"],
  ["bin/ocaml", "build scripts of packages are run by it"],
  ["bin/ocamlopt.opt", "the compiler"],
  ["bin/ocamlfind", "findlib"],
  ["bin/mirage", "the mirage tool"],
  ["lib/ocaml-solo5/bin/ocamlmklib", "dune makes the cross side’s foreign stubs with it"],
  ["lib/ocaml-solo5/bin/ocamlopt.opt", "the cross compiler"],
  ["lib/ocaml/compiler-libs/ocamlcommon.cmxa", "every ppx needs it"],
  ["lib/ocaml/compiler-libs/ocamlcommon.a", "every ppx needs it"],
  ["lib/ocaml/compiler-libs/ocamlcommon.cma", "ocaml-compiler-libs, which ppxlib needs, reads it while it is built"],
  ["lib/ocaml-solo5/lib/ocaml/compiler-libs/ocamlcommon.cmxa", "one of upstream’s examples needs it"],
  ["lib/ocaml-solo5/lib/ocaml/compiler-libs/ocamlcommon.cma", "findlib finds no compiler-libs without it"],
  ["lib/ocaml-solo5/bin/ocaml", "dune reads files in OCaml’s syntax with it"],
  ["lib/ocaml/libasmrun.a", "the runtime"],
  ["lib/ocaml/libasmrun_pic.a", "the runtime of shared libraries"],
  ["lib/ocaml/stdlib.cma", "bytecode parts of packages"],
  ["lib/findlib.conf.d/solo5.conf", "findlib’s toolchain"],
  ["lib/doc-ock/META", "a library whose name begins like documentation"],
  [".opam-switch/switch-state", "opam install on top"],
  [".opam-switch/packages/dune.3.24.2/opam", "opam install on top"],
])("%s stays: %s", (path) => expect(slimRuleOf(`${switchPath}/${path}`)?.name).toBeUndefined());

it.each([
  ["opam/repo/state-11ABC690.cache", "opam’s own leftovers"],
  ["opam/toolchain/.opam-switch/sources/dune/x.ml", "opam’s own leftovers"],
  ["opam/toolchain/lib/ocaml-src/runtime/caml/mlvalues.h", "OCaml’s sources"],
  ["opam/toolchain/lib/ocaml/stdlib.cmti", "annotations"],
  ["opam/toolchain/man/man1/ocaml.1", "documentation"],
  ["opam/toolchain/bin/ocamlc.byte", "compilers in bytecode"],
  ["opam/toolchain/lib/ocaml-solo5/bin/ocamlc.byte", "compilers in bytecode"],
  ["opam/toolchain/lib/ocaml/libasmrund.a", "runtimes for debugging"],
  ["opam/toolchain/bin/ocamlruni", "runtimes for debugging"],
  ["opam/toolchain/bin/ocamldebug", "tools for people at a terminal"],
])("%s is left out as %s", (path, rule) => expect(slimRuleOf(path)?.name).toBe(rule));

it("opam’s repositories stay, whatever they are called", () => {
  expect(slimRuleOf("opam/repo/default.tar.gz")).toBeUndefined();
  expect(slimRuleOf("opam/repo/default/packages/dune/dune.3.24.2/opam")).toBeUndefined();
});

it("each rule says why", () => {
  for (const { name, reason } of slimRules) expect([name, reason.length > 20]).toEqual([name, true]);
});

describe("slim plan", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-slim-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const prefix = "opam/toolchain";
  function write(path: string, content = "", mode = 0o644): void {
    const file = join(folder, prefix, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
  }
  function link(path: string, target: string): void {
    mkdirSync(dirname(join(folder, prefix, path)), { recursive: true });
    symlinkSync(target, join(folder, prefix, path));
  }

  /** The layout of ocaml-solo5 0.8.5 for OCaml 4.14, which has no native cross compiler. */
  function writeOld(): void {
    const run = `${join(folder, prefix)}/bin/ocamlrun`;
    write("bin/ocamlrun", "\x7fELF", 0o755);
    write("bin/ocamlopt.opt", "\x7fELF", 0o755);
    link("bin/ocamlopt", "ocamlopt.opt");
    write("bin/ocamlopt.byte", `#!${run}\n`, 0o755);
    write("bin/ocamlrund", "\x7fELF", 0o755);
    for (const name of ["ocamlopt", "ocamldep", "ocamlprof"]) {
      write(`solo5-sysroot/bin/${name}.byte`, `#!${run}\n\0`, 0o755);
      link(`solo5-sysroot/bin/${name}`, `${name}.byte`);
    }
    write("solo5-sysroot/bin/ocamlmklib", `#!/bin/sh\nexec '${run}d' "$0" "$@"\n`, 0o755);
    write("lib/ocaml-src/META", 'directory = "."');
    write("lib/ocaml/stdlib.cmt");
    write("lib/ocaml/Makefile.config", `MANDIR=${join(folder, prefix)}/man\n`);
    write("man/man1/ocaml.1");
  }

  it("a slim toolchain keeps targets of links, scripts and interpreters, and no other covered file", async () => {
    writeOld();
    const { keeps, kept } = await planSlimming(folder);
    const at = (path: string) => `${prefix}/${path}`;
    expect([...kept].sort()).toEqual([
      [at("bin/ocamlrund"), at("solo5-sysroot/bin/ocamlmklib")],
      [at("solo5-sysroot/bin/ocamldep.byte"), at("solo5-sysroot/bin/ocamldep")],
      [at("solo5-sysroot/bin/ocamlopt.byte"), at("solo5-sysroot/bin/ocamlopt")],
    ]);
    const leftOut = [
      "bin/ocamlopt.byte",
      "solo5-sysroot/bin/ocamlprof",
      "lib/ocaml-src",
      "lib/ocaml/stdlib.cmt",
      "man/man1",
    ];
    expect(leftOut.map(at).filter(keeps)).toEqual([]);
    expect(
      ["solo5-sysroot/bin/ocamlopt", "solo5-sysroot/bin/ocamlopt.byte", "bin/ocamlrun"].map(at).filter(keeps),
    ).toHaveLength(3);
  });

  it("one line of the log lists the kept files and the reason for each", async () => {
    writeOld();
    const lines: string[] = [];
    tellKept(collectingLog(lines), await planSlimming(folder));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("solo5-sysroot/bin/ocamlopt.byte for ocamlopt");
    const many = new Map(Array.from({ length: 9 }, (_, index) => [`file${index}`, `bin/script${index}`]));
    tellKept(collectingLog(lines), { kept: many });
    expect(lines[1]).toMatch(/file3 for script3, and 5 more$/);
    tellKept(collectingLog(lines), { kept: new Map() });
    expect(lines).toHaveLength(2);
  });

  it("a file that only a kept file needs is found too", async () => {
    link("bin/ocaml", "ocaml.byte");
    write("bin/ocaml.byte", `#!${join(folder, prefix)}/bin/ocamlrund\n`, 0o755);
    link("bin/ocamlrund", "ocamlruni");
    write("bin/ocamlruni", "\x7fELF", 0o755);
    expect([...(await planSlimming(folder)).kept.keys()].map((path) => path.slice(prefix.length + 1))).toEqual([
      "bin/ocaml.byte",
      "bin/ocamlrund",
      "bin/ocamlruni",
    ]);
  });

  it("the table counts files kept for others among those that stay", async () => {
    writeOld();
    const rows = new Map((await slimTable(folder)).map(({ name, files }) => [name, files]));
    expect(rows.get("compilers in bytecode")).toBe(2);
    expect(rows.get("tools for people at a terminal")).toBe(0);
    expect(rows.get("kept for others")).toBe(3);
    expect(rows.get("what stays")).toBe(7);
  });
});
