import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { makeFolder } from "../../platform/files/make-folder.js";
import { withLock } from "../../platform/files/lock.js";
import { type Log, seconds } from "../../platform/log.js";
import { type FetchedArchive, Unusable } from "../../platform/network/published.js";
import { messageOf } from "../../platform/problem.js";
import { treeHash } from "../archive/difference.js";
import { type ArchiveBase, type ArchiveEntry, type ArchiveManifest, BadArchive } from "../archive/manifest.js";
import { type BaseRules, type Layering, unpackToolchain } from "../archive/unpack.js";
import { type Toolchain, type ToolchainOrigin, type ToolchainSpec, originOf } from "../toolchain.js";
import { writeEntries } from "./copy.js";
import { isAsHandedOut } from "./handed-out.js";
import { identitiesIn, identityOf } from "./identities.js";
import { changedEntries, readInstalled, readInstalledEntries } from "./installed.js";
import type { ArchiveLevel } from "./levels.js";
import { isWritable } from "./place.js";
import type { Wanted } from "./wanted.js";

/** An archive in a folder, with what it was built on. */
export interface Unpacked {
  /** With the entries of the whole toolchain. */
  readonly manifest: ArchiveManifest;
  /** The origin of the toolchain that it was built on; undefined for an archive of a whole toolchain. */
  readonly below: ToolchainOrigin | undefined;
}

/**
 * Unpacks an archive that is being transferred, and checks the transfer.
 *
 * @returns the level's words about the transfer, for the log.
 * @throws Unusable for a damaged archive.
 */
export async function afterTransfer<Result>(
  fetched: FetchedArchive,
  unpack: () => Promise<Result>,
): Promise<{ readonly said: string; readonly unpacked: Result }> {
  let unpacked: Result | undefined;
  let damage: BadArchive | undefined;
  try {
    unpacked = await unpack();
  } catch (error) {
    if (!(error instanceof BadArchive)) {
      fetched.bytes.destroy();
      throw error;
    }
    damage = error;
  }
  // First: a wrong checksum is a better error than the damage in the archive.
  // promise: received-bytes-are-compared-first
  const said = await fetched.finish();
  if (unpacked === undefined) throw new Unusable(messageOf(damage));
  return { said, unpacked };
}

/**
 * Unpacks an archive of the toolchain into a folder, after emptying it. What the archive was built on comes from this
 * machine, else from a level.
 *
 * @throws BadArchive when it is damaged, holds another toolchain, or was built on one that cannot be found.
 */
export async function unpackInto(
  log: Log,
  draft: string,
  bytes: Readable,
  wanted: Wanted,
  levels: readonly ArchiveLevel[],
): Promise<Unpacked> {
  await emptied(draft);
  return unpackLayer(log, draft, wanted.place.path, bytes, wanted, levels, {});
}

/** @param path where the draft will be. */
async function unpackLayer(
  log: Log,
  draft: string,
  path: string,
  bytes: Readable,
  { key, below }: Pick<Wanted, "key" | "below">,
  levels: readonly ArchiveLevel[],
  layering: Pick<Layering, "accepts" | "stays">,
): Promise<Unpacked> {
  let origin: ToolchainOrigin | undefined;
  const putBase: NonNullable<Layering["putBase"]> = async (base, rules) => {
    if (below === undefined) throw new BadArchive(`it was built on another toolchain (${base.key})`);
    const put = await putBelow(log, draft, path, below, base, rules, levels);
    origin = put.origin;
    return put.entries;
  };
  const manifest = await unpackToolchain(bytes, draft, path, { ...layering, putBase });
  // promise: unpacked-key-is-compared
  if (manifest.key !== key) throw new BadArchive(`it holds another toolchain (${manifest.key})`);
  return { manifest, below: origin };
}

interface Put {
  readonly entries: readonly ArchiveEntry[];
  readonly origin: ToolchainOrigin;
}

/** Writes a toolchain with exactly the tree of `base` into an empty draft, as far as it stays. */
async function putBelow(
  log: Log,
  draft: string,
  path: string,
  below: Wanted,
  base: ArchiveBase,
  rules: BaseRules,
  levels: readonly ArchiveLevel[],
): Promise<Put> {
  const here = await installedBelow(below, below.place.path);
  if (here !== undefined && /* promise: other-builds-here-are-not-taken */ treeHash(here.entries) === base.tree) {
    rules.accepts(here.entries);
    await writeEntries(below.place.path, draft, here.entries.filter(rules.stays), path);
    return here;
  }
  const place = (await isWritable(dirname(below.place.path))) ? below.place : ((await below.spare?.()) ?? below.place);
  const fetch = async (level: ArchiveLevel): Promise<Put | undefined> => {
    const fetched = await level.fetch(below.key, place, below.below !== undefined);
    if (fetched === undefined || "because" in fetched) return undefined;
    const { said, unpacked } = await afterTransfer(fetched, () =>
      unpackLayer(log, draft, path, fetched.bytes, below, levels, rules),
    );
    log.fact(level.label, `the toolchain below it${said === "" ? "" : `, ${said}`}`);
    return { entries: unpacked.manifest.entries, origin: originOf(level.source, unpacked.below) };
  };
  // A level may bring its archive as a file, which only one process may use.
  return withLock(
    place.lock,
    (holder) => log.line(`  waiting for ${holder}, which is setting up the toolchain below`),
    async () => {
      for (const level of levels) {
        try {
          const put = await fetch(level);
          if (put !== undefined) return put;
        } catch (error) {
          if (!(error instanceof Unusable)) throw error;
          log.debug(`${level.label}: ${below.key}: ${error.message}`);
          await emptied(draft);
        }
      }
      throw new BadArchive(`the toolchain that it was built on cannot be found (${below.key})`);
    },
  );
}

/**
 * The installed toolchain in a folder, if another one can be built on it: it is what was wanted, from a source that
 * this run trusts, and no file of it has changed.
 */
export async function installedBelow(below: Pick<Wanted, "key" | "trusts">, path: string): Promise<Put | undefined> {
  const found = await readInstalled(path);
  if (found?.key !== below.key || /* promise: layers-below-are-trusted */ !below.trusts(found.origin)) return undefined;
  const entries = await readInstalledEntries(path);
  if (entries === undefined || !(await isAsHandedOut(path))) return undefined;
  // promise: layers-below-are-compared
  if ((await changedEntries(path, entries)).length > 0) return undefined;
  return { entries, origin: found.origin };
}

/** A toolchain that another one is built on. */
export interface Below {
  readonly toolchain: Toolchain;
  readonly entries: readonly ArchiveEntry[];
}

/** A toolchain that was copied to where another one is built on it. */
export interface Copied {
  readonly spec: ToolchainSpec;
  /** Whether a file is no longer as it was copied. */
  readonly isNew: (path: string) => boolean;
}

/**
 * Copies the toolchain below into an empty build folder, with the folder's path in its files.
 */
export async function copyBelow(log: Log, { toolchain, entries }: Below, buildPath: string): Promise<Copied> {
  const start = performance.now();
  await writeEntries(toolchain.path, buildPath, entries);
  log.fact("copied", `${entries.length} entries of ${toolchain.key} in ${seconds(performance.now() - start)}`);
  const copied = identitiesIn(buildPath);
  return { spec: toolchain.spec, isNew: (path) => copied.get(path) !== identityOf(join(buildPath, path)) };
}

async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
}
