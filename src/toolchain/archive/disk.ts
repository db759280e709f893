import { close, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync, writev } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ArchiveFile, type ArchiveEntry, locateTarget } from "./manifest.js";
import { paddedPrefix, writePrefixIn } from "./prefix.js";

/** The most bytes that wait for the disk: a fast download must not fill the memory. */
const mostUnwritten = 64 * 1024 ** 2;

/** Larger files are written asynchronously, in parts of this size; for smaller ones that costs more than it saves. */
const partBytes = 1024 ** 2;

const writeVector = promisify(writev);

const closeLater = promisify(close);

/** Takes an archive's entries, in its order. */
export interface Sink {
  folder(entry: Extract<ArchiveEntry, { kind: "folder" }>): void;
  link(entry: Extract<ArchiveEntry, { kind: "link" }>): void;
  file(entry: ArchiveFile): FileSink;
  /** Settles when everything is written. */
  done(): Promise<void>;
}

/** Takes the content of a file; it may change the chunks. */
export interface FileSink {
  write(chunk: Buffer): Promise<void> | void;
  end(): void;
}

/**
 * Writes the entries of an archive into a folder, with the toolchain's new path in its files.
 *
 * @param path where the toolchain will be.
 */
export function diskSink(folder: string, path: string): Sink {
  const prefix = paddedPrefix(path);
  const writing = new Set<Promise<void>>();
  let unwritten = 0;
  let failure: unknown;
  const throwFailure = () => {
    if (failure !== undefined) throw failure as Error;
  };
  /** Runs `action` after `before`, and counts `bytes` as unwritten until then. */
  const later = (before: Promise<void>, bytes: number, action: () => Promise<unknown>): Promise<void> => {
    unwritten += bytes;
    const done = before
      .then(action)
      .then(() => undefined)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        unwritten -= bytes;
        writing.delete(done);
      });
    writing.add(done);
    return done;
  };
  const large = (fd: number): FileSink => {
    let last = Promise.resolve();
    let part: Buffer[] = [];
    let held = 0;
    const flush = () => {
      const [chunks, bytes] = [part, held];
      if (bytes > 0) last = later(last, bytes, () => writeAll(fd, chunks, bytes));
      part = [];
      held = 0;
    };
    return {
      async write(chunk) {
        part.push(chunk);
        held += chunk.length;
        if (held >= partBytes) flush();
        while (unwritten > mostUnwritten) await Promise.race(writing);
        throwFailure();
      },
      end() {
        flush();
        void later(last, 0, () => closeLater(fd));
      },
    };
  };
  const small = (fd: number): FileSink => ({ write: (chunk) => writeFileSync(fd, chunk), end: () => closeSync(fd) });
  return {
    folder: (entry) => mkdirSync(join(folder, entry.path)),
    link: ({ target, path: name }) => symlinkSync(locateTarget(target, path), join(folder, name)),
    file(entry: ArchiveFile) {
      throwFailure();
      const fd = openSync(join(folder, entry.path), "wx", entry.executable ? 0o755 : 0o644);
      const content = entry.bytes > partBytes ? large(fd) : small(fd);
      let position = 0;
      return {
        write(chunk) {
          writePrefixIn(chunk, position, entry.prefixAt ?? [], prefix);
          position += chunk.length;
          return content.write(chunk);
        },
        end: () => content.end(),
      };
    },
    async done() {
      while (writing.size > 0) await Promise.all(writing);
      throwFailure();
    },
  };
}

async function writeAll(fd: number, chunks: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await writeVector(fd, chunks);
  // A disk that becomes full writes a part without an error; the next write reports it.
  if (bytesWritten < bytes) writeFileSync(fd, Buffer.concat(chunks).subarray(bytesWritten));
}

const ignore = () => undefined;

/** For archives that are only checked. */
export const noSink: Sink = {
  folder: ignore,
  link: ignore,
  file: () => ({ write: ignore, end: ignore }),
  done: () => Promise.resolve(),
};
