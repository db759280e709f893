import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Header, extract as tarExtract } from "tar-stream";
import { hasCode, Problem, messageOf } from "../../platform/problem.js";
import { openFilter } from "../../platform/process/filter.js";
import { diskSink, type FileSink, type Sink, noSink } from "./disk.js";
import { differenceIn, staysFrom, treeHash, wholeTree } from "./difference.js";
import {
  type ArchiveBase,
  type ArchiveEntry,
  type ArchiveFile,
  type ArchiveManifest,
  BadArchive,
  largestManifest,
  manifestName,
  parseManifest,
} from "./manifest.js";
import { isPrefixIn, placeholderBytes } from "./prefix.js";
import { zstdDecompress } from "./tar.js";

/** An entry of a tar archive; it must be read to its end before the next one. */
interface Entry extends AsyncIterable<unknown> {
  readonly header: Header;
}

/** The most bytes that zstd decompresses ahead of us. */
const readAhead = 8 * 1024 ** 2;

/** How an archive is combined with others. */
export interface Layering {
  /** Writes what stays of an archive's base into the folder, before anything of the archive. */
  readonly putBase?: (base: ArchiveBase, rules: BaseRules) => Promise<readonly ArchiveEntry[]>;
  /** Throws a BadArchive when these entries are not the toolchain that is wanted; nothing is written before. */
  readonly accepts?: (tree: readonly ArchiveEntry[]) => void;
  /** Whether an entry is written; default: all are. */
  readonly stays?: (entry: ArchiveEntry) => boolean;
}

/** What an archive asks of its base. `putBase` returns all entries of the base, those that do not stay too. */
export interface BaseRules {
  /** Whether an entry of the base is written. */
  readonly stays: (entry: ArchiveEntry) => boolean;
  /** Throws a BadArchive when these entries are not the base. Call it before anything is written. */
  readonly accepts: (base: readonly ArchiveEntry[]) => void;
}

/**
 * Unpacks an archive while it arrives, with the toolchain's new path in its files. Checks every byte against the
 * archive's own manifest. The caller must verify the archive's origin before it runs any file of it.
 *
 * @param archive its bytes; an error of this stream is thrown unchanged.
 * @param folder an empty folder to unpack into.
 * @param path the toolchain's final path, to which the caller moves the folder.
 * @returns its manifest, with the entries of the whole toolchain.
 * @throws BadArchive when it is damaged or not a toolchain, or has another base than the one that was put.
 */
export async function unpackToolchain(
  archive: Readable,
  folder: string,
  path: string,
  layering: Layering = {},
): Promise<ArchiveManifest> {
  const disk = diskSink(folder, path);
  const there = new Set<string>();
  const unpack = async (manifest: ArchiveManifest): Promise<ArchiveManifest> => {
    const { base } = manifest;
    const difference = differenceIn(manifest);
    if (base === undefined || difference === undefined) {
      layering.accepts?.(manifest.entries);
      return manifest;
    }
    if (layering.putBase === undefined) throw new BadArchive("it needs the toolchain that it was built on");
    const stays = staysFrom(difference);
    const treeOn = (below: readonly ArchiveEntry[]): readonly ArchiveEntry[] => {
      // promise: bases-are-compared
      if (treeHash(below) !== base.tree) throw new BadArchive("it was built on another build of the toolchain below");
      const tree = wholeTree(below, difference);
      layering.accepts?.(tree);
      return tree;
    };
    const below = await layering.putBase(base, {
      stays: (entry) => stays(entry) && layering.stays?.(entry) !== false,
      accepts: (entries) => void treeOn(entries),
    });
    const tree = treeOn(below);
    for (const entry of below) if (entry.kind === "folder" && stays(entry)) there.add(entry.path);
    return { ...manifest, entries: tree };
  };
  const sink: Sink = {
    ...disk,
    folder: (entry) => {
      if (!there.has(entry.path)) disk.folder(entry);
    },
  };
  return readArchive(archive, { sink, unpack, stays: layering.stays ?? (() => true) });
}

/**
 * Reads an archive to its end, and checks every byte against its manifest.
 *
 * @throws BadArchive when it is damaged or not a toolchain.
 */
