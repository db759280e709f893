import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../platform/atomic.js'
import { toolchainKey } from './key.js'
import type { Toolchain, ToolchainEnvironment, ToolchainSpec } from './toolchain.js'

/** Raised with the shape of the file. */
const format = 1

const manifestOf = (path: string): string => join(path, 'toolchain.json')

/** Beside the folder, not in it: a cache that was unpacked halfway may have the manifest already. */
export const incompleteMark = (path: string): string => `${path}.incomplete`

/** Written last: a folder with a manifest, and without {@link incompleteMark}, is a complete toolchain. */
export async function writeManifest(toolchain: Toolchain): Promise<void> {
  await writeFileAtomically(manifestOf(toolchain.spec.path), `${JSON.stringify({ format, toolchain }, null, 2)}\n`)
}

/**
 * The complete toolchain in a folder.
 *
 * @returns undefined when there is none: nothing, a part of one, one of another format, or one that was made for
 *   another path or spec than its key says.
 */
export async function readManifest(path: string): Promise<Toolchain | undefined> {
  if (existsSync(incompleteMark(path))) return undefined
  try {
    const value: unknown = JSON.parse(await readFile(manifestOf(path), 'utf8'))
    if (!isRecord(value) || value['format'] !== format || !isToolchain(value['toolchain'])) return undefined
    const toolchain = value['toolchain']
    return toolchain.spec.path === path && toolchain.key === toolchainKey(toolchain.spec) ? toolchain : undefined
  } catch {
    return undefined
  }
}

/** Whether the toolchain is still where its record says. */
export async function isComplete({ key, spec }: Toolchain): Promise<boolean> {
  return (await readManifest(spec.path))?.key === key
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isListOf = (value: unknown, isItem: (item: unknown) => boolean) => Array.isArray(value) && value.every(isItem)
const isTextRecord = (value: unknown) => isRecord(value) && Object.values(value).every(isText)
const hasTexts = (value: unknown, ...names: string[]) => isRecord(value) && names.every((name) => isText(value[name]))

function isToolchain(value: unknown): value is Toolchain {
  return hasTexts(value, 'key', 'source') && isRecord(value) && isSpec(value['spec']) && isEnvironment(value['environment'])
}

function isSpec(value: unknown): value is ToolchainSpec {
  return (
    hasTexts(value, 'backend', 'architecture', 'hostArchitecture', 'hostSystem', 'cCompiler', 'path') &&
    isRecord(value) &&
    isTextRecord(value['versions']) &&
    hasTexts(value['versions'], 'ocaml') &&
    isListOf(value['repositories'], (item) => hasTexts(item, 'name', 'url')) &&
    isListOf(value['packages'], isText) &&
    isListOf(value['pins'], (item) => hasTexts(item, 'package', 'url'))
  )
}

function isEnvironment(value: unknown): value is ToolchainEnvironment {
  return (
    isRecord(value) &&
    isListOf(value['path'], isText) &&
    isTextRecord(value['variables']) &&
    (value['findlibToolchain'] === undefined || isText(value['findlibToolchain']))
  )
}
