import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from './host.js'
import { cleaningUp } from './leftovers.js'
import { type OwnerMark, markText, ownMark, ownerState, parseMark } from './owner-mark.js'

const named = /^unikernel-ci-boot-(\d+-\d+-[\da-f]{8})-/
/** Longer than any boot: nobody's process elsewhere, or before the machine's last start, still needs its folder. */
const staleMs = 48 * 60 * 60 * 1000

/** Lets `body` use a new folder, for this user only; it is gone afterwards, also when we are told to end meanwhile. */
export async function withBootFolder<T>({ host }: Context, body: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(host.folders.temporary, { recursive: true })
  const folder = await mkdtemp(join(host.folders.temporary, `unikernel-ci-boot-${markText(ownMark())}-`))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    return await cleaningUp(remove, () => body(folder))
  } finally {
    remove()
  }
}

/** Removes the folders of boots that were killed; this user's only. */
export function sweepBootFolders({ host }: Context): void {
  const { temporary } = host.folders
  for (const name of namesIn(temporary)) {
    const mark = parseMark(named.exec(name)?.[1] ?? '')
    if (mark === undefined) continue
    const path = join(temporary, name)
    try {
      if (isAbandoned(path, mark)) rmSync(path, { recursive: true, force: true })
    } catch {
      // Somebody else has removed it, or it cannot be removed: the next sweep tries again.
    }
  }
}

function isAbandoned(path: string, mark: OwnerMark): boolean {
  const { uid, mtimeMs } = lstatSync(path)
  if (uid !== process.getuid?.()) return false
  const state = ownerState(mark)
  return state === 'gone' || (state === 'elsewhere' && Date.now() - mtimeMs > staleMs)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
