import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { planSlimming } from "./slim-plan.js";
import { slimRuleOf, slimRules } from "./slim.js";

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
