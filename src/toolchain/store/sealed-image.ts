import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openInside, removeInside, writeInside } from "../../platform/files/inside.js";
import type { Mounts } from "../../platform/files/mount.js";
import { Unusable } from "../../platform/network/published.js";
import { imageName } from "../archive/squashfs.js";
import { type ArchiveFile, parseEntries } from "../archive/manifest.js";
import { isPrefixIn, paddedPrefix, placeholderBytes, writePrefixIn } from "../archive/prefix.js";
import type { Place } from "./place.js";

// The kernel reads a mounted image with root's rights for as long as it is mounted, and mounts it again after a restart
// of the machine. So the file that was checked is a copy that only root can write, with the record of what it must be.

const sealed = "sealed";
/** The image's entry in the manifest of its archive. */
const recordName = "image.json";

/** The file that is mounted, in the folder of an image. */
export const sealedFile = (image: string): string => join(image, sealed, imageName);

/** Hands an unpacked image to root, with its entry in the archive's manifest. */
export async function sealImage(mounts: Mounts, image: string, entry: ArchiveFile): Promise<void> {
  writeInside(image, recordName, JSON.stringify(entry));
  for (const name of [imageName, recordName]) {
    await mounts.seal(join(image, name), join(image, sealed, name));
    removeInside(image, name);
  }
}

/**
 * Opens a sealed image after comparing all of its bytes. Mount it by the descriptor: its path can lead elsewhere by
 * then.
 *
 * @param expected its entry, when it was just unpacked.
 * @throws Unusable when it is not the image that was sealed.
 */
export async function openSealed({ image, path }: Pick<Place, "image" | "path">, expected?: ArchiveFile) {
  const entry = readRecord(image);
  const file = openRoots(image, imageName);
  const isRight =
    (expected === undefined || JSON.stringify(entry) === JSON.stringify(expected)) &&
    /* promise: images-are-compared-when-mounted */ (await isContent(file, entry, path));
  if (isRight) return file;
  closeSync(file);
  throw notSealed(image);
}

const notSealed = (image: string, cause?: unknown) =>
  new Unusable(`the image in ${image} is not the one that was checked`, { cause });

function readRecord(image: string): ArchiveFile {
  const file = openRoots(image, recordName);
  try {
    const [entry] = parseEntries([JSON.parse(readFileSync(file, "utf8"))]);
    if (entry?.kind === "file") return entry;
  } catch (error) {
    throw notSealed(image, error);
  } finally {
    closeSync(file);
  }
  throw notSealed(image);
}

/** @throws Unusable for a file that others than root can have written. */
function openRoots(image: string, name: string): number {
  try {
    const file = openInside(image, `${sealed}/${name}`);
    const { uid, mode } = fstatSync(file);
    if (/* promise: mounted-images-are-roots */ uid === 0 && (mode & 0o222) === 0) return file;
    closeSync(file);
  } catch (error) {
    throw notSealed(image, error);
  }
  throw notSealed(image);
}

/** Compares an image, with the toolchain's path in it, with its entry. */
async function isContent(file: number, { bytes, sha256, prefixAt = [] }: ArchiveFile, path: string): Promise<boolean> {
  const prefix = paddedPrefix(path);
  const hash = createHash("sha256");
  let position = 0;
  for await (const part of createReadStream("", { fd: file, autoClose: false, start: 0, highWaterMark: 1024 ** 2 })) {
    const chunk = part as Buffer;
    if (!isPrefixIn(chunk, position, prefixAt, prefix)) return false;
    writePrefixIn(chunk, position, prefixAt, placeholderBytes);
    hash.update(chunk);
    position += chunk.length;
  }
  return position === bytes && hash.digest("hex") === sha256;
}
