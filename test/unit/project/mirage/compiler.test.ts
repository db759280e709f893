import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  compilerChanges,
  compilerPackages,
  readCompilers,
  refuseChangedCompilers,
} from "../../../../src/project/mirage/compiler.js";
import { folderWith, toolchainFor } from "../fixtures.js";

const toolchain = toolchainFor("aarch64", "solo5");
const spec = { ...toolchain.spec, packages: ["ocaml-base-compiler.5.4.1", "dune", "ocamlfind", "solo5.0.12.1"] };

test("a toolchain’s compilers are OCaml and the cross compiler’s packages", () => {
  expect(compilerPackages({ spec })).toEqual([
    "ocaml-base-compiler",
    "solo5",
    "solo5-cross-aarch64",
    "ocaml-solo5-cross-aarch64",
  ]);
});

test("a toolchain’s compilers are read from opam’s own files", async () => {
  const state = "opam/toolchain/.opam-switch";
  const path = await folderWith({
    [`${state}/packages/solo5.0.12.1/opam`]: "",
    [`${state}/packages/solo5-elftool.1/opam`]: "",
    [`${state}/packages/dune.3.20.0/opam`]: "",
    [`${state}/install/solo5.changes`]: "",
  });
  await utimes(join(path, state, "install/solo5.changes"), 10, 10);
  expect(await readCompilers({ spec, path })).toEqual({ solo5: { version: "0.12.1", installedMs: 10_000 } });
  expect(await readCompilers({ spec, path: "/nowhere" })).toEqual({});
});

describe("compilers that a build has changed", () => {
  const before = {
    solo5: { version: "0.12.1", installedMs: 1 },
    "ocaml-solo5": { version: "1.3.3", installedMs: 1 },
    gone: { version: "1", installedMs: 1 },
  };
  const after = { solo5: { version: "0.10.1", installedMs: 2 }, "ocaml-solo5": { version: "1.3.3", installedMs: 2 } };

  test("are listed one by one", () => {
    expect(compilerChanges(before, before)).toEqual([]);
    expect(compilerChanges(before, after)).toEqual([
      "solo5 0.12.1 became 0.10.1",
      "ocaml-solo5 1.3.3 was built again",
      "gone 1 was removed",
    ]);
  });

  test("fail the build", () => {
    expect(() => refuseChangedCompilers([])).not.toThrow();
    expect(() => refuseChangedCompilers(["solo5 0.12.1 became 0.10.1"])).toThrow("changed the toolchain’s compiler");
  });
});
