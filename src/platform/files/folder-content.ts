import { lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";

interface FileInFolder {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Whether the path is a file or a link to one. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Bytes of all files below a folder; 0 if it does not exist. */
export async function folderBytes(folder: string): Promise<number> {
  return (await filesIn(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Removes the files that were changed longest ago, until the others have at most `limitBytes`. Files with a time in the
 * future go first: otherwise they would count as the newest until the clock reaches that time.
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

/** How far the clock of another machine that writes to the same folder may be ahead. */
const clockToleranceMs = 3600_000;

async function filesIn(folder: string): Promise<FileInFolder[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const found = files.map(async (path): Promise<FileInFolder[]> => {
    // Another build on this machine can remove it meanwhile.
    const stats = await lstat(path).catch(() => undefined);
    return stats === undefined ? [] : [{ path, bytes: stats.size, changedMs: stats.mtimeMs }];
  });
  return (await Promise.all(found)).flat();
}

/** SHA-256 of a text in hexadecimal, or its first digits, which are enough for a few distinct names. */
export function hashOf(text: string, digits = 64): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
