import { existsSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withAbandonedLock } from "../../platform/files/lock.js";
import { isBeingRemoved, removeBeside } from "../../platform/files/atomic.js";
import type { Log } from "../../platform/log.js";
import { messageOf } from "../../platform/problem.js";
import { endProcessesWith } from "../../platform/process/leftovers.js";
import { buildMark } from "../environment.js";
import { readInstalled } from "./installed.js";
import { keptOf } from "./kept.js";
import { type FindMounts, removeToolchain } from "./mounted.js";
import { type Place, handedOutRecordOf, imageFolderOf, placeIn } from "./place.js";

/** Where a toolchain is unpacked, until it is complete and checked. */
export const draftOf = ({ path }: Pick<Place, "path">): string => `${path}.new`;

/** The same for an image. */
export const imageDraftOf = ({ image }: Pick<Place, "image">): string => `${image}.new`;

/** Removes incomplete files, after ending the processes that write them. Synchronous: this process may be ending. */
export function discardDrafts(place: Place): void {
  discardBuild(place);
  for (const path of [draftOf(place), imageDraftOf(place), place.archive])
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function discardBuild({ buildPath, builds }: Place): void {
  endProcessesWith(buildMark, buildPath);
  for (const path of [buildPath, builds]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * As {@link discardDrafts}, but removes in a process of its own: a build leaves tens of thousands of files.
 */
export function discardBeside(log: Log, place: Place): void {
  endProcessesWith(buildMark, place.buildPath);
  if (removeBeside(place.buildPath)) log.fact("removed", "the build folder: nothing in it can be used");
  for (const path of [place.builds, draftOf(place), imageDraftOf(place)]) removeBeside(path);
  rmSync(place.archive, { force: true });
}

/** Removes the remains and locks of killed set-ups and builds of any toolchain in a folder. */
export async function removeAbandoned(log: Log, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  // The end of a machine or container can interrupt a removal.
  for (const name of names.filter(isBeingRemoved)) removeBeside(join(folder, name));
  for (const name of names.filter((one) => one.endsWith(".lock"))) {
    const path = join(folder, basename(name, ".lock"));
    const clean = async () => {
      if (names.some((one) => one.startsWith(`${basename(path)}.build.`)))
        log.line(`  removing the remains of a killed build of ${basename(path)}`);
      await removeDrafts(placeIn(folder, basename(path)));
      // A removal that was killed leaves a folder without a manifest.
      const isHalf = (await readInstalled(path)) === undefined && !existsSync(imageFolderOf(path));
      if (isHalf) await rm(path, { recursive: true, force: true });
    };
    // A set-up that cannot write here needs no space here.
    await withAbandonedLock(join(folder, name), clean).catch((error: unknown) =>
      log.debug(`${join(folder, name)}: ${messageOf(error)}`),
    );
  }
}

/** Removes the remains of a toolchain that is about to be made, with its image. */
export async function removeLeftovers(place: Place, findMounts: FindMounts): Promise<void> {
  if (existsSync(place.image)) await removeToolchain(findMounts, place, "detach");
  await removeDrafts(place);
  await rm(handedOutRecordOf(place.path), { force: true });
}

/** Removes every file of a toolchain that some version left, except its folder, lock, image, kept build and record. */
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
