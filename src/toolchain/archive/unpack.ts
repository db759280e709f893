import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Header, extract as tarExtract } from "tar-stream";
import { hasCode, Problem, messageOf } from "../../platform/problem.js";
import { openFilter } from "../../platform/process/filter.js";
import { diskSink, type FileSink, type Sink, noSink } from "./disk.js";
import {
  type ArchiveEntry,
  type ArchiveFile,
  type ArchiveManifest,
  BadArchive,
  largestManifest,
  manifestName,
  parseManifest,
} from "./manifest.js";
import { isPlaceholderIn } from "./prefix.js";
import { zstdDecompress } from "./tar.js";

/** An entry of a tar archive; it must be read to its end before the next one comes. */
interface Entry extends AsyncIterable<unknown> {
  readonly header: Header;
}

/** Bytes that zstd may be ahead of us. */
const readAhead = 8 * 1024 ** 2;

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
  return readArchive(archive, diskSink(folder, path));
}

/**
 * Reads an archive to its end, and checks each byte of it against its manifest.
 *
 * @throws BadArchive when it is damaged or not one of ours.
 */
export async function checkArchive(archive: Readable): Promise<ArchiveManifest> {
  return readArchive(archive, noSink);
}

async function readArchive(archive: Readable, sink: Sink): Promise<ArchiveManifest> {
  let cause: unknown;
  const bytes = decompress(archive, (error) => {
    cause ??= error;
  });
  return readTar(bytes, sink, () => cause).finally(() => archive.destroy());
}

/**
 * Reads what an archive is when it is decompressed.
 *
 * @param causeOf why the bytes ended before their end; that is thrown then.
 * @throws BadArchive when it is damaged or not one of ours.
 */
export async function readTar(
  bytes: AsyncIterable<Buffer>,
  sink: Sink,
  causeOf: () => unknown = () => undefined,
): Promise<ArchiveManifest> {
  const tar = tarExtract();
  // It tells the extractor, which tells us.
  const feeding = pipeline(Readable.from(bytes), tar).catch(() => undefined);
  try {
    const manifest = await readEntries(tar, sink);
    await feeding;
    return manifest;
  } catch (error) {
    tar.destroy();
    await feeding;
    await sink.done().catch(() => undefined);
    if (error instanceof BadArchive || isSystemError(error)) throw error;
    const cause = causeOf();
    throw cause instanceof Error ? cause : new BadArchive(`it is no archive: ${messageOf(error)}`, { cause: error });
  }
}

/** @param onFailure is told why the bytes end before their end. */
async function* decompress(archive: Readable, onFailure: (error: unknown) => void): AsyncGenerator<Buffer> {
  const zstd = openFilter(zstdDecompress);
  const feeding = pipeline(archive, zstd.input).catch((error: unknown) => {
    // When it has ended by itself it says more than that it does not listen.
    if (!isBrokenPipe(error)) onFailure(error);
    zstd.stop();
  });
  try {
    // Read ahead: a pipe holds 64 kB, and whoever writes to a full one waits for us.
    const ahead = zstd.output.pipe(new PassThrough({ highWaterMark: readAhead }));
    for await (const chunk of ahead) yield chunk as Buffer;
    await feeding;
    await zstd.ended.catch((error: unknown) => {
      onFailure(error instanceof Problem && error.facts.evidence !== undefined ? damaged(error) : error);
      throw error;
    });
  } finally {
    zstd.stop();
    await feeding;
  }
}

async function readEntries(tar: AsyncIterable<Entry>, sink: Sink): Promise<ArchiveManifest> {
  const entries = tar[Symbol.asyncIterator]();
  const first = await entries.next();
  if (first.done === true || first.value.header.name !== manifestName)
    throw new BadArchive("it does not begin with a manifest");
  const manifest = parseManifest((await contentOf(first.value, largestManifest)).toString("utf8"));
  for (const expected of manifest.entries) {
    const next = await entries.next();
    if (next.done === true) throw new BadArchive(`it ends before ${expected.path}`);
    await readEntry(next.value, expected, sink);
  }
  if ((await entries.next()).done !== true) throw new BadArchive("it has more than its manifest says");
  await sink.done();
  return manifest;
}

const tarTypes = { folder: "directory", link: "symlink", file: "file" } as const;

async function readEntry(entry: Entry, expected: ArchiveEntry, sink: Sink): Promise<void> {
  const { name, type, linkname, size } = entry.header;
  const isExpected =
    name.replace(/\/$/, "") === expected.path &&
    /* promise: unpacked-kinds-are-compared */ type === tarTypes[expected.kind];
  if (!isExpected)
    throw new BadArchive(`it has ${JSON.stringify(name.slice(0, 200))} where its manifest says ${expected.path}`);
  if (expected.kind === "link" && linkname !== expected.target)
    throw new BadArchive(`${expected.path} leads elsewhere than its manifest says`);
  if (size !== (expected.kind === "file" ? expected.bytes : 0))
    throw new BadArchive(`${expected.path} is not what its manifest says`);
  if (expected.kind === "file") await readFile(entry, expected, sink.file(expected));
  else
    for await (const chunk of entry)
      throw new BadArchive(`${expected.path} has ${String(chunk).length} bytes and is no file`);
  if (expected.kind === "folder") sink.folder(expected);
  if (expected.kind === "link") sink.link(expected);
}

/** A file in parts as they come: some are of many megabytes. */
async function readFile(entry: Entry, expected: ArchiveFile, sink: FileSink): Promise<void> {
  const check = fileCheck(expected);
  try {
    for await (const chunk of entry) {
      check.next(chunk as Buffer);
      const written = sink.write(chunk as Buffer);
      if (written !== undefined) await written;
    }
    check.end();
  } finally {
    sink.end();
  }
}

/**
 * Checks a file of an archive as it comes.
 *
 * @returns `next` takes its bytes as they are in the archive, with the placeholder in them, and `end` throws a BadArchive
 *   when they were others than the manifest says.
 */
function fileCheck({ path, bytes, sha256, prefixAt = [] }: ArchiveFile): {
  next: (chunk: Buffer) => void;
  end: () => void;
} {
  const hash = createHash("sha256");
  let position = 0;
  let isRight = true;
  return {
    next(chunk) {
      hash.update(chunk);
      isRight &&= isPlaceholderIn(chunk, position, prefixAt);
      position += chunk.length;
    },
    end() {
      if (!isRight || position !== bytes || /* promise: unpacked-bytes-are-compared */ hash.digest("hex") !== sha256)
        throw new BadArchive(`${path} is not what its manifest says`);
    },
  };
}

async function contentOf(entry: Entry, most: number): Promise<Buffer> {
  const { size, name } = entry.header;
  // promise: manifest-has-a-size
  if (size > most) throw new BadArchive(`${name} is larger than any of ours`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const damaged = (zstd: Problem) =>
  new BadArchive(`zstd cannot read it: ${[zstd.facts.evidence ?? []].flat().join(" ")}`, { cause: zstd });
const isSystemError = (error: unknown) => error instanceof Error && "syscall" in error;
const isBrokenPipe = (error: unknown) => hasCode(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE");
