import { expect, it } from "vitest";
import { exactSize, parseSize } from "../../../src/platform/size.js";

it.each([
  ["5MB", 5_000_000],
  ["1.5 kB", 1500],
  ["4MiB", 4_194_304],
  ["12", 12],
  ["5 mb", undefined],
  ["-1", undefined],
  ["", undefined],
])("the size %j is %s bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each([
  [3 * 2 ** 30, "3 GiB"],
  [2 ** 30 + 2 ** 20, "1025 MiB"],
  [1536, "1536 bytes"],
  [2048, "2 KiB"],
])("%i bytes are exactly %s", (bytes, text) => {
  expect(exactSize(bytes)).toBe(text);
  expect(parseSize(text.replace(/ bytes$/, ""))).toBe(bytes);
});
