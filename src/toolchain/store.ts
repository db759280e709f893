import { constants, createReadStream, existsSync, rmSync } from 'node:fs'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cleaningUp, endProcessesWith } from '../platform/leftovers.js'
import { withAbandonedLock, withLock } from '../platform/lock.js'
import { type Log, seconds, size } from '../platform/log.js'
import { Problem, messageOf } from '../platform/problem.js'
import { type FetchedArchive, Unusable } from '../platform/published-archive.js'
import { isDiskFull } from '../platform/system-error.js'
import { type ArchiveManifest, BadArchive } from './archive/manifest.js'
import { packToolchain } from './archive/pack.js'
import { unpackToolchain } from './archive/unpack.js'
import { buildMark } from './environment.js'
import { evictToolchains } from './evict.js'
import { type InstalledToolchain, noteUse, readInstalled, writeInstalled } from './installed.js'
import type { ArchiveLevel } from './levels.js'
import { type FindMounts, completeImage, mountAgain, mountImage, removeToolchain } from './mounted.js'
import { type Place, imageFolderOf, placeIn } from './place.js'
import { keepsInSlim } from './slim.js'
import { type Toolchain, type ToolchainEnvironment, type ToolchainOrigin, type ToolchainSpec, sourceWords } from './toolchain.js'

/** The toolchain that is wanted. */
export interface Wanted {
  readonly spec: ToolchainSpec
  readonly key: string
  readonly place: Place
  /** Another place, for a toolchain that {@link place} has not and may not be given. */
  readonly spare?: () => Promise<Place>
  /** Whether this run may use what came to this machine from there. */
  readonly trusts: (origin: ToolchainOrigin) => boolean
  /** What mounts a toolchain that comes as an image. */
  readonly findMounts: FindMounts
}

/** What the store needs done, and does not do itself. */
export interface Makers {
  /** Builds the toolchain in a folder. */
  readonly build: (path: string) => Promise<ToolchainEnvironment>
  /** Throws a Problem when the toolchain does not work; another error says nothing about the toolchain. */
  readonly prove: (toolchain: InstalledToolchain) => Promise<void>
}

/** zstd's level for what is used at once: see zstd.ts. */
const packLevel = 9

/**
 * The toolchain of a spec from the first level that has one that works: the tool cache of this machine, the levels given,
 * or a build, which is kept in each level that keeps any.
 *
 * A toolchain is unpacked beside its place and gets its name when it is whole and checked. That is so for one that was
 * just built, too: what a first run uses is what every other run will use. When this throws, or when the process is told
 * to end, nothing is left; when it is killed, the next set-up removes what it left, of whichever toolchain.
 *
 * @throws whatever `build` and, after a build, `prove` throw; Problem where no space is left.
 */
export async function obtainToolchain(log: Log, wanted: Wanted, levels: readonly ArchiveLevel[], makers: Makers): Promise<Toolchain> {
  try {
    return await obtain(log, wanted, levels, makers)
  } catch (error) {
    throw isDiskFull(error) ? noSpace(wanted.place, error) : error
  }
}

async function obtain(log: Log, { spare, ...wanted }: Wanted, levels: readonly ArchiveLevel[], makers: Makers): Promise<Toolchain> {
  await removeAbandoned(log, dirname(wanted.place.path))
  const here = await fromToolCache(log, wanted, makers)
  if (here !== undefined) return here
  if (spare !== undefined && !(await isWritable(dirname(wanted.place.path)))) {
    const place = await spare()
    log.notice(`the tool cache ${dirname(wanted.place.path)} may not be written to: the toolchain goes to ${dirname(place.path)}`)
    return obtainToolchain(log, { ...wanted, place }, levels, makers)
  }
  const onWait = (holder: string) => log.line(`  waiting for ${holder}, which is setting up the same toolchain`)
  return withLock(wanted.place.lock, onWait, async () => {
    await mountWhatIsHere(log, wanted)
    // Somebody else may have finished it while we waited for the lock.
    const meanwhile = await fromToolCache(log, wanted, makers)
    if (meanwhile !== undefined) return meanwhile
    log.fact('tool cache', `miss (${wanted.place.path})`)
    await removeLeftovers(wanted)
    const made = await cleaningUp(
      () => discardDrafts(wanted.place),
      () => fetchOrBuild(log, wanted, levels, makers),
    )
    await noteUse(made.path)
    await evictToolchains(log, dirname(made.path), made.key, wanted.findMounts)
    return made
  })
}

async function fromToolCache(log: Log, { key, place, trusts }: Wanted, makers: Makers): Promise<Toolchain | undefined> {
  const found = await readInstalled(place.path)
  if (found?.key !== key) return undefined
  if (!trusts(found.origin)) {
    log.fact('tool cache', `not used: what it has came from the ${sourceWords[found.origin]}, which this run does not trust`)
    return undefined
  }
  log.fact('tool cache', `hit (${place.path})`)
  try {
    await prove(log, found, makers)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    log.notice(`the toolchain in ${place.path} does not work any more and is made again: ${error.message}`)
    return undefined
  }
  await noteUse(place.path)
  return { ...found, source: 'tool-cache' }
}

