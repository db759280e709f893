import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ToolchainCache } from '../../../src/platform/actions-cache.js'
import type { Log } from '../../../src/platform/log.js'
import { Problem } from '../../../src/platform/problem.js'
import { toolchainKey } from '../../../src/toolchain/key.js'
import { readManifest } from '../../../src/toolchain/manifest.js'
import { type Makers, obtainToolchain } from '../../../src/toolchain/store.js'
import type { ToolchainEnvironment, ToolchainSpec } from '../../../src/toolchain/toolchain.js'
import { exampleSpec } from './examples.js'

let folder: string
let spec: ToolchainSpec
let told: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-store-'))
  spec = { ...exampleSpec, path: join(folder, 'toolchains/one') }
  told = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const environment: ToolchainEnvironment = { path: ['/bin'], variables: {}, findlibToolchain: 'solo5' }
const tell = (text: string) => void told.push(text)
const log: Log = {
  group: (_, body) => body(),
  fact: (label, text) => tell(`${label}: ${text}`),
  line: tell,
  untrusted: () => undefined,
  notice: tell,
  warning: tell,
  error: tell,
  debug: () => undefined,
}

/** Builds one file; proves that it is there. */
const makers = (): Makers => ({
  build: () => {
    writeFileSync(join(spec.path, 'compiler'), '')
    return Promise.resolve(environment)
  },
  prove: () => (existsSync(join(spec.path, 'compiler')) ? Promise.resolve() : Promise.reject(new Problem('no compiler'))),
})

/** A cache that copies to a folder. */
function folderCache(): ToolchainCache & { readonly saved: string[] } {
  const saved: string[] = []
  return {
    saved,
    restore: (key, [path = '']) => {
      if (!existsSync(join(folder, 'cache', key))) return Promise.resolve(false)
      cpSync(join(folder, 'cache', key), path, { recursive: true })
      return Promise.resolve(true)
    },
    save: (key, [path = '']) => {
      saved.push(key)
      cpSync(path, join(folder, 'cache', key), { recursive: true })
      return Promise.resolve(true)
    },
  }
}

const policy = { restore: true, save: true, why: 'test' }
const obtain = (cache: ToolchainCache | undefined, made = makers(), chosen = policy) =>
  obtainToolchain(log, spec, toolchainKey(spec), { ...(cache && { cache }), policy: chosen }, made)
const left = () => readdirSync(join(folder, 'toolchains'))

describe('a toolchain', () => {
  it('is built once, then found in the tool cache, and after that is gone in the actions cache', async () => {
    const cache = folderCache()
    expect((await obtain(cache)).source).toBe('built')
    expect(cache.saved).toEqual([toolchainKey(spec)])
    expect((await obtain(cache)).source).toBe('tool-cache')
    rmSync(spec.path, { recursive: true })
    expect((await obtain(cache)).source).toBe('actions-cache')
    expect((await obtain(cache)).source).toBe('tool-cache')
    expect(cache.saved).toHaveLength(1)
    expect(left()).toEqual(['one'])
  })

  it('is built also where there is no cache service, or one that does not work', async () => {
    expect((await obtain(undefined)).source).toBe('built')
    rmSync(spec.path, { recursive: true })
    const broken = { restore: () => Promise.resolve(false), save: () => Promise.resolve(false) }
    expect((await obtain(broken)).source).toBe('built')
    expect(told).toContain('the toolchain was not kept in the actions cache: the next run builds it again')
  })

  it('is neither restored nor saved where the policy says so', async () => {
    const cache = folderCache()
    await obtain(cache, makers(), { restore: true, save: false, why: 'cache: read-only' })
    expect(cache.saved).toEqual([])
    expect(told).toContain('cache: not saved (cache: read-only)')
  })

  it('from a cache that was unpacked halfway is built again', async () => {
    const cache = folderCache()
    await obtain(cache)
    rmSync(join(folder, 'cache', toolchainKey(spec), 'compiler'))
    rmSync(spec.path, { recursive: true })
    expect((await obtain(cache)).source).toBe('built')
    expect(told.join('\n')).toContain('does not work here and is built again: no compiler')
  })

  it('of another key in the same place is not taken', async () => {
    await obtain(undefined)
    const other = { ...spec, cCompiler: 'gcc 99' }
    const made = await obtainToolchain(log, other, toolchainKey(other), { policy }, makers())
    expect(made.source).toBe('built')
    expect((await readManifest(spec.path))?.spec.cCompiler).toBe('gcc 99')
  })

  it('that does not build leaves nothing, and the error is the build’s', async () => {
    const failure = new Error('no')
    await expect(obtain(undefined, { ...makers(), build: () => Promise.reject(failure) })).rejects.toBe(failure)
    expect(left()).toEqual([])
  })

  it('that builds and does not work leaves nothing', async () => {
    await expect(obtain(undefined, { ...makers(), build: () => Promise.resolve(environment) })).rejects.toThrow('no compiler')
    expect(left()).toEqual([])
  })
})

describe('an error that says nothing about the toolchain', () => {
  const full = new Error('ENOSPC: no space left on device')
  const unable = (): Makers => ({ ...makers(), prove: () => Promise.reject(full) })

  it('leaves that of the tool cache alone', async () => {
    await obtain(undefined)
    await expect(obtain(undefined, unable())).rejects.toBe(full)
    expect((await obtain(undefined)).source).toBe('tool-cache')
  })

  it('does not make that of the actions cache be built again', async () => {
    const cache = folderCache()
    await obtain(cache)
    rmSync(spec.path, { recursive: true })
    const build = () => Promise.reject(new Error('must not be built'))
    await expect(obtain(cache, { ...unable(), build })).rejects.toBe(full)
    expect((await obtain(cache)).source).toBe('actions-cache')
  })
})

describe('a manifest', () => {
  it('is that of a complete toolchain only', async () => {
    await obtain(undefined)
    expect(await readManifest(spec.path)).toMatchObject({ key: toolchainKey(spec), source: 'built' })
    writeFileSync(`${spec.path}.incomplete`, '')
    expect(await readManifest(spec.path)).toBeUndefined()
  })

  it.each(['', '[]', '{"format":1}', '{"format":1,"toolchain":{"key":"x","source":"built","spec":{},"environment":{}}}'])(
    'of another shape is none: %s',
    async (text) => {
      mkdirSync(spec.path, { recursive: true })
      writeFileSync(join(spec.path, 'toolchain.json'), text)
      expect(await readManifest(spec.path)).toBeUndefined()
    },
  )

  it('that was moved is none', async () => {
    await obtain(undefined)
    const moved = join(folder, 'moved')
    cpSync(spec.path, moved, { recursive: true })
    expect(await readManifest(moved)).toBeUndefined()
  })
})
