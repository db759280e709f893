import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { finished, pipeline } from "node:stream/promises";
import { pack as tarPack } from "tar-stream";
import { hasCode, Problem } from "../../platform/problem.js";
import { openFilter } from "../../platform/process/filter.js";
import { isEnding } from "../../platform/process/leftovers.js";
import type { ArchiveEntry, ArchiveFile } from "./manifest.js";

/** What reading a file says that has been removed, or become something else, since it was listed. */
export const changedCodes = ["ENOENT", "ENOTDIR", "EISDIR", "EINVAL"] as const;

/** What a tar archive is made of. */
export interface TarSource {
  /** A file before all others. */
  readonly first?: { readonly name: string; readonly content: Buffer };
  readonly entries: readonly ArchiveEntry[];
  readonly contentOf: (path: string) => Promise<Buffer>;
  readonly modes: { readonly plain: number; readonly executable: number; readonly folder: number };
}

/**
 * Writes a tar archive to a program, and what that makes of it to a file.
 *
 * @param file absent where the program writes where it wants.
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
      // The time of nothing: the same toolchain gives the same archive.
      const fields = { ...header, mtime: new Date(0), uid: 0, gid: 0 };
      const done = (error?: Error | null) => (error ? reject(error) : resolve());
      // An entry fails with its archive, which tells us; nobody listens to the entry itself.
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
        do: "find what wrote to it, and pack again when that has ended",
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
    // The program was told to end with us: its broken pipe is no failure of it.
    if (isEnding()) await new Promise(() => undefined);
    // Else the file could come to be after its writer was told of the failure, and has removed it.
    await output.catch(() => undefined);
    throw error;
  }
}

/**
 * How far back a compressor sees, as a power of two: the host's and the cross compiler are near copies of each other, and
 * one that sees both stores one. Measured on a real toolchain of 350 MB, level 9: 67.1 MB with 24, 55.9 MB with 27.
 */
const window = "--long=27";

/**
 * The command that compresses an archive; with a window this large, more than one core is of use for larger ones only.
 *
 * @param level 9 for what is used soon (55.9 MB in 6 s), 19 for what is published (42.2 MB in two minutes).
 */
export function zstdCompress(level: number): readonly [string, ...string[]] {
  return ["zstd", "-q", "-c", `-${level}`, window, "-T0", "--check"];
}

/** The command that decompresses it; a damaged one makes it fail, by the checksum that it carries. */
export const zstdDecompress: readonly [string, ...string[]] = ["zstd", "-q", "-d", "-c", window];
