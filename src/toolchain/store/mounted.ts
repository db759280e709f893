import { closeSync, existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { type Mounts, mountPoints } from "../../platform/files/mount.js";
import { Unusable } from "../../platform/network/published.js";
import { Problem, messageOf } from "../../platform/problem.js";
import { imageName } from "../archive/squashfs.js";
import type { ArchiveFile, ArchiveManifest } from "../archive/manifest.js";
import type { ToolchainOrigin } from "../toolchain.js";
import { readInstalled, writeInstalled } from "./installed.js";
import type { Place } from "./place.js";
import { openSealed, sealImage } from "./sealed-image.js";

/** Finds a way to mount on this machine, when one is needed; undefined where there is none. */
export type FindMounts = () => Promise<Mounts | undefined>;

/** The content of an image's folder. */
const partsOf = (folder: string) => ({
  /** Where the image is mounted until the overlay is. */
  lower: join(folder, "lower"),
  /** Files written into the toolchain, and its manifest. */
  upper: join(folder, "upper"),
  work: join(folder, "work"),
});

/**
 * Completes an image that was unpacked into a folder, so that it can be mounted at the toolchain's path.
 *
 * @returns the image's entry in the manifest.
 * @throws Unusable when it is not an image.
 */
export async function completeImage(
  folder: string,
  path: string,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<ArchiveFile> {
  const { contents, entries, ...what } = manifest;
  const { lower, upper, work } = partsOf(folder);
  const [entry, ...others] = entries;
  if (contents === undefined || entry?.kind !== "file" || entry.path !== imageName || others.length > 0)
    throw new Unusable("it is not an image");
  // Root owns the image's files and all users may write them: only this user may enter the folder.
  await mkdir(upper, /* promise: mounts-are-private */ { mode: 0o700 });
  await Promise.all([mkdir(lower), mkdir(work)]);
  writeInstalled(upper, path, origin, { ...what, entries: contents });
  return entry;
}

/**
 * Mounts the image of a toolchain at its place.
 *
 * @param unpacked its entry in the manifest, when it was just unpacked; undefined: it was mounted before.
 * @throws Unusable where that fails.
 */
export async function mountImage(mounts: Mounts, { path, image }: Place, unpacked?: ArchiveFile): Promise<void> {
  const { lower, upper, work } = partsOf(image);
  try {
    // promise: images-are-no-options
    if (/[,:\\]/.test(image)) throw new Problem("the options of a mount cannot contain this path");
    await unmountAll(mounts, image, "detach");
    await makeFolder(path);
    if (unpacked !== undefined) await sealImage(mounts, image, unpacked);
    const file = await openSealed({ path, image }, unpacked);
    try {
      await mounts.image(`/proc/${process.pid}/fd/${file}`, lower);
    } finally {
      closeSync(file);
    }
    try {
      await mounts.overlay({ lower, upper, work }, path);
    } finally {
      await mounts.unmount(lower, "fail");
    }
  } catch (error) {
    throw new Unusable(`it cannot be mounted here: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Mounts a toolchain whose image is complete but not mounted, as after a restart of the machine.
 *
 * @returns whether it mounted one.
 * @throws Unusable where it cannot be mounted.
 */
export async function mountAgain(findMounts: FindMounts, place: Place): Promise<boolean> {
  const { path, image } = place;
  if ((await readInstalled(path, partsOf(image).upper)) === undefined || mountPoints(path).length > 0) return false;
  const mounts = await findMounts();
  if (mounts !== undefined) await mountImage(mounts, place);
  return mounts !== undefined;
}

/**
 * Mounts an image again, without what was written over it, except its records.
 *
 * @returns whether this machine can mount.
 * @throws Unusable where it cannot be mounted.
 */
export async function mountAfresh(
  findMounts: FindMounts,
  place: Place,
  records: readonly (readonly [name: string, content: Buffer])[],
): Promise<boolean> {
  const mounts = await findMounts();
  if (mounts === undefined) return false;
  const { upper, work } = partsOf(place.image);
  await unmountAll(mounts, place.path, "detach");
  for (const folder of [upper, work]) await mounts.remove(folder);
  await Promise.all([mkdir(upper, { mode: 0o700 }), mkdir(work)]);
  for (const [name, content] of records) await writeFile(join(upper, name), content);
  await mountImage(mounts, place);
  return true;
}

/**
 * Removes a toolchain, mounted or not.
 *
 * @throws Problem when it is mounted and cannot be unmounted here.
 */
export async function removeToolchain(
  findMounts: FindMounts,
  { path, image }: Pick<Place, "path" | "image">,
  whenBusy: "fail" | "detach",
): Promise<void> {
  const isMounted = [path, image].some((folder) => mountPoints(folder).length > 0);
  if (isMounted || existsSync(image)) {
    const mounts = await findMounts();
    if (mounts === undefined && isMounted)
      throw new Problem(`${path} cannot be unmounted`, { do: `unmount it as root: umount ${path}` });
    // Where we cannot mount, it may be mounted elsewhere, as outside of this container: then the image stays.
    if (mounts !== undefined) {
      for (const folder of [path, image]) await unmountAll(mounts, folder, whenBusy);
      await mounts.remove(image);
    }
  }
  await rm(path, { recursive: true, force: true });
}

/** The folder with the manifest of an image, whose time is that of its last use. */
export const recordFolderOf = (image: string): string => partsOf(image).upper;

async function unmountAll(mounts: Mounts, folder: string, whenBusy: "fail" | "detach"): Promise<void> {
  for (const point of mountPoints(folder)) await mounts.unmount(point, whenBusy);
}
