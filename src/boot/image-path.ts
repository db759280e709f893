import { mkdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { Problem } from "../platform/problem.js";
import type { BootRequest } from "./boot-request.js";
import { vmmsOf } from "./vmms/vmms.js";

/**
 * QEMU for x86 puts the image's path in front of the guest's arguments, and the guest splits it at its blanks.
 *
 * @returns the image's path, or that of a link to it in `folder` where the path has blanks and QEMU is told of it.
 */
export async function pathWithoutBlanks({ imagePath, target }: BootRequest, folder: string): Promise<string> {
  const splits = vmmsOf(target).some(({ splitsPath }) => splitsPath === true);
  if (!splits || !/\s/.test(imagePath)) return imagePath;
  if (/\s/.test(folder)) {
    throw new Problem("the image’s path has blanks, and so has the folder for a link to it", {
      found: [imagePath, folder],
      because: "QEMU puts the path in front of the unikernel’s arguments, which are split at blanks",
      do: "move the image to a path without blanks",
    });
  }
  const link = join(folder, "image", basename(imagePath).replace(/\s/g, "-"));
  await mkdir(join(folder, "image"));
  await symlink(imagePath, link);
  return link;
}
