import { chmodSync, constants, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What stands in a tree, by its path there: what was changed since has another identity, whatever changed it. */
export type Identities = Map<string, string>;

/** opam looks at the checksum of what it takes from there. */
const kept = "opam/download-cache";

const isFolder = (identity: string | undefined) => identity?.startsWith("folder ") === true;

/** The kernel moves the ctime of a file at each change. A folder's says nothing: what is in it is looked at. */
export function identityOf(file: string): string {
  const { ino, mode, size, mtimeNs, ctimeNs } = lstatSync(file, { bigint: true });
  return (mode & BigInt(constants.S_IFMT)) === BigInt(constants.S_IFDIR)
    ? `folder ${mode & 0o7777n}`
    : /* promise: change-times-count */ `${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** All that stands in a tree, but opam's downloads. */
export const identitiesIn = (root: string): Identities => find(root, undefined, () => false);

/** Whether a tree is what it was: nothing changed, nothing gone, nothing new. */
export function isUnchanged(root: string, known: ReadonlyMap<string, string>): boolean {
  const others: string[] = [];
  const found = find(root, known, (entry) => others.push(entry) === 0);
  return others.length === 0 && /* promise: gone-files-are-missed */ found.size === known.size;
}

/**
 * Removes from a tree what is not what it was.
 *
 * @returns what is left.
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
 * @param known undefined: all of it is as it is.
 * @param mend is given what is not what it was, and returns whether it is now.
 */
function find(
  root: string,
  known: ReadonlyMap<string, string> | undefined,
  mend: (entry: string, is: string, was: string | undefined) => boolean,
): Identities {
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
