import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isBeingRemoved } from "../../platform/files/atomic.js";
import { type Log, size } from "../../platform/log.js";
import { type LastUse, readInstalledEntries, readLastUse } from "./installed.js";
import { type FindMounts, recordFolderOf, removeToolchain } from "./mounted.js";
import { imageFolderOf } from "./place.js";

/** A toolchain on this machine. */
export interface Kept extends LastUse {
  readonly name: string;
  readonly bytes: number;
}

const limits = { unusedMs: 60 * 24 * 3600 * 1000, totalBytes: 20e9 } as const;

/**
 * The toolchains to remove: those unused for 60 days, then the longest unused ones until the rest has less than 20 GB.
 *
 * @param needed the toolchain that is about to be used; it stays.
 */
export function chooseEvicted(kept: readonly Kept[], needed: string): readonly Kept[] {
  const newestFirst = kept.filter(({ name }) => name !== needed).sort((a, b) => a.unusedMs - b.unusedMs);
  let total = kept.find(({ name }) => name === needed)?.bytes ?? 0;
  return newestFirst.filter(({ bytes, unusedMs }) => {
    total += bytes;
    return unusedMs > limits.unusedMs || total > limits.totalBytes;
  });
}

/** The complete toolchains in a folder of toolchains. */
export async function listToolchains(folder: string): Promise<readonly Kept[]> {
  const names = await readdir(folder).catch(() => []);
  const keys = new Set(
    names.filter((name) => !name.endsWith(".new") && !isBeingRemoved(name)).map((name) => name.replace(/\.image$/, "")),
  );
  const found = [...keys].map(async (name): Promise<Kept[]> => {
    const [path, image] = [join(folder, name), imageFolderOf(join(folder, name))];
    // An image that is not mounted counts too: it can be mounted again.
    for (const record of [path, recordFolderOf(image)]) {
      const use = await readLastUse(record);
      if (use === undefined) continue;
      const entries = (await readInstalledEntries(record)) ?? [];
      const bytes = entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.bytes : 0), 0);
      return [{ name, bytes, ...use }];
    }
    return [];
  });
  return (await Promise.all(found)).flat();
}

/**
 * Removes the toolchains that {@link chooseEvicted} names, except those that another process is setting up, or uses by
 * a mount. Failures are only logged.
 */
export async function evictToolchains(log: Log, folder: string, needed: string, findMounts: FindMounts): Promise<void> {
  for (const { name, bytes, unusedMs } of chooseEvicted(await listToolchains(folder), needed)) {
    if (existsSync(join(folder, `${name}.lock`))) continue;
    const days = Math.floor(unusedMs / (24 * 3600 * 1000));
    await removeToolchain(
      findMounts,
      { path: join(folder, name), image: imageFolderOf(join(folder, name)) },
      "fail",
    ).then(
      () => log.fact("tool cache", `removed ${name} (${size(bytes)}, not used for ${days} days)`),
      () => log.debug(`${name} could not be removed`),
    );
  }
}
