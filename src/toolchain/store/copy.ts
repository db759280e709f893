import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { copyFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import { isRealFolder, readInside, removeInside } from "../../platform/files/inside.js";
import { Problem } from "../../platform/problem.js";
import { cleaningUp } from "../../platform/process/leftovers.js";
import { isRecord } from "../../platform/shape.js";
import {
  type ArchiveEntry,
  type ArchiveFile,
  abstractEnvironment,
  archiveFormat,
  locateTarget,
  manifestName,
} from "../archive/manifest.js";
import { paddedPrefix } from "../archive/prefix.js";
import { type Identities, identityOf, removeChanged } from "./identities.js";
import { filesName, readInstalled, readInstalledEntries, writeInstalled } from "./installed.js";

/** The record of a copy, outside of it: a job can change anything in the copy, but not the record. */
export const recordOf = (copy: string): string => `${copy}.copied.json`;

/** The state of a copy when it was made: a file or link with another identity may have changed since. */
interface CopyRecord {
  /** The folder that it is a copy of. */
  readonly from: string;
  /** The identity of the toolchain that was in that folder: another one may be there now. */
  readonly of: string;
  readonly identities: Identities;
}

/** How much was written to make a copy equal to its toolchain. */
export interface CopyOutcome {
  readonly isNew: boolean;
  /** Files and links. */
  readonly written: number;
}

/**
 * Makes a folder an exact copy of an installed toolchain, with the folder's own path in its files. In an existing copy
 * only changed entries are removed or written again; the kernel updates a file's ctime at each change.
 *
 * No file is shared with the toolchain (links would let a write in place through, and root ignores permissions).
 *
 * @param from an installed toolchain; it is only read.
 * @param to at most as long as archive/prefix.ts allows.
 * @throws Problem when the toolchain is gone.
 */
export async function copyToolchain(from: string, to: string): Promise<CopyOutcome> {
  const installed = await readInstalled(from);
  if (installed === undefined) throw gone(from);
  const of = await identityOfToolchain(from);
  const entries = await readInstalledEntries(from);
  if (entries === undefined) throw gone(from);
  const known = await readCopyRecord(to);
  // promise: copies-are-no-links
  const isNew = known === undefined || known.of !== of || known.from !== from || !isRealFolder(to);
  if (!isNew) removeInside(to, manifestName);
  const discard = () => rmSync(to, { recursive: true, force: true });
  const make = async (): Promise<CopyOutcome> => {
    if (isNew) {
      await rm(recordOf(to), { force: true });
      discard();
      await makeFolder(to);
    }
    chmodSync(to, 0o755);
    const identities = isNew ? new Map<string, string>() : removeChanged(to, known.identities);
    const missing = entries.filter(({ path }) => !identities.has(path));
    await writeEntries(from, to, missing);
    for (const { path } of missing) identities.set(path, identityOf(join(to, path)));
    await writeFileAtomically(recordOf(to), JSON.stringify({ from, of, identities: [...identities] }));
    const { key, spec, origin, environment } = installed;
    const manifest = { format: archiveFormat, key, spec, entries: [] } as const;
    writeInstalled(to, to, origin, { ...manifest, environment: abstractEnvironment(environment, from) });
    return { isNew, written: missing.filter(({ kind }) => kind !== "folder").length };
  };
  return isNew ? cleaningUp(discard, make) : make();
}

const gone = (from: string) => new Problem(`the toolchain in ${from} is gone`, { do: "run setup again" });

/** The toolchain that a folder is a copy of; undefined for any other folder. */
export async function copiedFrom(copy: string): Promise<string | undefined> {
  return (await readCopyRecord(copy))?.from;
}

async function readCopyRecord(copy: string): Promise<CopyRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readInside(dirname(copy), basename(recordOf(copy))));
    if (!isRecord(value) || typeof value["from"] !== "string" || typeof value["of"] !== "string") return undefined;
    return { from: value["from"], of: value["of"], identities: new Map(value["identities"] as [string, string][]) };
  } catch {
    return undefined;
  }
}

async function identityOfToolchain(path: string): Promise<string> {
  const { ino, mtimeNs } = await stat(join(path, filesName), { bigint: true });
  return `${ino} ${mtimeNs}`;
}

/** Files written at the same time; more are not faster. */
const atOnce = 8;

/**
 * Copies entries of an installed toolchain into a folder that lacks them.
 *
 * @param at the path that their files get: where the folder will be.
 */
export async function writeEntries(from: string, to: string, entries: readonly ArchiveEntry[], at = to): Promise<void> {
  const files: ArchiveFile[] = [];
  for (const entry of entries) {
    const path = join(to, entry.path);
    if (entry.kind === "folder") {
      if (!existsSync(path)) mkdirSync(path);
      // Independent of the umask.
      chmodSync(path, 0o755);
    } else if (entry.kind === "link") symlinkSync(locateTarget(entry.target, at), path);
    else files.push(entry);
  }
  const prefix = paddedPrefix(at);
  const next = files.values();
  const work = async () => {
    for (const file of next) await writeEntry(join(from, file.path), join(to, file.path), file, prefix);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function writeEntry(from: string, to: string, { prefixAt }: ArchiveFile, prefix: Buffer): Promise<void> {
  /* promise: copies-are-files */ await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  if (prefixAt === undefined) return;
  // In place: where the file system shares blocks, all the others stay shared. Synchronous: microseconds each.
  const file = openSync(to, "r+");
  try {
    for (const at of prefixAt) writeSync(file, prefix, 0, prefix.length, at);
  } finally {
    closeSync(file);
  }
}
