import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { finished, pipeline } from "node:stream/promises";
import { pack as tarPack } from "tar-stream";
import { hasCode, Problem } from "../../platform/problem.js";
import { openFilter } from "../../platform/process/filter.js";
import { isEnding } from "../../platform/process/leftovers.js";
import type { ArchiveEntry, ArchiveFile } from "./manifest.js";

/** Error codes of reading a file that was removed or replaced since it was listed. */
export const changedCodes = ["ENOENT", "ENOTDIR", "EISDIR", "EINVAL"] as const;

/** The content of a tar archive. */
export interface TarSource {
  /** Comes before all other files. */
  readonly first?: { readonly name: string; readonly content: Buffer };
  readonly entries: readonly ArchiveEntry[];
  readonly contentOf: (path: string) => Promise<Buffer>;
  readonly modes: { readonly plain: number; readonly executable: number; readonly folder: number };
}

/**
 * Writes a tar archive to a program, and the program's output to a file.
 *
 * @param file absent when the program writes its own file.
 */
export async function writeTar(
  { first, entries, contentOf, modes }: TarSource,
  program: readonly [string, ...string[]],
  file?: string,
): Promise<void> {
  const tar = tarPack();
  const filter = openFilter(program);
  const add = (
    header: { name: string; type: "file" | "directory" | "symlink"; mode: number; linkname?: string },
    content?: Buffer,
  ) =>
    new Promise<void>((resolve, reject) => {
      // A constant time: the same toolchain gives the same archive.
      const fields = { ...header, mtime: new Date(0), uid: 0, gid: 0 };
      const done = (error?: Error | null) => (error ? reject(error) : resolve());
      // An entry fails with its archive, which reports it; the entry's own error must only have a listener.
      if (content === undefined) tar.entry(fields, done).on("error", reject);
      else tar.entry(fields, content, done).on("error", reject);
    });
  const fill = async () => {
    if (first !== undefined) await add({ name: first.name, type: "file", mode: modes.plain }, first.content);
    for (const entry of entries) {
      if (entry.kind === "folder") await add({ name: entry.path, type: "directory", mode: modes.folder });
      else if (entry.kind === "link")
        await add({ name: entry.path, type: "symlink", mode: 0o777, linkname: entry.target });
      else
        await add(
          { name: entry.path, type: "file", mode: entry.executable ? modes.executable : modes.plain },
          await unchanged(entry),
        );
    }
    tar.finalize();
  };
  const unchanged = async (entry: ArchiveFile) => {
    const content = await contentOf(entry.path).catch((error: unknown) => {
      if (hasCode(error, ...changedCodes)) return undefined;
      throw error;
    });
    const isSame =
      content !== undefined &&
      content.length === entry.bytes &&
      createHash("sha256").update(content).digest("hex") === entry.sha256;
    if (!isSame)
      throw new Problem(`${entry.path} changed while its toolchain was being packed`, {
        do: "find the process that wrote to it, and pack again when it has ended",
      });
    return content;
  };
  const output =
    file === undefined ? finished(filter.output.resume()) : pipeline(filter.output, createWriteStream(file));
  try {
    await Promise.all([fill(), pipeline(tar, filter.input), output]);
    await filter.ended;
  } catch (error) {
    filter.stop();
    tar.destroy();
    // The program ends with us: then its broken pipe is not an error.
    if (isEnding()) await new Promise(() => undefined);
    // Otherwise the file could appear after the caller has handled the failure and removed it.
    await output.catch(() => undefined);
    throw error;
  }
}

/**
 * The compressor's window, as a power of two. The host's and the cross compiler are near copies of each other, and a
 * window with both stores one. Measured on a real toolchain of 350 MB, level 9: 67.1 MB with 24, 55.9 MB with 27.
 */
const window = "--long=27";

/**
 * The command that compresses an archive. With so large a window, more cores only help with larger archives.
 *
 * @param level 9 for an archive that is used soon (55.9 MB in 6 s), 19 to publish one (42.2 MB in two minutes).
 */
export function zstdCompress(level: number): readonly [string, ...string[]] {
  return ["zstd", "-q", "-c", `-${level}`, window, "-T0", "--check"];
}

/** The command that decompresses an archive; it fails on a damaged one, by the checksum in it. */
export const zstdDecompress: readonly [string, ...string[]] = ["zstd", "-q", "-d", "-c", window];
