import { readdir, lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Log, firstOf } from "../platform/log.js";
import { type Reference, type TreeEntry, keptForOthers } from "./closure.js";
import { readReferences } from "./references.js";
import { slimRuleOf, slimRules } from "./slim.js";

/** Which files of a toolchain a slim one has. */
export interface SlimPlan {
  /** Whether a path, relative to the toolchain's folder, stays. */
  readonly keeps: (path: string) => boolean;
  /** Files and links that stay although a rule of slim.ts covers them, each with the path that refers to it. */
  readonly kept: ReadonlyMap<string, string>;
}

/** How many of them the log names. */
const mostNamed = 4;

/**
 * Decides which files a slim toolchain has: those that no rule of slim.ts covers, and everything that these refer to.
 * Changes nothing.
 *
 * @param folder of a toolchain, which contains `opam/`: absolute, without links.
 */
export async function planSlimming(folder: string): Promise<SlimPlan> {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).flatMap((entry) => {
    const kind = entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : entry.isFile() ? "file" : undefined;
    return kind === undefined
      ? []
      : [{ kind, path: join(entry.parentPath, entry.name).slice(folder.length + 1) } as const];
  });
  const covered = new Set(found.map(({ path }) => path).filter((path) => slimRuleOf(path) !== undefined));
  const leavesOut = (path: string) => covered.has(path);
  const references = new Map<string, readonly Reference[]>();
  let kept: ReadonlyMap<string, string> = new Map();
  // A covered file is read only when another needs it: most files are sources.
  for (;;) {
    const unread = found.filter(({ path }) => !references.has(path) && (!leavesOut(path) || kept.has(path)));
    if (unread.length === 0) break;
    for (const entry of unread) references.set(entry.path, await readReferences(folder, entry));
    const entries = found.map((entry): TreeEntry => ({ ...entry, refersTo: references.get(entry.path) ?? [] }));
    kept = keptForOthers(entries, leavesOut);
  }
  const isContent = new Set(found.filter(({ kind }) => kind !== "folder").map(({ path }) => path));
  return {
    keeps: (path) => kept.has(path) || slimRuleOf(path) === undefined,
    kept: new Map([...kept].filter(([path]) => isContent.has(path))),
  };
}

/** Logs, in one line, which covered files stay. */
export function tellKept(log: Log, { kept }: Pick<SlimPlan, "kept">): void {
  const named = [...kept].map(([path, by]) => `${path.replace(/^opam\/toolchain\//, "")} for ${basename(by)}`);
  if (named.length > 0) log.fact("kept", firstOf(named, mostNamed).join(", "));
}

const needed = "kept for others";

const stays = "what stays";

/** How much a rule leaves out of a toolchain. */
export interface SlimRow {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly reason: string;
}

/**
 * Counts the files that each rule of slim.ts leaves out. The last rows count the covered files that stay, and all that
 * stay.
 *
 * @param folder as for {@link planSlimming}.
 */
export async function slimTable(folder: string): Promise<readonly SlimRow[]> {
  const { keeps, kept } = await planSlimming(folder);
  const counts = new Map<string, { files: number; bytes: number }>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length + 1);
    const { size } = await lstat(file);
    for (const name of [keeps(path) ? stays : slimRuleOf(path)?.name, kept.has(path) ? needed : undefined]) {
      if (name === undefined) continue;
      const count = counts.get(name) ?? { files: 0, bytes: 0 };
      counts.set(name, { files: count.files + 1, bytes: count.bytes + size });
    }
  }
  const row = (name: string, reason: string): SlimRow => ({
    name,
    reason,
    ...(counts.get(name) ?? { files: 0, bytes: 0 }),
  });
  return [
    ...slimRules.map(({ name, reason }) => row(name, reason)),
    row(needed, "covered by a rule above, and kept: a link, a script or a library needs it"),
    row(stays, "before debug information is stripped"),
  ];
}
