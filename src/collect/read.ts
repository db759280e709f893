import { readFile, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from '../platform/atomic.js'
import { Problem } from '../platform/problem.js'
import { parseChecksums } from './checksums.js'
import { type CollectedLeg, parseBuildInfo } from './leg.js'

/**
 * Reads the artifacts of a run: each sub-folder with a `build-info.json` is one, in the order of the names. Every file is
 * checked against the artifact's SHA256SUMS.
 *
 * @param folder absolute.
 * @throws Problem when an artifact cannot be read, or is not what its checksums say.
 */
export async function readLegs(folder: string): Promise<CollectedLeg[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const legs: CollectedLeg[] = []
  for (const artifact of names.sort()) {
    const info = await textOf(join(folder, artifact, 'build-info.json'))
    if (info !== undefined) legs.push(await readLeg(folder, artifact, info))
  }
  return legs
}

async function readLeg(folder: string, artifact: string, info: string): Promise<CollectedLeg> {
  const sums = await textOf(join(folder, artifact, 'SHA256SUMS'))
  if (sums === undefined) throw new Problem(`${artifact} has no SHA256SUMS`)
  const checksums = parseChecksums(sums, `${artifact}/SHA256SUMS`)
  const root = await realpath(join(folder, artifact))
  for (const { name, sha256 } of checksums) {
    const found = await sha256Inside(root, name)
    if (found === sha256) continue
    throw new Problem(`${artifact}/${name} is not what its SHA256SUMS says`, {
      found: found ?? 'no such file in the artifact',
      accepted: sha256,
      do: 'download the artifact again',
    })
  }
  return { artifact, info: parseBuildInfo(info, `${artifact}/build-info.json`), checksums, junit: await textOf(join(root, 'junit.xml')) }
}

/** undefined for a file that is not there, or lies elsewhere: a list from outside names it. */
async function sha256Inside(root: string, name: string): Promise<string | undefined> {
  const path = await realpath(join(root, name)).catch(() => undefined)
  return path?.startsWith(`${root}/`) === true ? sha256OfFile(path) : undefined
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}
