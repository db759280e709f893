import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { planSlimming, tellKept, slimTable } from "../../../src/toolchain/slim-plan.js";
import { collectingLog } from "../../collecting-log.js";

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
