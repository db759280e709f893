import type { ToolchainEnvironment, ToolchainSpec } from './toolchain.js'

// What is read from a file may be of another version, damaged, or somebody's own.

/** Whether a value read from a file is a spec. */
export function isSpec(value: unknown): value is ToolchainSpec {
  return (
    hasTexts(value, 'backend', 'architecture', 'hostArchitecture', 'hostSystem', 'cCompiler') &&
    isRecord(value) &&
    isTextRecord(value['versions']) &&
    hasTexts(value['versions'], 'ocaml') &&
    isListOf(value['repositories'], (item) => hasTexts(item, 'name', 'url') && hasTextOrNothing(item, 'content')) &&
    isListOf(value['packages'], isText) &&
    isListOf(value['pins'], (item) => hasTexts(item, 'package', 'url')) &&
    typeof value['slim'] === 'boolean' &&
    (value['cFlags'] === undefined || isListOf(value['cFlags'], isText))
  )
}

/** Whether a value read from a file is an environment. */
export function isEnvironment(value: unknown): value is ToolchainEnvironment {
  return (
    isRecord(value) &&
    isListOf(value['path'], isText) &&
    isTextRecord(value['variables']) &&
    (value['findlibToolchain'] === undefined || isText(value['findlibToolchain']))
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isListOf = (value: unknown, isItem: (item: unknown) => boolean) => Array.isArray(value) && value.every(isItem)
const isTextRecord = (value: unknown) => isRecord(value) && Object.values(value).every(isText)
const hasTextOrNothing = (value: unknown, name: string) => isRecord(value) && (value[name] === undefined || isText(value[name]))
const hasTexts = (value: unknown, ...names: string[]) => isRecord(value) && names.every((name) => isText(value[name]))
