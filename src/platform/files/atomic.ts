import { createHash, randomBytes } from "node:crypto";
import { createReadStream, renameSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hasCode, isMissing } from "../problem.js";
import { sweepOwnFolders, withOwnFolder } from "./own-folder.js";
import { spawn } from "node:child_process";
import { makeFolder } from "./make-folder.js";

/** Writes a file so that a reader finds the old or the new content, never a part. Makes the file's folder. */
export async function writeFileAtomically(path: string, content: string, turns = 5): Promise<void> {
  await makeFolder(dirname(path));
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(draft, content, { flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    // Another run can remove the folder meanwhile.
    if (!isMissing(error) || turns <= 1) throw error;
    await writeFileAtomically(path, content, turns - 1);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Replaces a folder by a new one that `fill` writes. The former one stays when `fill` throws. Removes the drafts of
 * killed runs.
 */
export async function replaceFolder(path: string, fill: (draft: string) => Promise<void>): Promise<void> {
  // In the same parent: a rename does not cross file systems.
  const parent = dirname(path);
  sweepOwnFolders(parent, "draft");
  await withOwnFolder(parent, "draft", async (own) => {
    const draft = join(own, "new");
    await mkdir(draft);
    await fill(draft);
    for (let turn = 1; ; turn++) {
      await rename(path, join(own, `former-${turn}`)).catch(ignoreMissing);
      try {
        await rename(draft, path);
        return;
      } catch (error) {
        // Another run has put its folder there meanwhile. The last one stays.
        if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
      }
    }
  });
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

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
