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
import { copyFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import { Problem } from "../../platform/problem.js";
import { cleaningUp } from "../../platform/process/leftovers.js";
import { isRecord } from "../../platform/shape.js";
import {
  type ArchiveEntry,
  type ArchiveFile,
  abstractEnvironment,
  archiveFormat,
  manifestName,
} from "../archive/manifest.js";
import { paddedPrefix, placeholder } from "../archive/prefix.js";
import { type Identities, identityOf, removeChanged } from "./identities.js";
import { filesName, readInstalled, readInstalledEntries, writeInstalled } from "./installed.js";

/** What stands beside a copy, so that a job can change anything in it but not what we know of it. */
export const recordOf = (copy: string): string => `${copy}.copied.json`;

/** What a copy was when it was made: a file or link that has another identity now may have been changed. */
interface CopyRecord {
  /** The folder that it is a copy of. */
  readonly from: string;
  /** Which toolchain was there: another one may have come into the same folder. */
  readonly of: string;
  readonly identities: Identities;
}

/** How a copy came to be what its toolchain is. */
export interface CopyOutcome {
  readonly isNew: boolean;
  /** Files and links that were written. */
  readonly written: number;
}

/**
 * Makes a folder an exact copy of an installed toolchain, with the folder's own path in it. Of a copy that is there, what is
 * not as it was made is removed or written again, whatever changed it: the kernel moves a file's ctime at each change.
 *
 * No file is shared with the toolchain (links would let a write in place through, and root ignores permissions).
 *
 * @param from an installed toolchain; it is only read.
 * @param to at most as long as archive/prefix.ts allows.
 * @throws Problem when there is no toolchain any more.
 */
export async function copyToolchain(from: string, to: string): Promise<CopyOutcome> {
  const installed = await readInstalled(from);
  if (installed === undefined) throw new Problem(`the toolchain in ${from} is gone`, { do: "run setup again" });
  const of = await identityOfToolchain(from);
  const known = await readCopyRecord(to);
  const isNew = known === undefined || known.of !== of || known.from !== from;
  await rm(join(to, manifestName), { force: true });
  const discard = () => rmSync(to, { recursive: true, force: true });
  const make = async (): Promise<CopyOutcome> => {
    if (isNew) {
      await rm(recordOf(to), { force: true });
      discard();
      await mkdir(to, { recursive: true });
    }
    chmodSync(to, 0o755);
    const identities = isNew ? new Map<string, string>() : removeChanged(to, known.identities);
    const entries = (await readInstalledEntries(from)) ?? [];
    const missing = entries.filter(({ path }) => !identities.has(path));
    await writeEntries(from, to, missing);
    for (const { path } of missing) identities.set(path, identityOf(join(to, path)));
    await writeFileAtomically(recordOf(to), JSON.stringify({ from, of, identities: [...identities] }));
    const { key, spec, origin, environment } = installed;
    const manifest = { format: archiveFormat, key, spec, entries: [] } as const;
    await writeInstalled(to, to, origin, { ...manifest, environment: abstractEnvironment(environment, from) });
    return { isNew, written: missing.filter(({ kind }) => kind !== "folder").length };
  };
  return isNew ? cleaningUp(discard, make) : make();
}

/** Of which toolchain a folder is a copy; undefined where it is none. */
export async function copiedFrom(copy: string): Promise<string | undefined> {
  return (await readCopyRecord(copy))?.from;
}

async function readCopyRecord(copy: string): Promise<CopyRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(recordOf(copy), "utf8"));
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

/** Files that are written at the same time: more are no faster. */
const atOnce = 8;

async function writeEntries(from: string, to: string, entries: readonly ArchiveEntry[]): Promise<void> {
  const files: ArchiveFile[] = [];
  for (const entry of entries) {
    const path = join(to, entry.path);
    if (entry.kind === "folder") {
      if (!existsSync(path)) mkdirSync(path);
      // Whatever the umask of this process is.
      chmodSync(path, 0o755);
    } else if (entry.kind === "link") symlinkSync(entry.target.replace(`${placeholder}/`, `${to}/`), path);
    else files.push(entry);
  }
  const prefix = paddedPrefix(to);
  const next = files.values();
  const work = async () => {
    for (const file of next) await writeEntry(join(from, file.path), join(to, file.path), file, prefix);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function writeEntry(from: string, to: string, { prefixAt }: ArchiveFile, prefix: Buffer): Promise<void> {
  /* promise: copies-are-files */ await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  if (prefixAt === undefined) return;
  // In place: a file system that shares blocks shares all the others. Synchronous: microseconds each.
  const file = openSync(to, "r+");
  try {
    for (const at of prefixAt) writeSync(file, prefix, 0, prefix.length, at);
  } finally {
    closeSync(file);
  }
}
