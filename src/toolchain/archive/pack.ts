import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { lstat, readFile, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { cleaningUp } from "../../platform/process/leftovers.js";
import type { ToolchainEnvironment, ToolchainSpec } from "../toolchain.js";
import {
  type ArchiveEntry,
  type ArchiveFile,
  type ArchiveManifest,
  abstractEnvironment,
  abstractTarget,
  archiveFormat,
  manifestName,
  staysInside,
} from "./manifest.js";
import { differenceOf, treeHash } from "./difference.js";
import { padded, prefixOffsets, writePlaceholder } from "./prefix.js";
import { writeTar, zstdCompress } from "./tar.js";

/** A toolchain in a folder. */
export interface PackSource {
  readonly key: string;
  readonly spec: ToolchainSpec;
  readonly environment: ToolchainEnvironment;
  /** Absolute, without links. */
  readonly folder: string;
  /** Its path as its files write it: plain where it was built, else by {@link import("./prefix.js").paddedPrefix}. */
  readonly prefix: Buffer;
  /** Whether a path, relative to the folder, goes into the archive. */
  readonly keeps: (path: string) => boolean;
  /** Whether programs write the plain path into a file, instead of {@link prefix}. */
  readonly rewritten?: (path: string) => boolean;
  /** The entry of a file that is known without reading it. */
  readonly known?: (path: string) => ArchiveEntry | undefined;
  /** Called with the size of each file that was read: once to list the toolchain, and once for each archive. */
  readonly onRead?: (bytes: number) => void;
  /** The entries of the file system in the folder's only file: see image.ts. */
  readonly contents?: readonly ArchiveEntry[];
  /** The toolchain that it was built on: the archive gets only the difference. Absent: the whole toolchain. */
  readonly base?: PackBase;
}

export interface PackBase {
  readonly key: string;
  readonly entries: readonly ArchiveEntry[];
}

export interface Packed {
  readonly manifest: ArchiveManifest;
  /** All entries of the toolchain, the base's too. */
  readonly tree: readonly ArchiveEntry[];
  /** Size of the archive. */
  readonly bytes: number;
  /** Links that lead out of the toolchain, and special files: an archive cannot contain them. */
  readonly leftOut: readonly string[];
}

/**
 * Packs a toolchain, so that {@link import('./unpack.js').unpackToolchain} can install it anywhere.
 *
 * @param file the archive's path; an older archive is replaced when the new one is complete.
 * @param level of zstd, 1 to 19.
 * @param listed the result of {@link listEntries} for the source.
 * @throws errors of reading the folder or writing the file; there is then no new archive.
 */
export async function packToolchain(source: PackSource, file: string, level: number, listed?: Listed): Promise<Packed> {
  const { entries: tree, leftOut } = listed ?? (await listEntries(source));
  const { key, spec, folder, contents, base } = source;
  const { entries, removed } = differenceOf(base?.entries ?? [], tree);
  const environment = abstractEnvironment(source.environment, folder);
  const manifest: ArchiveManifest = {
    format: archiveFormat,
    key,
    spec,
    environment,
    entries,
    ...(base === undefined ? {} : { base: { key: base.key, tree: treeHash(base.entries), removed } }),
    ...(contents === undefined ? {} : { contents }),
  };
  const draft = `${file}.tmp`;
  await cleaningUp(
    () => rmSync(draft, { force: true }),
    async () => {
      const first = { name: manifestName, content: Buffer.from(JSON.stringify(manifest)) };
      const contentOf = (path: string) => readAbstract(source, path).then(({ content }) => content);
      await writeTar(
        { first, entries, contentOf, modes: { plain: 0o644, executable: 0o755, folder: 0o755 } },
        zstdCompress(level),
        draft,
      );
      await rename(draft, file);
    },
  ).finally(() => rm(draft, { force: true }));
  return { manifest, tree, bytes: (await stat(file)).size, leftOut };
}

/** The entries of a source that go into an archive. */
export interface Listed {
  readonly entries: readonly ArchiveEntry[];
  /** As in {@link Packed}. */
  readonly leftOut: readonly string[];
}

export async function listEntries(source: PackSource): Promise<Listed> {
  const { folder, keeps } = source;
  const entries: ArchiveEntry[] = [];
  const leftOut: string[] = [];
  const list = async (parent: string): Promise<void> => {
    const names = (await readdir(join(folder, parent))).sort();
    for (const name of names) {
      const path = parent === "" ? name : `${parent}/${name}`;
      if (path === manifestName || !keeps(path)) continue;
      const absolute = join(folder, path);
      const found = await lstat(absolute);
      if (found.isDirectory()) {
        entries.push({ kind: "folder", path });
        await list(path);
      } else if (found.isSymbolicLink()) {
        const target = abstractTarget(await readlink(absolute), folder);
        if (staysInside(path, target)) entries.push({ kind: "link", path, target });
        else leftOut.push(path);
      } else if (found.isFile()) {
        entries.push(source.known?.(path) ?? (await describe(source, path, (found.mode & 0o100) !== 0)));
      } else {
        leftOut.push(path);
      }
    }
  };
  await list("");
  return { entries: inPackingOrder(entries), leftOut };
}

/**
 * Folders first, then files sorted by name: files of one name in the host's and the cross compiler are near copies, and
 * the compressor's window is limited. This saves a fifth of a real toolchain's archive.
 */
function inPackingOrder(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const folders = entries.filter(({ kind }) => kind === "folder");
  const others = entries
    .filter(({ kind }) => kind !== "folder")
    .map((entry) => ({ entry, name: basename(entry.path) }));
  const inOrder = others.sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
  return [...folders, ...inOrder.map(({ entry }) => entry)];
}

async function describe(source: PackSource, path: string, executable: boolean): Promise<ArchiveFile> {
  const { content, prefixAt } = await readAbstract(source, path);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return {
    kind: "file",
    path,
    executable,
    bytes: content.length,
    sha256,
    ...(prefixAt.length === 0 ? {} : { prefixAt }),
  };
}

/** A file's content with the placeholder in place of the toolchain's path, and the offsets of the placeholder. */
export async function readAbstract(
  { folder, prefix, rewritten, onRead }: PackSource,
  path: string,
): Promise<{ content: Buffer; prefixAt: readonly number[] }> {
  const found = await readFile(join(folder, path));
  onRead?.(found.length);
  const content = rewritten?.(path) === true ? padded(found, folder) : found;
  const prefixAt = prefixOffsets(content, prefix);
  writePlaceholder(content, prefixAt);
  return { content, prefixAt };
}
