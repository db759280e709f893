import { readFile, stat, utimes, writeFile, lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import { markText, ownMark, ownerAgeMs, parseMark } from "../../platform/process/owner-mark.js";
import { isRecord } from "../../platform/shape.js";
import {
  type ArchiveEntry,
  type ArchiveManifest,
  archiveFormat,
  locateEnvironment,
  manifestName,
  type ArchiveFile,
} from "../archive/manifest.js";
import { toolchainKey } from "../key.js";
import { isEnvironment, isSpec, type Toolchain, type ToolchainOrigin, toolchainOrigins } from "../toolchain.js";
import { createHash } from "node:crypto";
import { paddedPrefix, placeholder, prefixLength, writePlaceholder } from "../archive/prefix.js";

/** Beside what a toolchain is, so that a job which only uses it does not read a list of thousands of files. */
export const filesName = "toolchain-files.json";
/** Whose process has used it last: what that says of time no clock that is set can change. */
const userName = "toolchain-user";

/** A toolchain as its folder tells of it. */
export type InstalledToolchain = Omit<Toolchain, "source">;

/**
 * Written last, before the folder gets its name: a folder with it is a complete toolchain.
 *
 * @param path where the folder will be.
 * @param origin who gave it: an archive cannot say that of itself.
 */
export async function writeInstalled(
  folder: string,
  path: string,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<void> {
  const { format, key, spec, environment, entries } = manifest;
  const located = { format, key, spec, path, origin, environment: locateEnvironment(environment, path) };
  await writeFileAtomically(join(folder, filesName), JSON.stringify({ entries }));
  await writeFileAtomically(join(folder, manifestName), `${JSON.stringify(located, null, 2)}\n`);
}

/**
 * The complete toolchain in a folder.
 *
 * @returns undefined when there is none: nothing, one of another format, or one that was made for another path or spec
 *   than its key says.
 * @param folder where its record is, when it is not in its folder.
 */
export async function readInstalled(path: string, folder = path): Promise<InstalledToolchain | undefined> {
  const value = await readJson(join(folder, manifestName));
  if (value === undefined || value["format"] !== archiveFormat || value["path"] !== path) return undefined;
  const { key, spec, environment } = value;
  const origin = toolchainOrigins.find((one) => one === value["origin"]);
  if (origin === undefined || !isSpec(spec) || !isEnvironment(environment) || key !== toolchainKey(spec))
    return undefined;
  return { key, path, origin, spec, environment };
}

/** What was unpacked into a toolchain's folder; what came later (`opam install` on top) is not in it. */
export async function readInstalledEntries(path: string): Promise<readonly ArchiveEntry[] | undefined> {
  const entries = (await readJson(join(path, filesName)))?.["entries"];
  return Array.isArray(entries) ? (entries as ArchiveEntry[]) : undefined;
}

/** Whether the toolchain is still where its record says. */
export async function isInstalled({ key, path }: Pick<Toolchain, "key" | "path">): Promise<boolean> {
  return (await readInstalled(path))?.key === key;
}

/** Notes that a toolchain was used now: see evict.ts. */
export async function noteUse(path: string): Promise<void> {
  const now = new Date();
  // A tool cache that may only be read is as good.
  await utimes(join(path, manifestName), now, now).catch(() => undefined);
  await writeFile(join(path, userName), markText(ownMark())).catch(() => undefined);
}

/** When a toolchain was used last. */
export interface LastUse {
  /** In milliseconds since 1970, as the clock was set then. */
  readonly usedMs: number;
  /** How long ago. By the clock that may be set only where that was before this machine's last start, and never below 0. */
  readonly unusedMs: number;
}

/**
 * @param folder where the toolchain's record is.
 * @returns undefined when there is none.
 */
export async function readLastUse(folder: string): Promise<LastUse | undefined> {
  const manifest = join(folder, manifestName);
  const stats = await stat(manifest).catch(() => undefined);
  if (stats === undefined) return undefined;
  const usedMs = stats.mtimeMs;
  const user = parseMark(await readFile(join(folder, userName), "utf8").catch(() => ""));
  const agoMs = Date.now() - usedMs;
  // A time to come would be the newest for ever.
  if (agoMs < -day) await utimes(manifest, new Date(), new Date()).catch(() => undefined);
  return { usedMs, unusedMs: (user && ownerAgeMs(user)) ?? Math.max(0, agoMs) };
}

const day = 24 * 3600 * 1000;

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

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
