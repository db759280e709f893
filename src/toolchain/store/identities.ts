import { chmodSync, constants, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRealFolder } from "../../platform/files/inside.js";

/** The identity of each entry of a tree, by its path: any change gives an entry another identity. */
export type Identities = Map<string, string>;

/** opam checks the checksum of each file that it takes from there. */
const kept = "opam/download-cache";

const isFolder = (identity: string | undefined) => identity?.startsWith("folder ") === true;

/** The kernel updates a file's ctime at each change. For a folder only the mode counts: its entries are compared. */
export function identityOf(file: string): string {
  const { ino, mode, size, mtimeNs, ctimeNs } = lstatSync(file, { bigint: true });
  return (mode & BigInt(constants.S_IFMT)) === BigInt(constants.S_IFDIR)
    ? `folder ${mode & 0o7777n}`
    : /* promise: change-times-count */ `${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** All entries of a tree, except opam's downloads. */
export const identitiesIn = (root: string): Identities => find(root, undefined, () => false);

/** Whether no entry of a tree was changed, removed or added. */
export function isUnchanged(root: string, known: ReadonlyMap<string, string>): boolean {
  const others: string[] = [];
  const found = find(root, known, (entry) => others.push(entry) === 0);
  return others.length === 0 && /* promise: gone-files-are-missed */ found.size === known.size;
}

/**
 * Removes changed and new entries from a tree.
 *
 * @returns the entries that are left.
 */
export function removeChanged(root: string, known: ReadonlyMap<string, string>): Identities {
  return find(root, known, (entry, is, was) => {
    const path = join(root, entry);
    const isBoth = isFolder(is) && isFolder(was);
    if (isBoth) chmodSync(path, Number(was?.split(" ")[1]));
    else rmSync(path, { recursive: true, force: true });
    return isBoth;
  });
}

/**
 * Synchronous: thousands of calls that take microseconds each.
 *
 * @param known undefined: every entry counts as unchanged.
 * @param mend called with each changed or new entry; returns whether it is mended.
 */
function find(
  root: string,
  known: ReadonlyMap<string, string> | undefined,
  mend: (entry: string, is: string, was: string | undefined) => boolean,
): Identities {
  // A job can put a link in place of its toolchain: what is there is not ours to change.
  if (!isRealFolder(root)) throw new Error(`${root} is not a folder`);
  const found: Identities = new Map();
  const visit = (folder: string) => {
    for (const name of readdirSync(join(root, folder))) {
      const entry = join(folder, name);
      const is = identityOf(join(root, entry));
      if (entry === kept && isFolder(is)) continue;
      const was = known === undefined ? is : known.get(entry);
      if (/* promise: changed-files-are-copied */ was !== is && !mend(entry, is, was)) continue;
      found.set(entry, was ?? is);
      if (isFolder(is)) visit(entry);
    }
  };
  visit("");
  return found;
}
