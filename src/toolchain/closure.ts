import { posix } from "node:path";

/** A path that an entry of a toolchain needs, relative to the toolchain's folder. */
export interface Reference {
  readonly path: string;
  /** For a folder: whether its content is needed too, or only the folder. */
  readonly whole: boolean;
}

/** A file, link or folder of a toolchain. Links have one reference: their target. */
export interface TreeEntry {
  readonly path: string;
  readonly kind: "folder" | "link" | "file";
  readonly refersTo: readonly Reference[];
}

type Tree = ReadonlyMap<string, TreeEntry>;

/** The kernel follows no longer chain of links: path_resolution(7). */
const mostLinks = 40;

/**
 * The paths that must stay although a rule covers them, because an entry that stays refers to them, directly or through
 * others.
 *
 * @param entries the whole tree, in any order. References to anything else are ignored.
 * @param leavesOut the rules; the content of a covered folder is covered too.
 * @returns the paths, parent folders included, each with the path that refers to it.
 */
export function keptForOthers(
  entries: readonly TreeEntry[],
  leavesOut: (path: string) => boolean,
): ReadonlyMap<string, string> {
  const tree: Tree = new Map(entries.map((entry) => [entry.path, entry]));
  const inFolder = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    const folder = posix.dirname(entry.path);
    const others = inFolder.get(folder);
    if (others === undefined) inFolder.set(folder, [entry]);
    else others.push(entry);
  }
  const leftOut = findLeftOut(inFolder, leavesOut);
  const kept = new Map<string, string>();
  const toFollow = entries.filter(({ path }) => !leftOut.has(path));
  const keep = (path: string, by: string): void => {
    const entry = tree.get(path);
    if (entry === undefined || !leftOut.has(path) || kept.has(path)) return;
    kept.set(path, by);
    toFollow.push(entry);
    keep(posix.dirname(path), by);
  };
  const keepAllIn = (folder: string, by: string): void => {
    for (const { path, kind } of inFolder.get(folder) ?? []) {
      keep(path, by);
      if (kind === "folder") keepAllIn(path, by);
    }
  };
  for (const { path: by, refersTo } of toFollow) {
    for (const { path, whole } of refersTo) {
      let from = by;
      for (const met of onTheWay(tree, path)) {
        keep(met, from);
        if (whole && leftOut.has(met) && tree.get(met)?.kind === "folder") keepAllIn(met, from);
        from = met;
      }
    }
  }
  return kept;
}

/** The covered paths with their content, and the folders that would be empty without them. */
function findLeftOut(
  inFolder: ReadonlyMap<string, readonly TreeEntry[]>,
  leavesOut: (path: string) => boolean,
): ReadonlySet<string> {
  const leftOut = new Set<string>();
  const look = ({ path, kind }: TreeEntry, isCovered: boolean): boolean => {
    const isOut = isCovered || leavesOut(path);
    const inside = kind === "folder" ? (inFolder.get(path) ?? []).map((entry) => look(entry, isOut)) : [];
    if (!isOut && (inside.length === 0 || inside.includes(false))) return false;
    leftOut.add(path);
    return true;
  };
  for (const entry of inFolder.get(".") ?? []) look(entry, false);
  return leftOut;
}

/** The links on a path and the entry at its end; stops where the tree has no entry. */
function* onTheWay(tree: Tree, path: string): Generator<string> {
  const names = path.split("/");
  let at = ".";
  for (let links = 0; names.length > 0 && links < mostLinks;) {
    const entry = tree.get(posix.join(at, names.shift() ?? ""));
    if (entry === undefined) return;
    at = entry.path;
    if (entry.kind !== "link") continue;
    yield at;
    const [target] = entry.refersTo;
    if (target === undefined) return;
    names.unshift(...target.path.split("/"));
    at = ".";
    links += 1;
  }
  yield at;
}
