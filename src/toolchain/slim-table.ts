import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { slimRuleOf, slimRules } from "./slim.js";

/** What a rule leaves out of a toolchain. */
export interface SlimRow {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly reason: string;
}

/**
 * Counts what each rule of slim.ts covers in a folder; the last row is what stays.
 *
 * @param folder of a toolchain: the one with `opam/` in it.
 */
export async function slimTable(folder: string): Promise<readonly SlimRow[]> {
  const counts = new Map<string, { files: number; bytes: number }>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const name = slimRuleOf(file.slice(folder.length + 1))?.name ?? stays;
    const count = counts.get(name) ?? { files: 0, bytes: 0 };
    counts.set(name, { files: count.files + 1, bytes: count.bytes + (await lstat(file)).size });
  }
  const row = (name: string, reason: string): SlimRow => ({
    name,
    reason,
    ...(counts.get(name) ?? { files: 0, bytes: 0 }),
  });
  return [
    ...slimRules.map(({ name, reason }) => row(name, reason)),
    row(stays, "before programs and libraries are stripped of debug information"),
  ];
}

const stays = "what stays";
