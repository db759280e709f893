import { createHash } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Header, extract as tarExtract } from 'tar-stream'
import { openFilter } from '../../platform/filter.js'
import { Problem, messageOf } from '../../platform/problem.js'
import { type ArchiveEntry, type ArchiveFile, type ArchiveManifest, BadArchive, largestManifest, manifestName, parseManifest } from './manifest.js'
import { isPlaceholderAt, paddedPrefix, placeholder, writePrefix } from './prefix.js'
import { zstdDecompress } from './zstd.js'

/** Bytes that may wait for the disk: a fast download must not fill the memory. */
const mostUnwritten = 64 * 1024 ** 2

/** An entry of a tar archive; it must be read to its end before the next one comes. */
interface Entry extends AsyncIterable<unknown> {
  readonly header: Header
}

/** Bytes that zstd may be ahead of us. */
const readAhead = 8 * 1024 ** 2

/** What becomes of an archive's entries, in its order. */
interface Sink {
  add(entry: ArchiveEntry, content: Buffer): Promise<void>
  /** Settles when all is done that {@link add} began. */
  done(): Promise<void>
}

/**
 * Unpacks an archive while it comes, each file with the toolchain's new path in it. Every byte is checked against the
 * archive's own manifest; who wrote the archive is the caller's to know, and nothing may be run before that is known.
 *
 * @param archive its bytes; an error of this stream is thrown as it is.
 * @param folder an empty folder that it is written to.
 * @param path where the toolchain will be when the caller has moved the folder there.
 * @throws BadArchive when it is damaged or not one of ours.
 */
export async function unpackToolchain(archive: Readable, folder: string, path: string): Promise<ArchiveManifest> {
  return readArchive(archive, diskSink(folder, path))
}

/**
 * Reads an archive to its end, and checks each byte of it against its manifest.
 *
 * @throws BadArchive when it is damaged or not one of ours.
 */
export async function checkArchive(archive: Readable): Promise<ArchiveManifest> {
  return readArchive(archive, { add: () => Promise.resolve(), done: () => Promise.resolve() })
}

async function readArchive(archive: Readable, sink: Sink): Promise<ArchiveManifest> {
  const tar = tarExtract()
  let cause: unknown
  const bytes = decompress(archive, (error) => {
    cause ??= error
  })
  // It tells the extractor, which tells us.
  const feeding = pipeline(Readable.from(bytes), tar).catch(() => undefined)
  try {
    const manifest = await readEntries(tar, sink)
    await feeding
    return manifest
  } catch (error) {
    tar.destroy()
    await feeding
    await sink.done().catch(() => undefined)
    if (error instanceof BadArchive || isSystemError(error)) throw error
    throw cause instanceof Error ? cause : new BadArchive(`it is no archive: ${messageOf(error)}`, { cause: error })
  } finally {
    archive.destroy()
  }
}

/** @param onFailure is told why the bytes end before their end. */
async function* decompress(archive: Readable, onFailure: (error: unknown) => void): AsyncGenerator<Buffer> {
  const zstd = openFilter(zstdDecompress)
  const feeding = pipeline(archive, zstd.input).catch((error: unknown) => {
    // When it has ended by itself it says more than that it does not listen.
    if (!isBrokenPipe(error)) onFailure(error)
    zstd.stop()
  })
  try {
    // Read ahead: a pipe holds 64 kB, and whoever writes to a full one waits for us.
    const ahead = zstd.output.pipe(new PassThrough({ highWaterMark: readAhead }))
    for await (const chunk of ahead) yield chunk as Buffer
    await feeding
    await zstd.ended.catch((error: unknown) => {
      onFailure(error instanceof Problem && error.facts.evidence !== undefined ? damaged(error) : error)
      throw error
    })
  } finally {
    zstd.stop()
    await feeding
  }
}

async function readEntries(tar: AsyncIterable<Entry>, sink: Sink): Promise<ArchiveManifest> {
  const entries = tar[Symbol.asyncIterator]()
  const first = await entries.next()
  if (first.done === true || first.value.header.name !== manifestName) throw new BadArchive('it does not begin with a manifest')
  const manifest = parseManifest((await contentOf(first.value, largestManifest)).toString('utf8'))
  for (const expected of manifest.entries) {
    const next = await entries.next()
    if (next.done === true) throw new BadArchive(`it ends before ${expected.path}`)
    await sink.add(expected, await readEntry(next.value, expected))
  }
  if ((await entries.next()).done !== true) throw new BadArchive('it has more than its manifest says')
  await sink.done()
  return manifest
}

const tarTypes = { folder: 'directory', link: 'symlink', file: 'file' } as const

async function readEntry(entry: Entry, expected: ArchiveEntry): Promise<Buffer> {
  const { name, type, linkname } = entry.header
  const isExpected = name.replace(/\/$/, '') === expected.path && type === tarTypes[expected.kind]
  if (!isExpected) throw new BadArchive(`it has ${JSON.stringify(name.slice(0, 200))} where its manifest says ${expected.path}`)
  if (expected.kind === 'link' && linkname !== expected.target) throw new BadArchive(`${expected.path} leads elsewhere than its manifest says`)
  const content = await contentOf(entry, expected.kind === 'file' ? expected.bytes : 0)
  if (expected.kind === 'file') checkFile(expected, content)
  return content
}

/**
 * Checks a file of an archive.
 *
 * @param content as in the archive, with the placeholder in it.
 * @throws BadArchive when it is another one than the manifest says.
 */
export function checkFile({ path, bytes, sha256, prefixAt = [] }: ArchiveFile, content: Buffer): void {
  const isSame = content.length === bytes && createHash('sha256').update(content).digest('hex') === sha256
  if (!isSame || !isPlaceholderAt(content, prefixAt)) throw new BadArchive(`${path} is not what its manifest says`)
}

async function contentOf(entry: Entry, most: number): Promise<Buffer> {
  const { size, name } = entry.header
  if (size > most) throw new BadArchive(`${name} is larger than its manifest says`)
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(chunk as Buffer)
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/** Writes files side by side: one after the other, the disk would wait for us and we for it. */
function diskSink(folder: string, path: string): Sink {
  const prefix = paddedPrefix(path)
  const writing = new Set<Promise<void>>()
  let unwritten = 0
  let failure: unknown
  const write = (file: string, content: Buffer, mode: number) => {
    unwritten += content.length
    const written = writeFile(file, content, { flag: 'wx', mode })
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => {
        unwritten -= content.length
        writing.delete(written)
      })
    writing.add(written)
  }
  const throwFailure = () => {
    if (failure !== undefined) throw failure as Error
  }
  return {
    async add(entry, content) {
      throwFailure()
      const place = join(folder, entry.path)
      if (entry.kind === 'folder') return mkdir(place).then(() => undefined)
      if (entry.kind === 'link') return symlink(entry.target.replace(`${placeholder}/`, `${path}/`), place)
      writePrefix(content, entry.prefixAt ?? [], prefix)
      write(place, content, entry.executable ? 0o755 : 0o644)
      while (unwritten > mostUnwritten) await Promise.race(writing)
    },
    async done() {
      await Promise.all(writing)
      throwFailure()
    },
  }
}

const damaged = (zstd: Problem) => new BadArchive(`zstd cannot read it: ${[zstd.facts.evidence ?? []].flat().join(' ')}`, { cause: zstd })
const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error
const isBrokenPipe = (error: unknown) => error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
