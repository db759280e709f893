import { lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

interface FileInFolder {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Whether there is a file, also by way of a link. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Bytes of all files below a folder; 0 where there is none. */
export async function folderBytes(folder: string): Promise<number> {
  return (await filesIn(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Removes the files that were changed longest ago, until those that stay have no more than `limitBytes`. Those of a time to
 * come are the first to go: they would be the newest for as long as the clock needs to get there.
 */
export async function removeOldest(folder: string, limitBytes: number): Promise<void> {
  let total = 0;
  const latestMs = Date.now() + clockToleranceMs;
  const isBelieved = ({ changedMs }: FileInFolder) => Number(changedMs <= latestMs);
  for (const { path, bytes } of (await filesIn(folder)).sort(
    (a, b) => isBelieved(b) - isBelieved(a) || b.changedMs - a.changedMs,
  )) {
    total += bytes;
    if (total > limitBytes) await rm(path, { force: true });
  }
}

/** Of another machine that writes to the same folder. */
const clockToleranceMs = 3600_000;

async function filesIn(folder: string): Promise<FileInFolder[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const found = files.map(async (path): Promise<FileInFolder[]> => {
    // Another build of this machine may have removed it meanwhile.
    const stats = await lstat(path).catch(() => undefined);
    return stats === undefined ? [] : [{ path, bytes: stats.size, changedMs: stats.mtimeMs }];
  });
  return (await Promise.all(found)).flat();
}
