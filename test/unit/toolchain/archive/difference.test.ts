import { describe, expect, it } from "vitest";
import { differenceOf, treeHash, wholeTree } from "../../../../src/toolchain/archive/difference.js";
import { type ArchiveEntry, type ArchiveFile, BadArchive } from "../../../../src/toolchain/archive/manifest.js";

const folder = (path: string): ArchiveEntry => ({ kind: "folder", path });
const link = (path: string, target: string): ArchiveEntry => ({ kind: "link", path, target });
const file = (path: string, more: Partial<ArchiveFile> = {}): ArchiveFile => ({
  ...{ kind: "file", path, executable: false, bytes: 1000, sha256: "a".repeat(64) },
  ...more,
});

const base = [folder("bin"), folder("lib"), folder("lib/old"), file("bin/ocaml"), file("lib/old/a"), link("l", "bin")];
const paths = (entries: readonly ArchiveEntry[]) => entries.map(({ path }) => path);

describe("the difference of two trees", () => {
  it.each<[what: string, changed: ArchiveEntry]>([
    ["another content", file("bin/ocaml", { sha256: "b".repeat(64) })],
    ["another mode", file("bin/ocaml", { executable: true })],
    ["another size", file("bin/ocaml", { bytes: 1001 })],
    ["the path at another place", file("bin/ocaml", { prefixAt: [7] })],
    ["a link in place of it", link("bin/ocaml", "../lib/old/a")],
  ])("has a file with %s, and its folder", (_, changed) => {
    const all = base.map((entry) => (entry.path === changed.path ? changed : entry));
    expect(differenceOf(base, all)).toEqual({ entries: [folder("bin"), changed], removed: [] });
    expect(treeHash(all)).not.toBe(treeHash(base));
  });

  it("has the target of a link, what is new, and what is gone", () => {
    const all = [
      folder("bin"),
      folder("lib"),
      folder("lib/new"),
      file("bin/ocaml"),
      link("l", "lib"),
      file("lib/new/b"),
    ];
    const difference = differenceOf(base, all);
    expect(paths(difference.entries)).toEqual(["lib", "lib/new", "l", "lib/new/b"]);
    expect(difference.removed).toEqual(["lib/old", "lib/old/a"]);
    expect(treeHash(wholeTree(base, difference))).toBe(treeHash(all));
  });

  it("is empty for the same tree in another order, which has the same hash", () => {
    const reversed = base.toReversed();
    expect(differenceOf(base, reversed)).toEqual({ entries: [], removed: [] });
    expect(treeHash(reversed)).toBe(treeHash(base));
  });

  it("is all of a tree with nothing below it", () => {
    expect(differenceOf([], base)).toEqual({ entries: base, removed: [] });
  });

  it("may put a folder in place of a file, and a file in place of a folder", () => {
    const all = [folder("bin"), folder("bin/ocaml"), file("bin/ocaml/x"), file("lib"), link("l", "bin")];
    const whole = wholeTree(base, differenceOf(base, all));
    expect(treeHash(whole)).toBe(treeHash(all));
  });
});

describe("a difference that makes no tree", () => {
  it.each<[what: string, entries: readonly ArchiveEntry[], removed: readonly string[]]>([
    ["removes a folder of which a file stays", [], ["lib/old"]],
    ["puts a link in place of a folder of which a file stays", [link("lib", "bin")], []],
  ])("is refused: it %s", (_, entries, removed) => {
    expect(() => wholeTree(base, { entries, removed })).toThrow(BadArchive);
  });
});