async function mountWhatIsHere(log: Log, { findMounts, place }: Wanted): Promise<void> {
  try {
    if (await mountAgain(findMounts, place)) log.fact('tool cache', 'mounted the image that it has')
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    log.debug(`the image in ${place.image}: ${error.message}`)
  }
}

async function fetchOrBuild(log: Log, wanted: Wanted, levels: readonly ArchiveLevel[], makers: Makers): Promise<Toolchain> {
  try {
    for (const level of levels) {
      const fetched = await fromLevel(log, wanted, level, makers)
      if (fetched !== undefined) return fetched
    }
    return await build(log, wanted, levels, makers)
  } catch (error) {
    discardDrafts(wanted.place)
    throw error
  }
}

async function fromLevel(log: Log, wanted: Wanted, level: ArchiveLevel, makers: Makers): Promise<Toolchain | undefined> {
  const mounted = await fromImage(log, wanted, level, makers)
  if (mounted !== undefined) return mounted
  const start = performance.now()
  const fetched = await level.fetch(wanted.key, wanted.place)
  if (fetched === undefined || 'because' in fetched) {
    log.fact(level.label, fetched === undefined ? 'miss' : `not asked (${fetched.because})`)
    return undefined
  }
  try {
    const said = await unpackFetched(fetched, wanted, draftOf(wanted.place), (manifest) => putInPlace(wanted, level.source, manifest))
    log.fact(level.label, `hit, ${said === '' ? '' : `${said}, `}unpacked and checked in ${seconds(performance.now() - start)}`)
    return await installed(log, wanted, makers)
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    log.notice(`${level.label}: what it has of this toolchain cannot be used: ${error.message}`)
    discardDrafts(wanted.place)
    return undefined
  }
}

/** A toolchain that is mounted is there sooner; where that does not work, it is unpacked. */
async function fromImage(log: Log, wanted: Wanted, level: ArchiveLevel, makers: Makers): Promise<Toolchain | undefined> {
  const { key, place, findMounts } = wanted
  const fetch = await level.image?.(key)
  const mounts = fetch === undefined ? undefined : await findMounts()
  if (fetch === undefined || mounts === undefined) return undefined
  const start = performance.now()
  try {
    const said = await unpackFetched(fetch(), wanted, imageDraftOf(place), async (manifest) => {
      await completeImage(imageDraftOf(place), place.path, level.source, manifest)
      await rename(imageDraftOf(place), place.image)
    })
    await mountImage(mounts, place)
    log.fact(level.label, `hit, ${said}, checked and mounted in ${seconds(performance.now() - start)}`)
    return await installed(log, wanted, makers)
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    log.debug(`${level.label}: its image of this toolchain is not used: ${error.message}`)
    discardDrafts(place)
    await removeToolchain(findMounts, place, 'detach')
    return undefined
  }
}

/**
 * @param use what is done with what was unpacked, when all of it is what it should be.
 * @returns what the level says of the transfer.
 */
async function unpackFetched(
  fetched: FetchedArchive,
  wanted: Wanted,
  draft: string,
  use: (manifest: ArchiveManifest) => Promise<void>,
): Promise<string> {
  let manifest: ArchiveManifest | undefined
  let damage: BadArchive | undefined
  try {
    manifest = await unpackAside(fetched.bytes, wanted, draft)
  } catch (error) {
    if (!(error instanceof BadArchive)) {
      fetched.bytes.destroy()
      throw error
    }
    damage = error
  }
  // An archive that is not what was promised is told as that, and not as the damage it shows.
  const said = await fetched.finish()
  if (manifest === undefined) throw new Unusable(messageOf(damage))
  await use(manifest)
  return said
}

async function unpackAside(bytes: FetchedArchive['bytes'], { key, place }: Wanted, draft: string): Promise<ArchiveManifest> {
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  const manifest = await unpackToolchain(bytes, draft, place.path)
  if (manifest.key !== key) throw new BadArchive(`it is of another toolchain (${manifest.key})`)
  return manifest
}

async function putInPlace({ place, findMounts }: Wanted, origin: ToolchainOrigin, manifest: ArchiveManifest): Promise<void> {
  if (manifest.contents !== undefined) throw new Unusable('it is an image, and this was to be unpacked')
  await writeInstalled(draftOf(place), place.path, origin, manifest)
  await removeToolchain(findMounts, place, 'detach')
  await rename(draftOf(place), place.path)
}

