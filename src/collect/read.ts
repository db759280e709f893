import { existsSync } from 'node:fs'
import { readFile, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from '../platform/atomic.js'
import { isMissing } from '../platform/error-code.js'
import { Problem } from '../platform/problem.js'
import { parseChecksums } from './checksums.js'
import { type CollectedLeg, parseBuildInfo } from './leg.js'

const buildInfo = 'build-info.json'

/**
 * The names of the artifacts of a run: each sub-folder with a `build-info.json` is one. A folder that is not there has none.
 *
 * @param folder absolute.
 */
export async function artifactsIn(folder: string): Promise<string[]> {
  // A run without any artifact leaves no folder.
  if (!existsSync(folder)) return []
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).filter((name) => existsSync(join(folder, name, buildInfo))).sort()
}

/**
 * Reads artifacts of a run. Every file is checked against the artifact's SHA256SUMS.
 *
 * @param folder absolute.
 * @throws Problem when an artifact cannot be read, or is not what its checksums say.
 */
export async function readLegs(folder: string, artifacts: readonly string[]): Promise<CollectedLeg[]> {
  const legs: CollectedLeg[] = []
  for (const artifact of artifacts) legs.push(await readLeg(folder, artifact))
  return legs
}

async function readLeg(folder: string, artifact: string): Promise<CollectedLeg> {
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
  const info = await readFile(join(root, buildInfo), 'utf8')
  return { artifact, info: parseBuildInfo(info, `${artifact}/${buildInfo}`), checksums, junit: await textOf(join(root, 'junit.xml')) }
}

/** undefined for a file that is not there, or lies elsewhere: a list from outside names it. */
async function sha256Inside(root: string, name: string): Promise<string | undefined> {
  const path = await realpath(join(root, name)).catch(() => undefined)
  return path?.startsWith(`${root}/`) === true ? sha256OfFile(path) : undefined
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
}
