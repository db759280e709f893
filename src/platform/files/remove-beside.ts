import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { renameSync } from "node:fs";

const infix = ".gone.";

/** Whether a name is of a folder that is being removed, or was when the machine went down. */
export const isBeingRemoved = (name: string): boolean => name.includes(infix);

/**
 * Removes a folder of thousands of files in the background: it is renamed at once, and another process, which may
 * outlive us, removes its files. Synchronous, for use while this process ends.
 *
 * @returns whether the folder existed.
 */
export function removeBeside(path: string): boolean {
  const gone = setAside(path);
  if (gone === undefined) return false;
  spawn("rm", ["-rf", "--", gone], { detached: true, stdio: "ignore" })
    .once("error", () => undefined)
    .unref();
  return true;
}

/**
 * Renames a folder before it is removed, so that a half-removed folder is not taken for a whole one.
 *
 * @returns its new path; undefined if it does not exist.
 */
export function setAside(path: string): string | undefined {
  const gone = `${path}${infix}${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, gone);
    return gone;
  } catch {
    return undefined;
  }
}
