import { createHash } from "node:crypto";
import { readFile, lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { changedInside, readInside, touchInside, writeInside } from "../../platform/files/inside.js";
import { markText, ownMark, ownerAgeMs, parseMark } from "../../platform/process/owner-mark.js";
import { isRecord } from "../../platform/shape.js";
import {
  type ArchiveEntry,
  type ArchiveManifest,
  archiveFormat,
  locateEnvironment,
  locateTarget,
  manifestName,
  parseEntries,
  type ArchiveFile,
} from "../archive/manifest.js";
import { paddedPrefix, prefixLength, writePlaceholder } from "../archive/prefix.js";
import { toolchainKey } from "../key.js";
import { isEnvironment, isSpec, type Toolchain, type ToolchainOrigin, toolchainOrigins } from "../toolchain.js";

/** Separate from the manifest: a job that only uses the toolchain need not read a list of thousands of files. */
export const filesName = "toolchain-files.json";

/** Names the process that used the toolchain last: its age does not depend on a clock that may be set. */
const userName = "toolchain-user";

/** A toolchain as its folder records it. */
export type InstalledToolchain = Omit<Toolchain, "source">;

/**
 * Writes the manifest that makes a folder a complete toolchain; nothing is written after it.
 *
 * @param path where the folder will be.
 * @param origin not taken from the archive, which cannot be trusted for it.
 * @param isBuiltHere see {@link Toolchain.isBuiltHere}.
 */
export function writeInstalled(
  folder: string,
  path: string,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
  isBuiltHere = false,
): void {
  const { format, key, spec, environment, entries } = manifest;
  const built = isBuiltHere ? { isBuiltHere } : {};
  const located = { format, key, spec, path, origin, ...built, environment: locateEnvironment(environment, path) };
  writeInside(folder, filesName, JSON.stringify({ entries }));
  writeInside(folder, manifestName, `${JSON.stringify(located, null, 2)}\n`);
}

/**
 * The complete toolchain in a folder.
 *
 * @param folder where its manifest is, when not in `path`.
 * @returns undefined when there is none, when it has another format or was made for another path, or when its key does
 *   not match its spec.
 */
export async function readInstalled(path: string, folder = path): Promise<InstalledToolchain | undefined> {
  const value = await readJson(folder, manifestName);
  if (value === undefined || value["format"] !== archiveFormat || value["path"] !== path) return undefined;
  const { key, spec, environment } = value;
  const origin = toolchainOrigins.find((one) => one === value["origin"]);
  if (origin === undefined || !isSpec(spec) || !isEnvironment(environment) || key !== toolchainKey(spec))
    return undefined;
  const built = value["isBuiltHere"] === true ? ({ isBuiltHere: true } as const) : {};
  return { key, path, origin, ...built, spec, environment };
}

/** The entries that were unpacked into a toolchain's folder, without later additions (`opam install` on top). */
export async function readInstalledEntries(path: string): Promise<readonly ArchiveEntry[] | undefined> {
  const entries = (await readJson(path, filesName))?.["entries"];
  try {
    // Whoever changed the list must not lead us out of the folder.
    return entries === undefined ? undefined : parseEntries(entries);
  } catch {
    return undefined;
  }
}

/** Whether the toolchain is still installed at its path. */
export async function isInstalled({ key, path }: Pick<Toolchain, "key" | "path">): Promise<boolean> {
  return (await readInstalled(path))?.key === key;
}

/** Records that a toolchain is used now: see evict.ts. */
export function noteUse(path: string): void {
  // A read-only tool cache can be used too.
  attempt(() => touchInside(path, manifestName));
  attempt(() => writeInside(path, userName, markText(ownMark())));
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

const day = 24 * 3600 * 1000;

/** When a toolchain was used last. */
export interface LastUse {
  /** In milliseconds since 1970, by the clock at that time. */
  readonly usedMs: number;
  /** How long ago, at least 0. Only a use before the machine's last start is measured by the wall clock. */
  readonly unusedMs: number;
}

/**
 * @param folder where the toolchain's manifest is.
 * @returns undefined when there is none.
 */
export async function readLastUse(folder: string): Promise<LastUse | undefined> {
  const usedMs = attempt(() => changedInside(folder, manifestName));
  if (usedMs === undefined) return undefined;
  const user = parseMark(await readInside(folder, userName).catch(() => ""));
  const agoMs = Date.now() - usedMs;
  // A time in the future would keep it the newest for ever.
  if (agoMs < -day) attempt(() => touchInside(folder, manifestName));
  return { usedMs, unusedMs: (user && ownerAgeMs(user)) ?? Math.max(0, agoMs) };
}

/**
 * Compares a toolchain's folder with the entries that were unpacked there. Ignores later additions and opam's own
 * state.
 *
 * @returns the paths that are missing or changed.
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
 * Compares a list of a toolchain's entries with the unpacked ones, by the rules of {@link changedEntries}.
 *
 * @returns the paths that are missing or changed.
 */
export function differencesOf(unpacked: readonly ArchiveEntry[], listed: readonly ArchiveEntry[]): readonly string[] {
  const now = new Map(listed.map((entry) => [entry.path, entry]));
  return unpacked.filter((entry) => !isSame(entry, now.get(entry.path))).map(({ path }) => path);
}

/** opam's state of a switch, which any use of opam rewrites. */
const notes = /^opam\/[^/]+\/\.opam-switch\/(environment|switch-state)$/;

/** Whether the content of a file may differ without the toolchain being changed. */
export const isNote = (path: string): boolean => notes.test(path);

async function isUnchanged(file: string, entry: ArchiveEntry, path: string, prefix: Buffer): Promise<boolean> {
  const found = await lstat(file);
  switch (entry.kind) {
    case "folder":
      return found.isDirectory();
    case "link":
      return found.isSymbolicLink() && (await readlink(file)) === locateTarget(entry.target, path);
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

function isSame(was: ArchiveEntry, is: ArchiveEntry | undefined): boolean {
  if (was.kind === "file" && is?.kind === "file")
    return isNote(was.path) || (was.sha256 === is.sha256 && was.executable === is.executable);
  if (was.kind === "link") return is?.kind === "link" && was.target === is.target;
  return was.kind === is?.kind;
}

async function readJson(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readInside(folder, name));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
