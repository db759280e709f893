import { describe, expect, it } from "vitest";
import {
  isPrefixIn,
  paddedPrefix,
  placeholder,
  placeholderBytes,
  prefixLength,
  writePrefixIn,
} from "../../../../src/toolchain/archive/prefix.js";

const offsets = [3, 3 + prefixLength, 600];
const content = () => {
  const bytes = Buffer.alloc(1000, ".");
  for (const at of offsets) bytes.write(placeholder, at, "latin1");
  return bytes;
};
const partsOf = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));

describe.each([1, 7, 100, 160, 161, 999, 1000])("a file that comes in parts of %i bytes", (size) => {
  it("gets its path wherever the placeholder stands, and nothing else is changed", () => {
    const whole = content();
    for (const at of offsets) paddedPrefix("/opt/toolchain").copy(whole, at);
    const parts = partsOf(content(), size);
    parts.forEach((part, n) => writePrefixIn(part, n * size, offsets, paddedPrefix("/opt/toolchain")));
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  it("is refused without the placeholder where its manifest says", () => {
    const isThere = (bytes: Buffer) =>
      partsOf(bytes, size).every((part, n) => isPrefixIn(part, n * size, offsets, placeholderBytes));
    expect(isThere(content())).toBe(true);
    for (const at of [3, 162, 163, 322, 600, 759]) {
      const changed = content();
      changed[at] = 0;
      expect(isThere(changed)).toBe(false);
    }
    const besides = content();
    for (const at of [0, 2, 323, 599, 760, 999]) besides[at] = 0;
    expect(isThere(besides)).toBe(true);
  });
});
