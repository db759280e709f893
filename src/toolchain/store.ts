import { existsSync, rmSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ToolchainCache } from '../platform/actions-cache.js'
import { cleaningUp, endProcessesWith } from '../platform/leftovers.js'
import { withLock } from '../platform/lock.js'
import { type Log, seconds } from '../platform/log.js'
import { Problem } from '../platform/problem.js'
import type { CachePolicy } from './cache-policy.js'
import { buildMark } from './environment.js'
import { incompleteMark, readManifest, writeManifest } from './manifest.js'
import type { Toolchain, ToolchainEnvironment, ToolchainSource, ToolchainSpec } from './toolchain.js'

/** What the store needs done, and does not do itself. */
export interface Makers {
  /** Builds the toolchain in its place. */
  readonly build: () => Promise<ToolchainEnvironment>
  /** Throws a Problem when the toolchain in its place does not work; another error says nothing about the toolchain. */
  readonly prove: (environment: ToolchainEnvironment) => Promise<void>
}

/** Where a toolchain may come from. */
export interface Levels {
  /** Absent: this machine has none. */
  readonly cache?: ToolchainCache
  readonly policy: CachePolicy
}

/**
 * The toolchain of a spec from the first level that has one that works: the tool cache of this machine, the actions
 * cache, or a build, which is kept in both at once.
 *
 * When it throws, or when the process is told to end, nothing is left in the toolchain's place. When the process is
 * killed, what is left has no manifest, and the next start removes it.
 *
 * @throws whatever `build` and, after a build, `prove` throw.
 */
export async function obtainToolchain(
  log: Log,
  spec: ToolchainSpec,
  key: string,
  levels: Levels,
  makers: Makers,
): Promise<Toolchain> {
  const here = await fromToolCache(log, spec.path, key, makers)
  if (here !== undefined) return here
  const onWait = (holder: string) => log.line(`  waiting for ${holder}, which is setting up the same toolchain`)
  return withLock(`${spec.path}.lock`, onWait, async () => {
    // Somebody else may have finished it while we waited for the lock.
    const meanwhile = await fromToolCache(log, spec.path, key, makers)
    if (meanwhile !== undefined) return meanwhile
    log.fact('tool cache', `miss (${spec.path})`)
    return cleaningUp(
      () => discard(spec.path),
      () => make(log, spec, key, levels, makers),
    )
  })
}

async function fromToolCache(log: Log, path: string, key: string, makers: Makers): Promise<Toolchain | undefined> {
  const found = await readManifest(path)
  if (found?.key !== key) return undefined
  log.fact('tool cache', `hit (${path})`)
  try {
    await prove(log, found.environment, makers)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    log.notice(`the toolchain in ${path} does not work any more and is made again: ${error.message}`)
    return undefined
  }
  return { ...found, source: 'tool-cache' }
}

async function make(log: Log, spec: ToolchainSpec, key: string, levels: Levels, makers: Makers): Promise<Toolchain> {
  discard(spec.path)
  const toolchain = (environment: ToolchainEnvironment, source: ToolchainSource): Toolchain => ({
    spec,
    key,
    source,
    environment,
  })
  try {
    const restored = await fromActionsCache(log, spec.path, key, levels, makers)
    if (restored !== undefined) return toolchain(restored, 'actions-cache')

    const start = performance.now()
    await begin(spec.path)
    const environment = await makers.build()
    log.fact('build', `done in ${seconds(performance.now() - start)}`)
    await prove(log, environment, makers)
    const built = toolchain(environment, 'built')
    await writeManifest(built)
    await rm(incompleteMark(spec.path))
    await keep(log, spec.path, key, levels)
    return built
  } catch (error) {
    discard(spec.path)
    throw error
  }
}

async function fromActionsCache(
  log: Log,
  path: string,
  key: string,
  { cache, policy }: Levels,
  makers: Makers,
): Promise<ToolchainEnvironment | undefined> {
  if (cache === undefined || !policy.restore) {
    log.fact('cache', cache === undefined ? 'no cache service here' : `not asked (${policy.why})`)
    return undefined
  }
  const start = performance.now()
  await begin(path)
  const hit = await cache.restore(key, [path])
  await rm(incompleteMark(path), { force: true })
  const restored = hit ? await readManifest(path) : undefined
  if (restored?.key !== key) {
    log.fact('cache', hit ? 'what it had is not this toolchain' : 'miss')
    discard(path)
    return undefined
  }
  try {
    await prove(log, restored.environment, makers)
    log.fact('cache', `hit, restored in ${seconds(performance.now() - start)}`)
    return restored.environment
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    log.notice(`the toolchain of the actions cache does not work here and is built again: ${error.message}`)
    discard(path)
    return undefined
  }
}

async function keep(log: Log, path: string, key: string, { cache, policy }: Levels): Promise<void> {
  if (cache === undefined) return
  if (!policy.save) {
    log.fact('cache', `not saved (${policy.why})`)
    return
  }
  const start = performance.now()
  if (await cache.save(key, [path])) log.fact('cache', `saved in ${seconds(performance.now() - start)}`)
  else log.notice('the toolchain was not kept in the actions cache: the next run builds it again')
}

async function prove(log: Log, environment: ToolchainEnvironment, makers: Makers): Promise<void> {
  const start = performance.now()
  await makers.prove(environment)
  log.fact('proof', `linked a test image in ${seconds(performance.now() - start)}`)
}

async function begin(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(incompleteMark(path), '')
  await mkdir(path, { recursive: true })
}

/** Removes what is in a toolchain's place, and whatever still writes there. Synchronous, for use while we are ending. */
function discard(path: string): void {
  if (existsSync(path)) {
    endProcessesWith(buildMark, path)
    rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  }
  rmSync(incompleteMark(path), { force: true })
}
