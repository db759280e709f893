import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isMissing } from './error-code.js'

/** Writes a file so that a reader finds the old one or the new one, never a part of either. Makes its folder. */
export async function writeFileAtomically(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = draftOf(path)
  try {
    await writeFile(draft, content, { flag: 'wx' })
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Lets `fill` write a folder, then puts it in the place of the former one. When `fill` throws, the former one stays.
 */
export async function replaceFolder(path: string, fill: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = draftOf(path)
  const former = draftOf(path)
  try {
    await mkdir(draft)
    await fill(draft)
    await rename(path, former).catch(ignoreMissing)
    await rename(draft, path)
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(former, { recursive: true, force: true })
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Beside `path`, as a rename does not cross file systems. */
function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}
