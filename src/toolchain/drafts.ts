import { existsSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { endProcessesWith } from '../platform/leftovers.js'
import { buildMark } from './environment.js'
import { type FindMounts, removeToolchain } from './mounted.js'
import type { Place } from './place.js'

/** Where a toolchain is unpacked, until all of it is there and checked. */
export const draftOf = ({ path }: Pick<Place, 'path'>): string => `${path}.new`

/** The same for the image of one. */
export const imageDraftOf = ({ image }: Pick<Place, 'image'>): string => `${image}.new`

/** Removes what is not complete, and whatever still writes there. Synchronous, for use while we are ending. */
export function discardDrafts(place: Place): void {
  discardBuild(place)
  for (const path of [draftOf(place), imageDraftOf(place), place.archive]) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

/** Removes the folder of a build, and ends what still runs there. Synchronous, too. */
export function discardBuild({ buildPath }: Place): void {
  endProcessesWith(buildMark, buildPath)
  rmSync(buildPath, { recursive: true, force: true, maxRetries: 5 })
}

/** Removes what a set-up that was killed has left, of this version or of another one: everything beside the place but the lock. */
export async function removeLeftovers(place: Place, findMounts: FindMounts): Promise<void> {
  discardDrafts(place)
  if (existsSync(place.image)) await removeToolchain(findMounts, place, 'detach')
  const folder = dirname(place.path)
  const kept = [basename(place.lock), basename(place.image)]
  const isLeft = (name: string) => name.startsWith(`${basename(place.path)}.`) && !kept.some((start) => name.startsWith(start))
  const left = (await readdir(folder)).filter(isLeft)
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}
