import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Bytes, MalformedFile } from "../../../src/image/bytes.js";
import { librariesOf, readElf, segmentType } from "../../../src/image/elf.js";
import { elf } from "./build.js";

describe("the libraries of a dynamic file", () => {
  const file = (...tags: readonly (readonly [tag: number, value: number])[]) => {
    const data = Buffer.alloc(tags.length * 16);
    tags.forEach(([tag, value], index) => {
      data.writeBigUInt64LE(BigInt(tag), index * 16);
      data.writeBigUInt64LE(BigInt(value), index * 16 + 8);
    });
    const names = Buffer.from("\0libone.so.1\0libtwo.so\0", "latin1");
    return readElf(
      new Bytes(
        elf({
          segments: [{ type: segmentType.dynamic, data }],
          sections: [{ name: ".dynstr", type: 3, data: names }],
        }),
      ),
    );
  };

  test("are those that it needs, in order, up to the end of the table", () => {
    expect(librariesOf(file([1, 13], [5, 1], [1, 1], [0, 0], [1, 1]))).toEqual(["libtwo.so", "libone.so.1"]);
  });

  test("are none in a static file", () => {
    expect(librariesOf(readElf(new Bytes(elf({}))))).toEqual([]);
  });

  test("have names inside of their table", () => {
    expect(() => librariesOf(file([1, 99]))).toThrow(MalformedFile);
  });

  test("of a real program include the C library", () => {
    expect(librariesOf(readElf(new Bytes(readFileSync(process.execPath))))).toContain("libc.so.6");
  });
});
