import { lstatSync, readdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { cleaningUp } from "../process/leftovers.js";
import { markText, ownMark, ownerAgeMs, ownerState, parseMark } from "../process/owner-mark.js";

/** What a folder of ours is for. */
export type FolderUse = "boot" | "build" | "draft";

/** Longer than any job: what belongs to nobody that could be seen from here is nobody's by then. */
const staleMs = 48 * 60 * 60 * 1000;

const prefixOf = (use: FolderUse) => `unikernel-ci-${use}-`;

/** Lets `body` use a new folder in `parent`, for this user only; it is gone afterwards, also when we are told to end meanwhile. */
export async function withOwnFolder<T>(
  parent: string,
  use: FolderUse,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(parent, { recursive: true });
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
 * Removes the folders in `parent` of runs that were killed; this user's only.
 *
 * @param before is called with each before it is removed; its owner is gone for sure.
 */
export function sweepOwnFolders(
  parent: string,
  use: FolderUse,
  before: (folder: string) => void = () => undefined,
): void {
  const prefix = prefixOf(use);
  // A temporary folder may hold thousands of others, and every part of a run looks at it.
  for (const name of namesIn(parent).filter((one) => one.startsWith(prefix))) {
    const path = join(parent, name);
    try {
      const state = stateOf(path, name.slice(prefix.length));
      if (/* promise: only-dead-runs-are-swept */ state === "gone") before(path);
      if (state !== "needed") rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else has removed it, or it cannot be removed: the next sweep tries again.
    }
  }
}

/** @param rest of its name: its owner's mark, and what mkdtemp(3) has made up. */
function stateOf(path: string, rest: string): "needed" | "gone" | "stale" {
  const mark = parseMark(rest.slice(0, rest.lastIndexOf("-")));
  if (mark === undefined) return "needed";
  const { uid, mtimeMs } = lstatSync(path);
  if (uid !== process.getuid?.()) return "needed";
  const state = ownerState(mark);
  if (state !== "elsewhere") return state === "gone" ? "gone" : "needed";
  // The wall clock is asked only about what lies here since before the machine's last start, and a time to come is as old as a past one.
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
