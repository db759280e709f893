import type { BootReport } from '../boot/report.js'
import { reasons } from '../boot/verdict.js'
import type { Build } from '../project/project.js'
import { type Architecture, architectures } from '../target/architecture.js'
import { type TargetName, targetNames } from '../target/target.js'
import { type Toolchain, toolchainOrigins, toolchainSources } from '../toolchain/toolchain.js'

/** What `setup` leaves for `build`. */
export interface ToolchainRecord {
  readonly toolchain: Toolchain
  /** Milliseconds from the decision to the proof. */
  readonly ms: number
}

/** What `build` leaves for `boot` and `publish`, once for each image. */
export interface BuildRecord {
  readonly target: TargetName
  readonly architecture: Architecture
  readonly build: Build
  /** Absent when the build brought its own toolchain. */
  readonly toolchain?: ToolchainRecord
  /** Key of the dune cache that was restored from the actions cache; absent when none was. */
  readonly buildCache?: string
}

/** What steps of a job tell each other about an image. */
export interface ImageRecords {
  readonly build: BuildRecord
  /** One for each scenario; an image without scenarios has one. */
  readonly boot: readonly [BootReport, ...BootReport[]]
}

// Only as much is looked at as keeps a reader of a record from crashing: the writer is this same program, and what can
// go wrong is a file of another version or one that somebody edited.

type Check = (value: unknown) => boolean

/** Whether a record read from a file has what its readers use. */
export const isToolchainRecord = (value: unknown): value is ToolchainRecord => toolchainRecord(value)
/** Whether a record read from a file has what its readers use. */
export const isBuildRecord = (value: unknown): value is BuildRecord => buildRecord(value)
/** Whether a record read from a file has what its readers use. */
export const areBootReports = (value: unknown): value is ImageRecords['boot'] => bootReports(value)

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const boolean: Check = (value) => typeof value === 'boolean'
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value)
const listOf =
  (check: Check, least = 0): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(check)
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]))
const textsByName: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(text)

const toolchainRecord = record({
  ms: number,
  toolchain: record({
    key: text,
    source: oneOf(toolchainSources),
    origin: oneOf(toolchainOrigins),
    path: text,
    spec: record({
      hostSystem: text,
      cCompiler: text,
      versions: textsByName,
      repositories: listOf(record({ name: text, url: text })),
      packages: listOf(text),
      pins: listOf(record({ package: text, url: text })),
    }),
    environment: record({ path: listOf(text), variables: textsByName, findlibToolchain: maybe(text) }),
  }),
})

const usedPackage = record({
  name: text,
  version: text,
  from: oneOf(['opam', 'duniverse']),
  use: oneOf(['image', 'tool', 'unknown']),
  source: (value) => value === null || text(value),
  hashes: listOf(text),
  licenses: listOf(text),
})

const buildRecord = record({
  target: oneOf(targetNames),
  architecture: oneOf(architectures),
  build: record({
    project: record({ buildSystem: text, directory: text, description: text }),
    lockFile: maybe(text),
    steps: listOf(record({ name: text, ms: number })),
    images: listOf(record({ path: text, name: text, bytes: number, sha256: text, debugFile: maybe(text) }), 1),
    packages: maybe(listOf(usedPackage)),
  }),
  toolchain: maybe(toolchainRecord),
  buildCache: maybe(text),
})

const verdict = record({
  verdict: oneOf(['passed', 'failed', 'skipped']),
  reason: oneOf(reasons),
  summary: text,
  atMs: number,
  evidence: maybe(record({ line: text, atMs: number })),
  bootMs: maybe(number),
  readyMs: maybe(number),
  exitStatus: maybe(number),
  remedy: maybe(text),
})

const attempt = record({
  accelerator: oneOf(['kvm', 'tcg', 'native']),
  monitor: text,
  inCarrier: boolean,
  argv: listOf(text),
  verdict,
})

const bootReport = record({
  scenario: maybe(text),
  imagePath: text,
  image: record({ format: text, architecture: text, system: record({ kind: text }) }),
  verdict,
  attempts: listOf(attempt),
  probes: maybe(listOf(record({ text, holds: boolean, said: text, atMs: number }))),
  span: maybe(record({ startMs: number, ms: number })),
  consoleEnd: listOf(text),
  consoleLog: maybe(text),
})
const bootReports = listOf(bootReport, 1)
