import { lstat, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode, isMissing } from "../problem.js";

/**
 * Makes a folder, and those above it; does nothing for one that exists.
 *
 * Not by Node's `recursive`: where a file system refuses new folders by ENOENT, as /proc does, it tries for ever; and
 * it reports a read-only file system as a missing folder.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isMade(path, dirname(path) !== path)) return;
  await makeFolder(dirname(path));
  // promise: folders-are-made-once
  await isMade(path, false);
}

/** @returns false where the folder above is missing and `mayLack` it. */
async function isMade(path: string, mayLack: boolean, turns = 20): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const isThere = hasCode(error, "EEXIST") && (await stat(path).catch(() => undefined))?.isDirectory() === true;
    // Another run can remove it between the two looks.
    if (hasCode(error, "EEXIST") && !isThere && turns > 0 && (await hasGone(path)))
      return isMade(path, mayLack, turns - 1);
    if (!isThere && !(mayLack && isMissing(error))) throw error;
    return isThere;
  }
}

/** Also when it has come back as a folder. */
const hasGone = (path: string): Promise<boolean> => lstat(path).then((found) => found.isDirectory(), isMissing);
