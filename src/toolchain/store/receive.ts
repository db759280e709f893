import { rename, rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { makeFolder } from "../../platform/files/make-folder.js";
import { type Log, seconds } from "../../platform/log.js";
import { type FetchedArchive, Unusable } from "../../platform/network/published.js";
import { messageOf, Problem } from "../../platform/problem.js";
import { type ArchiveFile, type ArchiveManifest, BadArchive } from "../archive/manifest.js";
import { unpackToolchain } from "../archive/unpack.js";
import type { Toolchain, ToolchainOrigin, ToolchainEnvironment, ToolchainSpec } from "../toolchain.js";
import { discardDrafts, draftOf, imageDraftOf } from "./drafts.js";
import { type InstalledToolchain, readInstalled, writeInstalled } from "./installed.js";
import type { ArchiveLevel } from "./levels.js";
import { completeImage, mountImage, removeToolchain, type FindMounts } from "./mounted.js";
import type { Place } from "./place.js";

/** The toolchain to obtain, its place, and the ways to get it. */
export interface Wanted extends Makers {
  readonly spec: ToolchainSpec;
  readonly key: string;
  readonly place: Place;
  /** Another place, for when {@link place} does not have the toolchain and is not writable. */
  readonly spare?: () => Promise<Place>;
  /** Whether this run may use a toolchain of that origin. */
  readonly trusts: (origin: ToolchainOrigin) => boolean;
  readonly findMounts: FindMounts;
}

/** The work that the store leaves to its caller. */
export interface Makers {
  /**
   * Builds the toolchain in `path` and its packages in `builds`. `path` is empty, or has the packages of an earlier
   * build.
   */
  readonly build: (path: string, builds: string) => Promise<ToolchainEnvironment>;
  /**
   * Makes the toolchain built in a folder smaller, in place.
   *
   * @returns whether a path, relative to the folder, is part of the toolchain.
   */
  readonly slim: (path: string) => Promise<(path: string) => boolean>;
  /** Throws a Problem when the toolchain does not work; other errors have other causes. */
  readonly smokeTest: (toolchain: InstalledToolchain) => Promise<void>;
}

/**
 * Installs the toolchain from a level and tests it; undefined where the level has no usable one.
 *
 * @throws Problem where the set-up must stop.
 */
export async function fromLevel(log: Log, wanted: Wanted, level: ArchiveLevel): Promise<Toolchain | undefined> {
  const mounted = await fromImage(log, wanted, level);
  if (mounted !== undefined) return mounted;
  const start = performance.now();
  const fetched = await level.fetch(wanted.key, wanted.place);
  if (fetched === undefined || "because" in fetched) {
    log.fact(level.label, fetched === undefined ? "miss" : `skipped (${fetched.because})`);
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
    return await testInstalled(log, wanted);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.notice(`${level.label}: its copy of this toolchain cannot be used: ${error.message}`);
    discardDrafts(wanted.place);
    return undefined;
  }
}

/** Mounting an image is faster than unpacking an archive; undefined where it does not work. */
async function fromImage(log: Log, wanted: Wanted, level: ArchiveLevel): Promise<Toolchain | undefined> {
  const { key, place, findMounts } = wanted;
  const fetch = await level.image?.(key);
  const mounts = fetch === undefined ? undefined : await findMounts();
  if (fetch === undefined || mounts === undefined) return undefined;
  const start = performance.now();
  let image: ArchiveFile | undefined;
  try {
    const said = await unpackFetched(fetch(), wanted, imageDraftOf(place), async (manifest) => {
      image = await completeImage(imageDraftOf(place), place.path, level.source, manifest);
      await rename(imageDraftOf(place), place.image);
    });
    await mountImage(mounts, place, image);
    log.fact(level.label, `hit, ${said}, checked and mounted in ${seconds(performance.now() - start)}`);
    return await testInstalled(log, wanted);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.debug(`${level.label}: its image of this toolchain is not used: ${error.message}`);
    discardDrafts(place);
    await removeToolchain(findMounts, place, "detach");
    return undefined;
  }
}

/**
 * @param use called after all bytes were checked.
 * @returns the level's words about the transfer, for the log.
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
  // First: a wrong checksum is a better error than the damage in the archive.
  // promise: received-bytes-are-compared-first
  const said = await fetched.finish();
  if (manifest === undefined) throw new Unusable(messageOf(damage));
  await use(manifest);
  return said;
}

/**
 * Unpacks an archive of the toolchain into a folder, after emptying it.
 *
 * @throws BadArchive when it is damaged, or holds another toolchain.
 */
export async function unpackInto(draft: string, bytes: Readable, { key, place }: Wanted): Promise<ArchiveManifest> {
  await rm(draft, { recursive: true, force: true });
  await makeFolder(draft);
  const manifest = await unpackToolchain(bytes, draft, place.path);
  // promise: unpacked-key-is-compared
  if (manifest.key !== key) throw new BadArchive(`it holds another toolchain (${manifest.key})`);
  return manifest;
}

/** Moves the draft, unpacked and checked, to the toolchain's path. */
export async function putInPlace(
  { place, findMounts }: Wanted,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<void> {
  if (manifest.contents !== undefined) throw new Unusable("it is an image, not an archive of files");
  writeInstalled(draftOf(place), place.path, origin, manifest);
  await removeToolchain(findMounts, place, "detach");
  await rename(draftOf(place), place.path);
}

/**
 * Tests the toolchain that was just installed, and removes one that does not work.
 *
 * @throws Problem for one that was built here, Unusable for another.
 */
export async function testInstalled(log: Log, wanted: Wanted): Promise<Toolchain> {
  const { key, place, findMounts } = wanted;
  const found = await readInstalled(place.path);
  if (found?.key !== key) throw new Unusable("its key does not match its spec");
  try {
    await smokeTest(log, wanted, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await removeToolchain(findMounts, place, "detach");
    if (found.origin === "built") throw slimmedWrong(place.path, error);
    throw new Unusable(`it does not work here: ${error.message}`, { cause: error });
  }
  return { ...found, source: found.origin };
}

function slimmedWrong(path: string, error: Problem): Problem {
  return new Problem(
    `the toolchain worked where it was built, but does not in ${path}: ${error.message}`,
    {
      ...error.facts,
      do: "set `slim: false` (--slim false) to keep every file, and report this: slimming or moving it broke it",
    },
    { cause: error },
  );
}

/** @throws as {@link Wanted.smokeTest} */
export async function smokeTest(log: Log, { smokeTest: test }: Wanted, toolchain: InstalledToolchain): Promise<void> {
  const start = performance.now();
  await test(toolchain);
  log.fact("smoke test", `linked a test image in ${seconds(performance.now() - start)}`);
}
