import { lstat, mkdir } from "node:fs/promises";
import { Problem, hasCode } from "../problem.js";

/**
 * The same on every machine, because the debug information of an image contains this path. Not in /tmp, which may be in
 * memory.
 */
const fixedFolder = "/var/tmp/unikernel-ci";

/**
 * Makes {@link fixedFolder}.
 *
 * @throws Problem when it is a link or another user's: every user may write to its parent.
 */
export async function ownFixedFolder(): Promise<string> {
  await mkdir(fixedFolder, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  const found = await lstat(fixedFolder);
  if (found.isDirectory() && found.uid === process.getuid?.()) return fixedFolder;
  throw new Problem(`${fixedFolder} is not a folder of this user`, {
    because: "reproducible builds use the same path on every machine",
    do: "remove it, or build as its owner",
  });
}
