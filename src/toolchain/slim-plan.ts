import { readdir, lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Log, firstOf } from "../platform/log.js";
import { type Reference, type TreeEntry, keptForOthers } from "./closure.js";
import { readReferences } from "./references.js";
import { slimRuleOf, slimRules } from "./slim.js";

/** What of a toolchain becomes a slim one. */
export interface SlimPlan {
  /** Whether a path, relative to the toolchain's folder, stays. */
  readonly keeps: (path: string) => boolean;
  /** Files and links that stay although a rule of slim.ts leaves them out, with what refers to each. */
  readonly kept: ReadonlyMap<string, string>;
}

/** Most of them that a line of the log names. */
const mostNamed = 4;

/**
 * Decides what a slim toolchain has: all but what the rules of slim.ts leave out, and of that whatever something that stays
 * refers to. Nothing is changed.
 *
 * @param folder of a toolchain, the one with `opam/` in it: absolute, without links in it.
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
  // What is left out is not read, until something needs it: sources are most of the files.
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

/** Says what stays for something else, in one line. */
export function tellKept(log: Log, { kept }: Pick<SlimPlan, "kept">): void {
  const named = [...kept].map(([path, by]) => `${path.replace(/^opam\/toolchain\//, "")} for ${basename(by)}`);
  if (named.length > 0) log.fact("kept", firstOf(named, mostNamed).join(", "));
}

/** What a rule leaves out of a toolchain. */
export interface SlimRow {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly reason: string;
}

/**
 * Counts what each rule of slim.ts leaves out of a folder; the last rows are what stays for something else, and all that stays.
 *
 * @param folder of a toolchain: the one with `opam/` in it, absolute, without links in it.
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
    row(needed, "of that, what stays all the same: a link, a script or a library needs it"),
    row(stays, "before programs and libraries are stripped of debug information"),
  ];
}

const needed = "kept for others";
const stays = "what stays";
