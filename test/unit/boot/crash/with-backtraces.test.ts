import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withBacktraces } from "../../../../src/boot/crash/with-backtraces.js";
import { elf } from "../../image/build.js";

const getenv = Buffer.from("getenv: reads the environment, and has more than fifty-two bytes of code.");
const scanmult = Buffer.from("scanmult: reads a number");

/** @param functions name and code, one after the other in a section; names can share their end. */
function imageOf(functions: readonly (readonly [name: string, code: Buffer])[]): Buffer {
  const names = Buffer.from(`\0caml_secure_getenv\0scanmult\0`, "latin1");
  let at = 0;
  const symbols = functions.map(([name, code]) => {
    const symbol = Buffer.alloc(24);
    symbol.writeUInt32LE(names.indexOf(`${name}\0`), 0);
    symbol.writeUInt16LE(1, 6);
    symbol.writeBigUInt64LE(BigInt(at), 8);
    symbol.writeBigUInt64LE(BigInt(code.length), 16);
    at += code.length;
    return symbol;
  });
  return elf({
    sections: [
      { name: ".text", type: 1, data: Buffer.concat(functions.map(([, code]) => code)) },
      { name: ".symtab", type: 2, data: Buffer.concat(symbols) },
      { name: ".strtab", type: 3, data: names },
    ],
  });
}

const changed = (before: Buffer, after: Buffer | undefined) =>
  (after ?? before).filter((byte, at) => byte !== before[at]);

describe("an image that prints backtraces", () => {
  it("has other functions in place of its runtime's", () => {
    const image = imageOf([
      ["caml_secure_getenv", getenv],
      ["scanmult", scanmult],
    ]);
    const copy = withBacktraces(image, image, "x86_64");
    expect(copy?.length).toBe(image.length);
    expect(copy?.includes("b,d=1\0")).toBe(true);
    expect(changed(image, copy).length).toBeGreaterThan(20);
    expect(image.includes(getenv)).toBe(true);
  });

  it("can be stripped and in another format", () => {
    const symbols = imageOf([
      ["caml_secure_getenv", getenv],
      ["scanmult", scanmult],
    ]);
    const image = Buffer.concat([Buffer.from("MZ"), scanmult, getenv, Buffer.from("end")]);
    const copy = withBacktraces(image, symbols, "aarch64");
    expect(copy?.subarray(0, 2).toString()).toBe("MZ");
    expect(copy?.includes("b,d=1\0")).toBe(true);
    expect(copy?.subarray(-3).toString()).toBe("end");
  });

  it("has the C library's function replaced where the runtime's is only a jump to it", () => {
    const image = imageOf([
      ["caml_secure_getenv", Buffer.from("jump.")],
      ["secure_getenv", getenv],
      ["scanmult", scanmult],
    ]);
    expect(withBacktraces(image, image, "x86_64")?.includes("jump.b")).toBe(false);
    expect(withBacktraces(image, image, "x86_64")?.includes("jump.")).toBe(true);
    expect(withBacktraces(image, image, "x86_64")?.includes(getenv)).toBe(false);
  });

  it.each([
    ["without OCaml's runtime", imageOf([["scanmult", scanmult]])],
    ["without a function for numbers", imageOf([["caml_secure_getenv", getenv]])],
    [
      "whose function is too short",
      imageOf([
        ["caml_secure_getenv", Buffer.from("jump.")],
        ["scanmult", scanmult],
      ]),
    ],
    [
      "whose function's code is there twice",
      imageOf([
        ["caml_secure_getenv", getenv],
        ["secure_getenv", getenv],
        ["scanmult", scanmult],
      ]),
    ],
    ["that is no ELF file", Buffer.from("MZ")],
    ["whose symbols are damaged", imageOf([["scanmult", scanmult]]).subarray(0, 100)],
  ])("is not made of one %s", (_, image) => {
    expect(withBacktraces(image, image, "x86_64")).toBeUndefined();
  });
});

// The processor itself reads the new functions.
it.skipIf(process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))("its functions run", () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-backtraces-"));
  try {
    const source = join(folder, "a.c");
    writeFileSync(
      source,
      `#include <stdio.h>
       #define OWN __attribute__((noinline, used))
       volatile long sink;
       OWN char *caml_secure_getenv(const char *name)
       {
         for (int i = 0; i < 9; i++) sink += name[0] * i + sink / 3;
         return NULL;
       }
       OWN void scanmult(const char *text, unsigned long *to)
       {
         for (int i = 0; i < 9; i++) sink -= text[0] * i;
         *to = 7;
       }
       int main(void)
       {
         unsigned long level = 0;
         char *text = caml_secure_getenv("OCAMLRUNPARAM");
         scanmult(text ? text : "", &level);
         printf("%s %lu %s %s", text, level, caml_secure_getenv("CAMLRUNPARAM"), caml_secure_getenv("TMPDIR=x"));
       }`,
    );
    const [before, after] = [join(folder, "before"), join(folder, "after")];
    execFileSync("cc", ["-O1", "-fno-unroll-loops", "-o", before, source]);
    const image = readFileSync(before);
    const copy = withBacktraces(image, image, process.arch === "x64" ? "x86_64" : "aarch64");
    writeFileSync(after, copy ?? "", { mode: 0o755 });
    expect(execFileSync(before, { encoding: "utf8" })).toBe("(null) 7 (null) (null)");
    expect(execFileSync(after, { encoding: "utf8" })).toBe("b,d=1 1 (null) (null)");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
