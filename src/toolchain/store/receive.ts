import { rename } from "node:fs/promises";
import { type Log, seconds } from "../../platform/log.js";
import { type FetchedArchive, Unusable } from "../../platform/network/published.js";
import { messageOf } from "../../platform/problem.js";
import { type ArchiveManifest, BadArchive } from "../archive/manifest.js";
import type { Toolchain } from "../toolchain.js";
import { discardDrafts, draftOf, imageDraftOf } from "./drafts.js";
import { installed, putInPlace, unpackInto } from "./in-place.js";
import type { ArchiveLevel } from "./levels.js";
import { completeImage, mountImage, removeToolchain } from "./mounted.js";
import type { Wanted } from "./wanted.js";

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
