import { rename, mkdir, rm } from "node:fs/promises";
import { type Log, seconds } from "../../platform/log.js";
import { type FetchedArchive, Unusable } from "../../platform/network/published.js";
import { messageOf, Problem } from "../../platform/problem.js";
import { type ArchiveManifest, BadArchive } from "../archive/manifest.js";
import type { Toolchain, ToolchainOrigin, ToolchainEnvironment, ToolchainSpec } from "../toolchain.js";
import { discardDrafts, draftOf, imageDraftOf } from "./drafts.js";
import type { ArchiveLevel } from "./levels.js";
import { completeImage, mountImage, removeToolchain, type FindMounts } from "./mounted.js";
import type { Readable } from "node:stream";
import { unpackToolchain } from "../archive/unpack.js";
import { type InstalledToolchain, readInstalled, writeInstalled } from "./installed.js";
import type { Place } from "./place.js";

/**
 * The toolchain as a level has it, in its place and proved; undefined where the level has none that can be used.
 *
 * @throws Problem where what is wrong must stop the set-up.
 */
export async function fromLevel(log: Log, wanted: Wanted, level: ArchiveLevel): Promise<Toolchain | undefined> {
  const mounted = await fromImage(log, wanted, level);
  if (mounted !== undefined) return mounted;
  const start = performance.now();
  const fetched = await level.fetch(wanted.key, wanted.place);
  if (fetched === undefined || "because" in fetched) {
    log.fact(level.label, fetched === undefined ? "miss" : `not asked (${fetched.because})`);
    return undefined;
  }
  try {
    const said = await unpackFetched(fetched, wanted, draftOf(wanted.place), (manifest) =>
      putInPlace(wanted, level.source, manifest),
    );
    log.fact(
      level.label,
      `hit, ${said === "" ? "" : `${said}, `}unpacked and checked in ${seconds(performance.now() - start)}`,
    );
    return await installed(log, wanted);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.notice(`${level.label}: what it has of this toolchain cannot be used: ${error.message}`);
    discardDrafts(wanted.place);
    return undefined;
  }
}

/** A toolchain that is mounted is there sooner; where that does not work, it is unpacked. */
async function fromImage(log: Log, wanted: Wanted, level: ArchiveLevel): Promise<Toolchain | undefined> {
  const { key, place, findMounts } = wanted;
  const fetch = await level.image?.(key);
  const mounts = fetch === undefined ? undefined : await findMounts();
  if (fetch === undefined || mounts === undefined) return undefined;
  const start = performance.now();
  try {
    const said = await unpackFetched(fetch(), wanted, imageDraftOf(place), async (manifest) => {
      await completeImage(imageDraftOf(place), place.path, level.source, manifest);
      await rename(imageDraftOf(place), place.image);
    });
    await mountImage(mounts, place);
    log.fact(level.label, `hit, ${said}, checked and mounted in ${seconds(performance.now() - start)}`);
    return await installed(log, wanted);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.debug(`${level.label}: its image of this toolchain is not used: ${error.message}`);
    discardDrafts(place);
    await removeToolchain(findMounts, place, "detach");
    return undefined;
  }
}

/**
 * @param use what is done with what was unpacked, when all of it is what it should be.
 * @returns what the level says of the transfer.
 */
async function unpackFetched(
  fetched: FetchedArchive,
  wanted: Wanted,
  draft: string,
  use: (manifest: ArchiveManifest) => Promise<void>,
): Promise<string> {
  let manifest: ArchiveManifest | undefined;
  let damage: BadArchive | undefined;
  try {
    manifest = await unpackInto(draft, fetched.bytes, wanted);
  } catch (error) {
    if (!(error instanceof BadArchive)) {
      fetched.bytes.destroy();
      throw error;
    }
    damage = error;
  }
  // An archive that is not what was promised is told as that, and not as the damage it shows.
  // promise: received-bytes-are-compared-first
  const said = await fetched.finish();
  if (manifest === undefined) throw new Unusable(messageOf(damage));
  await use(manifest);
  return said;
}

/**
 * Unpacks an archive of the toolchain into a folder, emptied before.
 *
 * @throws BadArchive when it is damaged, or of another toolchain.
 */
export async function unpackInto(draft: string, bytes: Readable, { key, place }: Wanted): Promise<ArchiveManifest> {
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const manifest = await unpackToolchain(bytes, draft, place.path);
  // promise: unpacked-key-is-compared
  if (manifest.key !== key) throw new BadArchive(`it is of another toolchain (${manifest.key})`);
  return manifest;
}

/** Gives what was unpacked and checked the toolchain's name. */
export async function putInPlace(
  { place, findMounts }: Wanted,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<void> {
  if (manifest.contents !== undefined) throw new Unusable("it is an image, and this was to be unpacked");
  await writeInstalled(draftOf(place), place.path, origin, manifest);
  await removeToolchain(findMounts, place, "detach");
  await rename(draftOf(place), place.path);
}

/**
 * The toolchain that was just put in its place, proved; one that does not work is removed again.
 *
 * @throws Problem for one that was built, Unusable for another.
 */
export async function installed(log: Log, wanted: Wanted): Promise<Toolchain> {
  const { key, place, findMounts } = wanted;
  const found = await readInstalled(place.path);
  if (found?.key !== key) throw new Unusable("its key is not that of its own spec");
  try {
    await proved(log, wanted, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await removeToolchain(findMounts, place, "detach");
    if (found.origin === "built") throw slimmedWrong(place.path, error);
    throw new Unusable(`it does not work here: ${error.message}`, { cause: error });
  }
  return { ...found, source: found.origin };
}

/** One that worked where it was built, and not any more. */
function slimmedWrong(path: string, error: Problem): Problem {
  return new Problem(
    `the toolchain worked where it was built, and does not in ${path}: ${error.message}`,
    {
      ...error.facts,
      do: "set `slim: false` (--slim false) to keep all of it, and report this: slimming or moving it has broken it",
    },
    { cause: error },
  );
}

/** @throws as {@link Wanted.prove} */
export async function proved(log: Log, { prove }: Wanted, toolchain: InstalledToolchain): Promise<void> {
  const start = performance.now();
  await prove(toolchain);
  log.fact("proof", `linked a test image in ${seconds(performance.now() - start)}`);
}

/** The toolchain that is wanted, where, and what a set-up may do for it. */
export interface Wanted extends Makers {
  readonly spec: ToolchainSpec;
  readonly key: string;
  readonly place: Place;
  /** Another place, for a toolchain that {@link place} has not and may not be given. */
  readonly spare?: () => Promise<Place>;
  /** Whether this run may use what came to this machine from there. */
  readonly trusts: (origin: ToolchainOrigin) => boolean;
  /** What mounts a toolchain that comes as an image. */
  readonly findMounts: FindMounts;
}

/** What the store needs done, and does not do itself. */
export interface Makers {
  /**
   * Builds the toolchain in a folder, and its packages in another. The first is empty, or has what an earlier build has
   * installed there.
   */
  readonly build: (path: string, builds: string) => Promise<ToolchainEnvironment>;
  /**
   * Makes what was built in a folder smaller, in place.
   *
   * @returns whether a path, relative to the folder, becomes part of the toolchain.
   */
  readonly slim: (path: string) => Promise<(path: string) => boolean>;
  /** Throws a Problem when the toolchain does not work; another error says nothing about the toolchain. */
  readonly prove: (toolchain: InstalledToolchain) => Promise<void>;
}
