import type { Checksum } from '../report/checksums.js'

/** The lines of a SHA256SUMS file, as `checksumFile` (report/checksums.ts) and sha256sum write them; undefined when one is no such line. */
export function parseChecksums(text: string): readonly Checksum[] | undefined {
  const checksums = text.split('\n').slice(0, -1).map(checksumOf)
  return text.endsWith('\n') && checksums.every((checksum) => checksum !== undefined) ? checksums : undefined
}

const unescaped: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' }

function checksumOf(line: string): Checksum | undefined {
  const [, escape, sha256, name] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
  if (sha256 === undefined || name === undefined) return undefined
  return { sha256, name: escape === '' ? name : name.replace(/\\[\\nr]/g, (pair) => unescaped[pair] ?? pair) }
}
