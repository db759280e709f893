import { lstat, readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256OfFile } from '../platform/atomic.js'
import { Problem, messageOf } from '../platform/problem.js'
import type { BuildInfo } from '../report/build-info.js'
import type { Checksum } from '../report/checksums.js'
import { isBuildInfo } from '../report/build-info-shape.js'
import { parseChecksums } from './read-checksums.js'

/** An artifact of `publish`, as it was downloaded; its files are those that its SHA256SUMS lists. */
export interface ArtifactFolder {
  /** The artifact's name. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly info: BuildInfo
}

export interface FoundArtifacts {
  /** At least one, in the order of their names. */
  readonly artifacts: readonly ArtifactFolder[]
  /** Names of folders that are no artifacts of `publish`. */
  readonly others: readonly string[]
}

const infoFile = 'build-info.json'
const sumsFile = 'SHA256SUMS'

/**
 * The artifacts that lie side by side in a folder, or the one that the folder is itself: actions/download-artifact leaves
 * out the inner folder when it is asked for one by its name.
 *
 * @throws Problem when there is none, or one is not as `publish` left it.
 */
export async function findArtifacts(folder: string): Promise<FoundArtifacts> {
  if (await isThere(join(folder, infoFile))) return { artifacts: [await readArtifact(folder)], others: [] }
  const names = await subfolders(folder)
  const isArtifact = await Promise.all(names.map((name) => isThere(join(folder, name, infoFile))))
  const artifacts: ArtifactFolder[] = []
  for (const name of names.filter((_, index) => isArtifact[index])) artifacts.push(await readArtifact(join(folder, name)))
  const others = names.filter((_, index) => !isArtifact[index])
  if (artifacts.length > 0) return { artifacts, others }
  throw new Problem(`there is no artifact of \`publish\` in ${folder}`, {
    found: others.length === 0 ? 'no folder' : others.slice(0, 20).join(', '),
    accepted: `folders with a ${infoFile}, as actions/download-artifact puts them side by side`,
  })
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort()
  } catch (error) {
    throw new Problem(`input folder: ${folder} cannot be read`, { because: messageOf(error) }, { cause: error })
  }
}

async function readArtifact(path: string): Promise<ArtifactFolder> {
  const name = basename(path)
  const damaged = (because: string, error?: unknown) =>
    new Problem(`the artifact ${name} is not as \`publish\` left it`, { because, do: 'download it again, or run its job again' }, { cause: error })
  const sums = await readFile(join(path, sumsFile), 'utf8').catch((error: unknown) => {
    throw damaged(messageOf(error), error)
  })
  const checksums = parseChecksums(sums)
  if (checksums === undefined) throw damaged(`${sumsFile} has a line that is no checksum`)
  for (const checksum of checksums) {
    const wrong = await mismatch(path, checksum)
    if (wrong !== undefined) throw damaged(wrong)
  }
  const info = await readInfo(join(path, infoFile))
  if (info === undefined) throw damaged(`${infoFile} is not of the format that this version of unikernel-ci reads`)
  const sumOf = new Map(checksums.map((checksum) => [checksum.name, checksum.sha256]))
  for (const { file, sha256, debugFile } of info.images) {
    if (sumOf.get(file) !== sha256) throw damaged(`${file} is another one in ${infoFile} than in ${sumsFile}`)
    if (debugFile !== null && !sumOf.has(debugFile)) throw damaged(`${debugFile} is not in ${sumsFile}`)
  }
  if (!sumOf.has(infoFile)) throw damaged(`${infoFile} is not in ${sumsFile}`)
  return { name, path, info }
}

async function mismatch(folder: string, { name, sha256 }: Checksum): Promise<string | undefined> {
  if (basename(name) !== name) return `${sumsFile} names a file of another folder: ${name}`
  const path = join(folder, name)
  if (!(await isThere(path))) return `${name} is missing`
  const found = await sha256OfFile(path)
  return found === sha256 ? undefined : `the SHA-256 of ${name} is ${found}, and ${sumsFile} has ${sha256}`
}

async function readInfo(path: string): Promise<BuildInfo | undefined> {
  try {
    const info: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isBuildInfo(info) ? info : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  // A link could lead to any file of this machine.
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
