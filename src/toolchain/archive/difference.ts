import { createHash } from "node:crypto";
import { posix } from "node:path";
import { type ArchiveEntry, type ArchiveManifest, parseEntries } from "./manifest.js";

// An archive of a toolchain that was built on another one has only the entries in which they differ.

/** What an archive with a base changes in it. */
export interface Difference {
  /** New and changed entries, and the folders that they are in. */
  readonly entries: readonly ArchiveEntry[];
  /** Paths of the base that are gone. */
  readonly removed: readonly string[];
}

/** The hash of a whole tree: two toolchains with the same have the same files, whatever the order of their lists. */
export function treeHash(entries: readonly ArchiveEntry[]): string {
  const rows = entries.map(identityOf).sort();
  return createHash("sha256").update(rows.join("\n")).digest("hex");
}

/**
 * What turns one tree into another.
 *
 * @param all in the order of an archive, which the difference keeps.
 */
export function differenceOf(base: readonly ArchiveEntry[], all: readonly ArchiveEntry[]): Difference {
  const before = new Map(base.map((entry) => [entry.path, identityOf(entry)]));
  const changed = all.filter((entry) => before.get(entry.path) !== identityOf(entry));
  const needed = new Set(changed.map(({ path }) => path));
  for (const { path } of changed)
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) needed.add(folder);
  const now = new Set(all.map(({ path }) => path));
  return {
    entries: all.filter(({ path }) => needed.has(path)),
    removed: base.map(({ path }) => path).filter((path) => !now.has(path)),
  };
}

/** Whether an entry of the base stays as it is. */
export function staysFrom({ entries, removed }: Difference): (entry: ArchiveEntry) => boolean {
  const gone = new Set(removed);
  const own = new Map(entries.map(({ path, kind }) => [path, kind]));
  return ({ path, kind }) => {
    const kindNow = own.get(path);
    // A folder in both stays: what is in it may be the base's.
    return !gone.has(path) && (kindNow === undefined || (kind === "folder" && kindNow === "folder"));
  };
}

/**
 * The whole tree of an archive with a base.
 *
 * @throws BadArchive when they make no tree that can be unpacked.
 */
export function wholeTree(base: readonly ArchiveEntry[], difference: Difference): ArchiveEntry[] {
  const kept = base.filter(staysFrom(difference));
  const paths = new Set(kept.map(({ path }) => path));
  return parseEntries([...kept, ...difference.entries.filter(({ path }) => !paths.has(path))]);
}

/** The difference that an archive has; undefined for one without a base. */
export function differenceIn({ base, entries }: ArchiveManifest): Difference | undefined {
  return base === undefined ? undefined : { entries, removed: base.removed };
}

function identityOf(entry: ArchiveEntry): string {
  const { path, kind } = entry;
  if (kind === "folder") return JSON.stringify([path, kind]);
  if (kind === "link") return JSON.stringify([path, kind, entry.target]);
  return JSON.stringify([path, kind, entry.executable, entry.bytes, entry.sha256, entry.prefixAt ?? []]);
}