async function installed(log: Log, { key, place, findMounts }: Wanted, makers: Makers): Promise<Toolchain> {
  const found = await readInstalled(place.path)
  if (found?.key !== key) throw new Unusable('its key is not that of its own spec')
  try {
    await prove(log, found, makers)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    await removeToolchain(findMounts, place, 'detach')
    if (found.origin === 'built') throw error
    throw new Unusable(`it does not work here: ${error.message}`, { cause: error })
  }
  return { ...found, source: found.origin }
}

async function build(log: Log, wanted: Wanted, levels: readonly ArchiveLevel[], makers: Makers): Promise<Toolchain> {
  const { spec, key, place } = wanted
  const start = performance.now()
  await mkdir(place.buildPath, { recursive: true })
  const environment = await makers.build(place.buildPath)
  log.fact('build', `done in ${seconds(performance.now() - start)}`)

  const packing = performance.now()
  const keeps = spec.slim ? keepsInSlim : () => true
  const source = { spec, key, environment, folder: place.buildPath, prefix: Buffer.from(place.buildPath), keeps }
  const packed = await packToolchain(source, place.archive, packLevel)
  const files = packed.manifest.entries.filter((entry) => entry.kind === 'file')
  const unpackedBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  log.fact('packed', `${size(packed.bytes)} of ${size(unpackedBytes)} in ${files.length} files, in ${seconds(performance.now() - packing)}`)
  if (packed.leftOut.length > 0) log.debug(`not packed: ${packed.leftOut.join(' ')}`)
  discardBuild(place)

  await putInPlace(wanted, 'built', await unpackAside(createReadStream(place.archive), wanted, draftOf(place)))
  const toolchain = await installed(log, wanted, makers)
  for (const level of levels) await keep(log, wanted, level)
  await rm(place.archive)
  return toolchain
}

async function keep(log: Log, { key, place }: Wanted, level: ArchiveLevel): Promise<void> {
  if (level.save === undefined) return
  const start = performance.now()
  const outcome = await level.save(key, place)
  if (typeof outcome === 'object') log.fact(level.label, `not saved (${outcome.because})`)
  else if (outcome === 'failed') log.notice('the toolchain was not kept in the actions cache: where no other run has just kept it, the next one builds it again')
  else log.fact(level.label, outcome === 'saved' ? `saved in ${seconds(performance.now() - start)}` : 'has it already')
}

const isWritable = (folder: string) => access(folder, constants.W_OK).then(() => true, () => false)

function noSpace({ path }: Place, cause: unknown): Problem {
  return new Problem(
    `no space is left for the toolchain in ${dirname(path)}`,
    {
      because: messageOf(cause),
      do: 'make some: 0.5 GB where it is fetched, 2 GB where it is built; or choose a folder elsewhere by RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)',
    },
    { cause },
  )
}

async function prove(log: Log, toolchain: InstalledToolchain, makers: Makers): Promise<void> {
  const start = performance.now()
  await makers.prove(toolchain)
  log.fact('proof', `linked a test image in ${seconds(performance.now() - start)}`)
}

const draftOf = ({ path }: Place) => `${path}.new`
const imageDraftOf = ({ image }: Place) => `${image}.new`

/** What set-ups and builds that were killed have left of any toolchain, and the locks that tell of them. */
async function removeAbandoned(log: Log, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.endsWith('.lock'))) {
    const path = join(folder, basename(name, '.lock'))
    const clean = async () => {
      await removeDrafts(placeIn(folder, basename(path)))
      // One that a build had borrowed: nobody takes it, and nobody counts it.
      const isHalf = (await readInstalled(path)) === undefined && !existsSync(imageFolderOf(path))
      if (isHalf) await rm(path, { recursive: true, force: true })
    }
    // Who may not write here needs no room here.
    await withAbandonedLock(join(folder, name), clean).catch((error: unknown) => log.debug(`${join(folder, name)}: ${messageOf(error)}`))
  }
}

async function removeLeftovers({ place, findMounts }: Wanted): Promise<void> {
  if (existsSync(place.image)) await removeToolchain(findMounts, place, 'detach')
  await removeDrafts(place)
}

/** What a set-up that was killed has left, of this version or of another one: everything beside the place but the lock. */
async function removeDrafts(place: Place): Promise<void> {
  discardDrafts(place)
  const folder = dirname(place.path)
  const kept = [basename(place.lock), basename(place.image)]
  const mine = (name: string) => name.startsWith(`${basename(place.path)}.`) && !kept.some((start) => name.startsWith(start))
  const left = (await readdir(folder)).filter(mine)
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/** Removes what is not complete, and whatever still writes there. Synchronous, for use while we are ending. */
function discardDrafts(place: Place): void {
  discardBuild(place)
  for (const path of [draftOf(place), imageDraftOf(place), place.archive]) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

function discardBuild({ buildPath }: Place): void {
  endProcessesWith(buildMark, buildPath)
  rmSync(buildPath, { recursive: true, force: true, maxRetries: 5 })
}
