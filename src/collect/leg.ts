import { Problem } from '../platform/problem.js'
import type { BuildInfo } from '../report/build-info.js'
import { isBuildInfo } from '../report/build-info-shape.js'
import type { Checksum } from '../report/checksums.js'

/** One leg of a matrix, as its artifact tells it. */
export interface CollectedLeg {
  /** Name of the artifact: that of its folder. */
  readonly artifact: string
  readonly info: BuildInfo
  /** Of all its files, relative to the artifact. */
  readonly checksums: readonly Checksum[]
  /** The text of its junit.xml; undefined when nothing was booted. */
  readonly junit: string | undefined
}

/**
 * Reads a `build-info.json`.
 *
 * @param shown what messages call the file.
 * @throws Problem when it is none of the format that this version writes.
 */
export function parseBuildInfo(text: string, shown: string): BuildInfo {
  const value = parseJson(text, shown)
  const schema = field(value, 'schema')
  if (schema !== 2) {
    throw new Problem(`${shown} is of another format than the one that is read here`, {
      found: `schema ${String(schema)}`,
      accepted: 'schema 2',
      do: 'use the same version of unikernel-ci for every job of the workflow',
    })
  }
  if (!isBuildInfo(value)) throw new Problem(`${shown} lacks fields that build info has`, { do: 'see whether something changed it' })
  return value
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(`${shown} is not JSON`, {}, { cause: error })
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
