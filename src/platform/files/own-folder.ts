import { lstatSync, readdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, lstat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./make-folder.js";
import { cleaningUp } from "../process/leftovers.js";
import { markText, ownMark, ownerAgeMs, ownerState, parseMark } from "../process/owner-mark.js";
import { Problem, hasCode } from "../problem.js";

/** The purpose of a folder of ours. */
export type FolderUse = "boot" | "build" | "draft";

/** Longer than any job: a folder of an owner that cannot be checked from here is abandoned after this time. */
const staleMs = 48 * 60 * 60 * 1000;

const prefixOf = (use: FolderUse) => `unikernel-ci-${use}-`;

/**
 * Makes a folder in `parent` that only this user can enter, runs `body`, and removes it, also when this process is
 * terminated meanwhile.
 */
export async function withOwnFolder<T>(
  parent: string,
  use: FolderUse,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  await makeFolder(parent);
  const folder = /* promise: own-folder-is-new */ await mkdtemp(
    join(parent, `${prefixOf(use)}${markText(ownMark())}-`),
  );
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    return await cleaningUp(remove, () => body(folder));
  } finally {
    // promise: own-folder-is-removed
    remove();
  }
}

/**
 * Removes the folders that killed runs of this user left in `parent`.
 *
 * @param before called before a folder is removed whose owner is certainly dead.
 */
export function sweepOwnFolders(
  parent: string,
  use: FolderUse,
  before: (folder: string) => void = () => undefined,
): void {
  const prefix = prefixOf(use);
  // Names first: a temporary folder can have thousands of entries, and every step sweeps it.
  for (const name of namesIn(parent).filter((one) => one.startsWith(prefix))) {
    const path = join(parent, name);
    try {
      const state = stateOf(path, name.slice(prefix.length));
      if (/* promise: only-dead-runs-are-swept */ state === "gone") before(path);
      if (state !== "needed") rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process has removed it, or it cannot be removed: the next sweep tries again.
    }
  }
}

/** @param rest of its name: the owner's mark, and the random part of mkdtemp(3). */
function stateOf(path: string, rest: string): "needed" | "gone" | "stale" {
  const mark = parseMark(rest.slice(0, rest.lastIndexOf("-")));
  if (mark === undefined) return "needed";
  const { uid, mtimeMs } = lstatSync(path);
  if (uid !== process.getuid?.()) return "needed";
  const state = ownerState(mark);
  if (state !== "elsewhere") return state === "gone" ? "gone" : "needed";
  // The wall clock decides only about folders from before the machine's last start. It can be wrong, so a time in the
  // future counts as old, too.
  const ageMs = ownerAgeMs(mark) ?? Math.abs(Date.now() - mtimeMs);
  return ageMs > staleMs ? "stale" : "needed";
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

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
