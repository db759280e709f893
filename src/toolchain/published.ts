import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import ours from '../../data/toolchains.json' with { type: 'json' }
import { type DownloadOptions, DownloadFailed, download } from '../platform/download.js'
import { type Log, seconds, size } from '../platform/log.js'
import { Problem, messageOf } from '../platform/problem.js'
import { type ArchiveLevel, type FetchedArchive, Unusable } from './levels.js'

/** An archive that lies somewhere for everybody: a row of data/toolchains.json, or of a mirror's `toolchains.json`. */
export interface PublishedArchive extends PublishedFile {
  readonly key: string
  /** The archive of its image, for those who can mount it: archive/image.ts. */
  readonly image?: PublishedFile
}

export interface PublishedFile {
  /** Absolute, or in a mirror's list relative to that list. */
  readonly url: string
  readonly sha256: string
  readonly bytes: number
}

export type Patience = Pick<DownloadOptions, 'wait' | 'silenceMs'>
type Line = Patience & { readonly log: Log }

/** Of the list itself, in bytes. */
const largestList = 4 * 1024 ** 2

/**
 * Archives that were published: by this action's own repository, whose list is part of this program, and by a mirror.
 * Where both have a toolchain the bytes come from the mirror, and must be the ones that this repository names.
 *
 * @param mirror the address of a folder with a `toolchains.json` in it: `https://…`, `http://…` or `file:///…`.
 * @param patience how long servers are waited for.
 */
export function publishedLevel(log: Log, mirror: string | undefined, own: readonly PublishedArchive[] = ours.toolchains, patience: Patience = {}): ArchiveLevel {
  const line: Line = { log, ...patience }
  let list: Promise<readonly PublishedArchive[]> | undefined
  const find = async (key: string): Promise<PublishedArchive | undefined> => {
    const named = own.find((archive) => archive.key === key)
    list ??= mirror === undefined ? Promise.resolve([]) : readList(line, mirror)
    const mirrored = (await list).find((archive) => archive.key === key)
    return named === undefined || mirrored === undefined ? (mirrored ?? named) : fromMirror(named, mirrored)
  }
  return {
    source: 'published',
    label: 'published',
    async fetch(key) {
      const archive = await find(key)
      return archive === undefined ? undefined : open(line, archive)
    },
    async image(key) {
      const image = (await find(key))?.image
      return image === undefined ? undefined : () => open(line, image)
    },
  }
}

/** What this repository names, from where the mirror has it. */
function fromMirror({ image, ...named }: PublishedArchive, mirrored: PublishedArchive): PublishedArchive {
  const images = image === undefined || mirrored.image === undefined ? {} : { image: { ...image, url: mirrored.image.url } }
  return { ...named, url: mirrored.url, ...images }
}

/** What a mirror has; nothing, and a notice, where it does not answer. */
async function readList(line: Line, mirror: string): Promise<readonly PublishedArchive[]> {
  const base = baseOf(mirror)
  const list = new URL('toolchains.json', base)
  try {
    return parseList(await readText(line, list), base)
  } catch (error) {
    if (!(error instanceof DownloadFailed) && !isMissingFile(error)) throw error
    line.log.notice(`the mirror has no list of toolchains: ${messageOf(error)}`)
    return []
  }
}

/** @throws Problem for a mirror whose address cannot be one. */
function baseOf(mirror: string): URL {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined
  if (url === undefined || !['https:', 'http:', 'file:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Problem(`input mirror: ${JSON.stringify(mirror)} is not accepted`, {
      accepted: 'the address of a folder with a toolchains.json in it, without a password: https://…, http://… or file:///…',
    })
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

async function readText(line: Line, url: URL): Promise<string> {
  if (url.protocol === 'file:') return readFile(fileURLToPath(url), 'utf8')
  const chunks: Buffer[] = []
  let total = 0
  // Its length is not known before: it ends where the server says so.
  for await (const chunk of download(url.href, { ...line, most: largestList, isExact: false })) {
    total += (chunk as Buffer).length
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks, total).toString('utf8')
}

/**
 * Reads a list of archives.
 *
 * @throws Problem where it is none, or names an address that is no place for an archive.
 */
export function parseList(text: string, base: URL): readonly PublishedArchive[] {
  const wrong = (what: string) => new Problem(`${base.href}toolchains.json ${what}`, { do: 'write it with `unikernel-ci toolchain pack`' })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong('is no JSON')
  }
  if (!isRecord(value) || value['format'] !== 1 || !Array.isArray(value['toolchains'])) throw wrong('is no list of toolchains of format 1')
  return value['toolchains'].map((row: unknown) => {
    if (!isRecord(row)) throw wrong('has a row that is no archive')
    const { key, image } = row
    if (typeof key !== 'string') throw wrong('has a row that is no archive')
    return { key, ...parseFile(row), ...(image === undefined ? {} : { image: parseFile(image) }) }
  })

  function parseFile(value: unknown): PublishedFile {
    const { url, sha256, bytes } = isRecord(value) ? value : {}
    const isFile = typeof url === 'string' && typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256) && Number.isSafeInteger(bytes)
    if (!isFile || !URL.canParse(url, base.href)) throw wrong('has a row that is no archive')
    const address = new URL(url, base)
    // Else a list from the network could make us read this machine's files.
    if (address.protocol === 'file:' && base.protocol !== 'file:') throw wrong(`names a file of this machine: ${address.href}`)
    return { url: address.href, sha256, bytes: bytes as number }
  }
}

function open(line: Line, archive: PublishedFile): FetchedArchive {
  const start = performance.now()
  const url = new URL(archive.url)
  const source = url.protocol === 'file:' ? createReadStream(fileURLToPath(url)) : download(archive.url, { ...line, most: archive.bytes, isExact: true })
  // Its reader is told of an error when it reads, which may be later than it happens.
  source.on('error', () => undefined)
  const chunks = source[Symbol.asyncIterator]()
  const hash = createHash('sha256')
  let bytes = 0
  let arrivedMs = 0
  const next = async (): Promise<Buffer | undefined> => {
    const result = await (chunks.next() as Promise<IteratorResult<Buffer, undefined>>).catch((error: unknown) => {
      throw error instanceof DownloadFailed || isMissingFile(error) ? new Unusable(messageOf(error), { cause: error }) : error
    })
    arrivedMs = performance.now() - start
    if (result.done === true) return undefined
    const chunk = result.value
    bytes += chunk.length
    hash.update(chunk)
    return chunk
  }
  const all = async function* () {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
  }
  return {
    bytes: Readable.from(all(), { objectMode: false, highWaterMark: 1024 * 1024 }),
    async finish() {
      // What made no sense was not read to its end, and only the whole tells whether it is what was published.
      while ((await next()) !== undefined);
      const found = hash.digest('hex')
      if (found !== archive.sha256) throw notWhatWasPublished(archive, found, bytes)
      return `${size(bytes)} in ${seconds(arrivedMs)}`
    },
  }
}

function notWhatWasPublished({ url, sha256, bytes }: PublishedFile, found: string, foundBytes: number): Problem {
  return new Problem(`${url} is not the toolchain that was published`, {
    found: `SHA-256 ${found}, ${foundBytes} bytes`,
    accepted: `SHA-256 ${sha256}, ${bytes} bytes`,
    do: 'nothing of it was used. Try again; if it stays so, report it, and leave out `mirror` meanwhile',
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isMissingFile = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'
