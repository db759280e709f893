import { existsSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withAbandonedLock } from "../../platform/files/lock.js";
import { isBeingRemoved, removeBeside } from "../../platform/files/remove-beside.js";
import type { Log } from "../../platform/log.js";
import { messageOf } from "../../platform/problem.js";
import { endProcessesWith } from "../../platform/process/leftovers.js";
import { buildMark } from "../environment.js";
import { readInstalled } from "./installed.js";
import { keptOf } from "./kept.js";
import { type FindMounts, removeToolchain } from "./mounted.js";
import { type Place, handedOutRecordOf, imageFolderOf, placeIn } from "./place.js";

/** Where a toolchain is unpacked, until all of it is there and checked. */
export const draftOf = ({ path }: Pick<Place, "path">): string => `${path}.new`;

/** The same for the image of one. */
export const imageDraftOf = ({ image }: Pick<Place, "image">): string => `${image}.new`;

/** Removes what is not complete, and whatever still writes there. Synchronous, for use while we are ending. */
export function discardDrafts(place: Place): void {
  discardBuild(place);
  for (const path of [draftOf(place), imageDraftOf(place), place.archive])
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/** Removes the folders of a build, and ends what still runs there. Synchronous, too. */
function discardBuild({ buildPath, builds }: Place): void {
  endProcessesWith(buildMark, buildPath);
  for (const path of [buildPath, builds]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Removes what is not complete without anybody waiting for it: what a build has left is tens of thousands of files. Synchronous,
 * too.
 */
export function discardBeside(log: Log, place: Place): void {
  endProcessesWith(buildMark, place.buildPath);
  if (removeBeside(place.buildPath)) log.fact("removed", "the folder of the build: nothing in it is of use");
  for (const path of [place.builds, draftOf(place), imageDraftOf(place)]) removeBeside(path);
  rmSync(place.archive, { force: true });
}

/** Removes what set-ups and builds that were killed have left of any toolchain in a folder, and the locks that tell of them. */
export async function removeAbandoned(log: Log, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  // Whose removal the end of a machine, or of a container, has cut short.
  for (const name of names.filter(isBeingRemoved)) removeBeside(join(folder, name));
  for (const name of names.filter((one) => one.endsWith(".lock"))) {
    const path = join(folder, basename(name, ".lock"));
    const clean = async () => {
      if (names.some((one) => one.startsWith(`${basename(path)}.build.`)))
        log.line(`  removing what a killed build of ${basename(path)} has left`);
      await removeDrafts(placeIn(folder, basename(path)));
      // Its removal was killed in the middle: nobody takes it, and nobody counts it.
      const isHalf = (await readInstalled(path)) === undefined && !existsSync(imageFolderOf(path));
      if (isHalf) await rm(path, { recursive: true, force: true });
    };
    // Who may not write here needs no room here.
    await withAbandonedLock(join(folder, name), clean).catch((error: unknown) =>
      log.debug(`${join(folder, name)}: ${messageOf(error)}`),
    );
  }
}

/** Removes what is left of a toolchain that is to be made, its image too. */
export async function removeLeftovers(place: Place, findMounts: FindMounts): Promise<void> {
  if (existsSync(place.image)) await removeToolchain(findMounts, place, "detach");
  await removeDrafts(place);
  await rm(handedOutRecordOf(place.path), { force: true });
}

/** What a set-up that was killed has left, of this version or of another one: everything beside the place but the lock, what was kept, and what a job was given. */
async function removeDrafts(place: Place): Promise<void> {
  discardDrafts(place);
  const folder = dirname(place.path);
  const kept = [
    place.lock,
    place.image,
    keptOf(place),
    /* promise: handed-out-record-is-kept */ handedOutRecordOf(place.path),
  ].map((path) => basename(path));
  const isLeft = (name: string) =>
    name.startsWith(`${basename(place.path)}.`) && !kept.some((start) => name.startsWith(start));
  const left = (await readdir(folder)).filter(isLeft);
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
