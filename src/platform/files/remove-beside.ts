import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { renameSync } from "node:fs";

const infix = ".gone.";

/** Whether a name is that of something which is being removed, or was when the machine went down. */
export const isBeingRemoved = (name: string): boolean => name.includes(infix);

/**
 * Removes a folder of thousands of files without anybody waiting for it: it loses its name at once, and its files by a process
 * of their own, which may outlive us. Synchronous, for use while we are ending.
 *
 * @returns whether there was one.
 */
export function removeBeside(path: string): boolean {
  const gone = setAside(path);
  if (gone === undefined) return false;
  spawn("rm", ["-rf", "--", gone], { detached: true, stdio: "ignore" })
    .once("error", () => undefined)
    .unref();
  return true;
}

/** Takes a folder's name away before it is removed: what is half removed must not be taken for it. Undefined: there is none. */
export function setAside(path: string): string | undefined {
  const gone = `${path}${infix}${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, gone);
    return gone;
  } catch {
    return undefined;
  }
}
