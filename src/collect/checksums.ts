import { Problem } from '../platform/problem.js'
import { type Checksum, checksumFile } from '../report/checksums.js'
import type { CollectedLeg } from './leg.js'

/**
 * Reads a SHA256SUMS file as `sha256sum` writes it, with its escapes.
 *
 * @param shown what messages call the file.
 * @throws Problem that names the first line that is none.
 */
export function parseChecksums(text: string, shown: string): Checksum[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, escaped = '', sha256, name] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
      if (sha256 === undefined || name === undefined) throw new Problem(`${shown} has a line that is no checksum`, { found: line })
      return { sha256, name: escaped === '' ? name : unescaped(name) }
    })
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r' }

function unescaped(name: string): string {
  return name.replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character)
}

/** One SHA256SUMS for all legs; names are relative to the folder that the artifacts lie in. */
export function mergedChecksums(legs: readonly CollectedLeg[]): string {
  return checksumFile(
    legs.flatMap(({ artifact, checksums }) => checksums.map(({ sha256, name }) => ({ sha256, name: `${artifact}/${name}` }))),
  )
}
