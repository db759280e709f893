import { createHash } from "node:crypto";
import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveEntry, ArchiveFile } from "../archive/manifest.js";
import { paddedPrefix, placeholder, prefixLength, writePlaceholder } from "../archive/prefix.js";

/** opam's own notes about a switch, which any use of it rewrites. */
const notes = /^opam\/[^/]+\/\.opam-switch\/(environment|switch-state)$/;

/** Whether what is in a file of a toolchain may be other than it was, and is no change. */
export const isNote = (path: string): boolean => notes.test(path);

/**
 * Compares what lies in a toolchain's folder with what was unpacked there. What came later is not looked at, nor is what
 * opam notes for itself.
 *
 * @returns the paths that are missing or are not what they were.
 */
export async function changedEntries(path: string, entries: readonly ArchiveEntry[]): Promise<readonly string[]> {
  const prefix = paddedPrefix(path);
  const changed: string[] = [];
  for (const entry of entries) {
    const isSame = await isUnchanged(join(path, entry.path), entry, path, prefix).catch(() => false);
    if (!isSame) changed.push(entry.path);
  }
  return changed;
}

/**
 * Compares what was listed for an archive with what was unpacked, as {@link changedEntries} compares a folder with it.
 *
 * @returns the paths that are missing or are not what they were.
 */
export function differencesOf(unpacked: readonly ArchiveEntry[], listed: readonly ArchiveEntry[]): readonly string[] {
  const now = new Map(listed.map((entry) => [entry.path, entry]));
  return unpacked.filter((entry) => !isSame(entry, now.get(entry.path))).map(({ path }) => path);
}

function isSame(was: ArchiveEntry, is: ArchiveEntry | undefined): boolean {
  if (was.kind === "file" && is?.kind === "file")
    return isNote(was.path) || (was.sha256 === is.sha256 && was.executable === is.executable);
  if (was.kind === "link") return is?.kind === "link" && was.target === is.target;
  return was.kind === is?.kind;
}

async function isUnchanged(file: string, entry: ArchiveEntry, path: string, prefix: Buffer): Promise<boolean> {
  const found = await lstat(file);
  switch (entry.kind) {
    case "folder":
      return found.isDirectory();
    case "link":
      return found.isSymbolicLink() && (await readlink(file)) === entry.target.replace(`${placeholder}/`, `${path}/`);
    case "file":
      if (isNote(entry.path)) return found.isFile();
      return (
        found.isFile() &&
        ((found.mode & 0o100) !== 0) === entry.executable &&
        isContent(await readFile(file), entry, prefix)
      );
  }
}

function isContent(content: Buffer, { bytes, sha256, prefixAt = [] }: ArchiveFile, prefix: Buffer): boolean {
  if (content.length !== bytes || !prefixAt.every((at) => content.subarray(at, at + prefixLength).equals(prefix)))
    return false;
  writePlaceholder(content, prefixAt);
  return createHash("sha256").update(content).digest("hex") === sha256;
}
