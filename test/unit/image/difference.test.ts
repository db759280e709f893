import { expect, test } from "vitest";
import { differencesOf } from "../../../src/image/difference.js";
import * as image from "./build.js";

const withSections = (sections: Readonly<Record<string, string>>) =>
  image.elf({ sections: Object.entries(sections).map(([name, text]) => ({ name, type: 1, data: Buffer.from(text) })) });
const texts = (a: Buffer, b: Buffer) => differencesOf(a, b).map(({ text }) => text);

test("lists the sections that differ, and how", () => {
  const first = withSections({ ".text": "same", ".data": "abcdef", ".debug_str": "/home/one", ".old": "x" });
  const second = withSections({ ".text": "same", ".data": "abXdeY", ".debug_str": "/home/three", ".new": "x" });
  expect(texts(first, second)).toEqual(
    expect.arrayContaining([
      ".data: 2 of 6 bytes differ, first at offset 2",
      ".debug_str: 9 bytes, then 11; first at offset 6",
      ".old: only in the first",
      ".new: only in the second",
    ]),
  );
  expect(texts(first, second).join()).not.toContain(".text");
});

test("lists nothing for equal files, and bytes for files that are not ELF", () => {
  expect(differencesOf(Buffer.from("a"), Buffer.from("a"))).toEqual([]);
  expect(differencesOf(Buffer.from("abc"), Buffer.from("abd"))).toEqual([
    { where: "file", text: "no section: 1 of 3 bytes differ, first at offset 2" },
  ]);
});
