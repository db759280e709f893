import { lstat, mkdir } from "node:fs/promises";
import { hasCode, Problem } from "../problem.js";
/** The same on every machine: a path in an image's debug information is then the same, too. On a disk, which /tmp may not be. */
const fixedFolder = "/var/tmp/unikernel-ci";

/**
 * Makes {@link fixedFolder}. Anybody may write to its parent, so that it may be somebody else's, or a link.
 *
 * @throws Problem when it is not this user's own folder.
 */
export async function ownFixedFolder(): Promise<string> {
  await mkdir(fixedFolder, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  const found = await lstat(fixedFolder);
  if (found.isDirectory() && found.uid === process.getuid?.()) return fixedFolder;
  throw new Problem(`${fixedFolder} is not a folder of this user`, {
    because: "reproducible builds use the same path on every machine",
    do: "remove it, or build as the user who owns it",
  });
}
