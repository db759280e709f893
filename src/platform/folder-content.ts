import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

interface FileInFolder {
  readonly path: string
  readonly bytes: number
  readonly changedMs: number
}

/** Whether there is a file, also by way of a link. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

/** Bytes of all files below a folder; 0 where there is none. */
export async function folderBytes(folder: string): Promise<number> {
  return (await filesIn(folder)).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Removes the files that were changed longest ago, until those that stay have no more than `limitBytes`. */
export async function removeOldest(folder: string, limitBytes: number): Promise<void> {
  let total = 0
  for (const { path, bytes } of (await filesIn(folder)).sort((a, b) => b.changedMs - a.changedMs)) {
    total += bytes
    if (total > limitBytes) await rm(path, { force: true })
  }
}

async function filesIn(folder: string): Promise<FileInFolder[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const found = files.map(async (path): Promise<FileInFolder[]> => {
    // Another build of this machine may have removed it meanwhile.
    const stats = await lstat(path).catch(() => undefined)
    return stats === undefined ? [] : [{ path, bytes: stats.size, changedMs: stats.mtimeMs }]
  })
  return (await Promise.all(found)).flat()
}
