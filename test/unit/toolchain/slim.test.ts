import { expect, it } from "vitest";
import { slimRuleOf, slimRules } from "../../../src/toolchain/slim.js";

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