export async function checkArchive(archive: Readable): Promise<ArchiveManifest> {
  return readArchive(archive, checking);
}

/** What becomes of an archive's entries. */
interface Reader {
  readonly sink: Sink;
  /** Prepares for the entries of a manifest, and returns the manifest of the whole toolchain. */
  readonly unpack: (manifest: ArchiveManifest) => Promise<ArchiveManifest>;
  /** The others are checked, and not given to the sink. */
  readonly stays: (entry: ArchiveEntry) => boolean;
}

const checking: Reader = { sink: noSink, unpack: (manifest) => Promise.resolve(manifest), stays: () => true };

async function readArchive(archive: Readable, reader: Reader): Promise<ArchiveManifest> {
  let cause: unknown;
  const bytes = decompress(archive, (error) => {
    cause ??= error;
  });
  return readTar(bytes, reader, () => cause).finally(() => archive.destroy());
}

/**
 * Reads a decompressed archive.
 *
 * @param causeOf the error that cut the bytes short, which is then thrown.
 * @throws BadArchive when it is damaged or not a toolchain.
 */
export async function readTar(
  bytes: AsyncIterable<Buffer>,
  reader: Reader = checking,
  causeOf: () => unknown = () => undefined,
): Promise<ArchiveManifest> {
  const tar = tarExtract();
  // Its errors reach us through the extractor.
  const feeding = pipeline(Readable.from(bytes), tar).catch(() => undefined);
  try {
    const manifest = await readEntries(tar, reader);
    await feeding;
    return manifest;
  } catch (error) {
    tar.destroy();
    await feeding;
    await reader.sink.done().catch(() => undefined);
    if (error instanceof BadArchive || isSystemError(error)) throw error;
    const cause = causeOf();
    throw cause instanceof Error
      ? cause
      : new BadArchive(`it is not an archive: ${messageOf(error)}`, { cause: error });
  }
}

/** @param onFailure called with the error that cuts the bytes short. */
async function* decompress(archive: Readable, onFailure: (error: unknown) => void): AsyncGenerator<Buffer> {
  const zstd = openFilter(zstdDecompress);
  const feeding = pipeline(archive, zstd.input).catch((error: unknown) => {
    // A broken pipe means that zstd has ended, and its own error says more.
    if (!isBrokenPipe(error)) onFailure(error);
    zstd.stop();
  });
  try {
    // Read ahead: a pipe holds 64 kB, and zstd waits for us when it is full.
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

async function readEntries(tar: AsyncIterable<Entry>, { sink, unpack, stays }: Reader): Promise<ArchiveManifest> {
  const entries = tar[Symbol.asyncIterator]();
  const first = await entries.next();
  if (first.done === true || first.value.header.name !== manifestName)
    throw new BadArchive("it does not begin with a manifest");
  const manifest = parseManifest((await contentOf(first.value, largestManifest)).toString("utf8"));
  const whole = await unpack(manifest);
  for (const expected of manifest.entries) {
    const next = await entries.next();
    if (next.done === true) throw new BadArchive(`it ends before ${expected.path}`);
    await readEntry(next.value, expected, stays(expected) ? sink : noSink);
  }
  if ((await entries.next()).done !== true) throw new BadArchive("it has more than its manifest lists");
  await sink.done();
  return whole;
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
      throw new BadArchive(`${expected.path} has ${String(chunk).length} bytes, but is not a file`);
  if (expected.kind === "folder") sink.folder(expected);
  if (expected.kind === "link") sink.link(expected);
}

/** Reads a file in parts as they arrive: some have many megabytes. */
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
 * Checks a file of an archive as it arrives.
 *
 * @returns `next` takes its bytes as in the archive, with the placeholder; `end` throws a BadArchive when they do not
 *   match the manifest.
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
      isRight &&= isPrefixIn(chunk, position, prefixAt, placeholderBytes);
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
  if (size > most) throw new BadArchive(`${name} is larger than any toolchain’s`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const damaged = (zstd: Problem) =>
  new BadArchive(`zstd cannot read it: ${[zstd.facts.evidence ?? []].flat().join(" ")}`, { cause: zstd });
const isSystemError = (error: unknown) => error instanceof Error && "syscall" in error;
const isBrokenPipe = (error: unknown) => hasCode(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE");
