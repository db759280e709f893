import type { ArchiveEntry, ArchiveFile } from "./manifest.js";

/** What becomes of an archive's entries, in its order. */
export interface Sink {
  folder(entry: Extract<ArchiveEntry, { kind: "folder" }>): void;
  link(entry: Extract<ArchiveEntry, { kind: "link" }>): void;
  file(entry: ArchiveFile): FileSink;
  /** Settles when all is done that was begun. */
  done(): Promise<void>;
}

/** Takes the content of a file, which it may change. */
export interface FileSink {
  write(chunk: Buffer): Promise<void> | void;
  end(): void;
}

const ignore = () => undefined;

/** For archives that are only looked at. */
export const noSink: Sink = {
  folder: ignore,
  link: ignore,
  file: () => ({ write: ignore, end: ignore }),
  done: () => Promise.resolve(),
};
