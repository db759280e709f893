import { expect, it } from "vitest";
import { parseList } from "../../../../src/platform/network/published-list.js";

const listOf = (url: string) =>
  JSON.stringify({ format: 1, toolchains: [{ key: "k", url, sha256: "a".repeat(64), bytes: 1 }] });

it.each(["https://mirror.example/x/", "http://mirror.example/"])(
  "a list from %s names no file of this machine",
  (base) => {
    expect(() => parseList("toolchains", listOf("file:///etc/passwd"), new URL(base))).toThrow(
      "names a file of this machine: file:///etc/passwd",
    );
    expect(() => parseList("toolchains", listOf("file:k.tar.zst"), new URL(base))).toThrow(
      "names a file of this machine",
    );
  },
);

it("a list in a folder names files in that folder", () => {
  expect(parseList("toolchains", listOf("k.tar.zst"), new URL("file:///mirror/"))).toMatchObject([
    { url: "file:///mirror/k.tar.zst" },
  ]);
});
