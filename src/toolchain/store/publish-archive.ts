import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { sha256OfFile } from "../../platform/files/atomic.js";
import { withLock } from "../../platform/files/lock.js";
import { type Log, firstOf, seconds, size } from "../../platform/log.js";
import { type PublishedArchive, addToList, listIn } from "../../platform/network/published-list.js";
import { hasCode, Problem } from "../../platform/problem.js";
import { toolchainKey } from "../key.js";
import { specBelow } from "../layers.js";
import { treeHash } from "../archive/difference.js";
import { packImage } from "../archive/squashfs.js";
import type { ArchiveEntry } from "../archive/manifest.js";
import {
  type Listed,
  type PackBase,
  type PackSource,
  type Packed,
  listEntries,
  packToolchain,
} from "../archive/pack.js";
import { paddedPrefix } from "../archive/prefix.js";
import { changedCodes } from "../archive/tar.js";
import { type InstalledToolchain, readInstalled, readInstalledEntries, differencesOf, isNote } from "./installed.js";
import { installedBelow } from "./layered.js";
import { isWritable } from "./place.js";

const switchNotes = "opam/toolchain/.opam-switch";

/** zstd's own range. Those above (`--ultra`) need more memory to unpack than a small runner may have. */
export const packLevels = { least: 1, most: 19 } as const;

/** Decompresses as fast as a lower level, and an archive is fetched far more often than it is packed. */
export const publishLevel = packLevels.most;

/**
 * Packs a toolchain of this machine for others, and adds it to the list of a folder, which becomes a mirror: an input
 * of `setup`. Packs only the files that were unpacked, without later additions; of a toolchain whose base is on this
 * machine too, both, the base first. Holds the toolchain's lock meanwhile,
 * so that no set-up or build changes it.
 *
 * @param withImage whether to pack an image too: see archive/image.ts.
 * @param level of zstd: see {@link packLevels}.
 * @throws Problem when the toolchain has changed.
 */
export async function publishToolchain(
  log: Log,
  toolchain: InstalledToolchain,
  folder: string,
  withImage: boolean,
  level: number,
): Promise<PublishedArchive> {
  const { key, path } = toolchain;
  const publish = async () => {
    if ((await readInstalled(path))?.key !== key)
      throw new Problem(`the toolchain in ${path} was removed or replaced meanwhile`, { do: "pack it again" });
    return publishLocked(log, toolchain, folder, withImage, level);
  };
  // A lock cannot be taken in a read-only folder, nor can the toolchain change there.
  if (!(await isWritable(dirname(path)))) return publish();
  return withLock(`${path}.lock`, (holder) => log.line(`  waiting for ${holder}, which uses the toolchain`), publish);
}

async function publishLocked(
  log: Log,
  toolchain: InstalledToolchain,
  folder: string,
  withImage: boolean,
  level: number,
): Promise<PublishedArchive> {
  const { key, path, spec, environment } = toolchain;
  const entries = await readInstalledEntries(path);
  if (entries === undefined)
    throw new Problem(`the toolchain in ${path} has lost the list of its files`, { do: makeAgain });
  const later = await packagesOnTop(path, entries);
  if (later.length > 0) {
    throw new Problem(`the toolchain in ${path} has packages that were not unpacked with it`, {
      found: later.slice(0, 10),
      do: "remove them with opam: an unpacked copy would list them as installed without their files",
    });
  }
  const base = await publishBelow(log, toolchain, folder, level);
  const listed = new Set(entries.map((entry) => entry.path));
  const total = entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.bytes : 0), 0);
  const source = (doing: string, bytes = total): PackSource => ({
    key,
    spec,
    environment,
    folder: path,
    prefix: paddedPrefix(path),
    rewritten: isNote,
    keeps: (one: string) => listed.has(one),
    onRead: tellProgress(log, doing, bytes),
  });
  const start = performance.now();
  const found = await listUnchanged(source("checking"), entries);
  log.fact("checked", `${size(total)} in ${entries.length} entries, in ${seconds(performance.now() - start)}`);
  await makeFolder(folder);
  const pack = async (label: string, url: string, writes: () => Promise<Packed>) => {
    const begun = performance.now();
    const { bytes } = await writes();
    log.fact(label, `${size(bytes)} in ${seconds(performance.now() - begun)}`);
    return { url, sha256: await sha256OfFile(join(folder, url)), bytes };
  };
  const [name, imageName] = [`${key}.tar.zst`, `${key}.image.tar.zst`];
  const difference = { ...source("packing"), ...(base === undefined ? {} : { base }) };
  const archive = await pack("archive", name, () => packToolchain(difference, join(folder, name), level, found));
  // An image reads the files once, then twice the one file that it makes of them.
  const image = () => packImage(source("packing the image", 3 * total), join(folder, imageName), level, found);
  const published: PublishedArchive = {
    ...{ key, ...archive, tree: treeHash(found.entries) },
    ...(withImage ? { image: await pack("image", imageName, image) } : {}),
  };
  await addToList("toolchains", folder, published);
  return published;
}

/**
 * Adds the toolchain below to the list, if it is not there: then the archive has only the difference.
 *
 * @returns undefined where this machine does not have it.
 */
async function publishBelow(
  log: Log,
  { spec, path }: InstalledToolchain,
  folder: string,
  level: number,
): Promise<PackBase | undefined> {
  const specOfIt = specBelow(spec);
  if (specOfIt === undefined) return undefined;
  const key = toolchainKey(specOfIt);
  const place = join(dirname(path), key);
  const here = await installedBelow({ key, trusts: () => true }, place);
  const below = here === undefined ? undefined : await readInstalled(place);
  if (here === undefined || below === undefined) return undefined;
  const rows = (await listIn("toolchains", folder)).filter((row) => row.key === key);
  const tree = treeHash(here.entries);
  const isListed = rows.some((row) => row.tree === tree);
  log.fact("builds on", `${key}${isListed ? ", which is packed already" : ""}`);
  // A machine that mounts takes the image of the other toolchain, which is whole.
  const row = isListed ? { tree } : await publishToolchain(log, below, folder, false, level);
  return row.tree === tree ? { key, entries: here.entries } : undefined;
}

const makeAgain = "remove the folder and run `unikernel-ci setup` again";

/** @throws Problem that names the changed files. */
async function listUnchanged(source: PackSource, entries: readonly ArchiveEntry[]): Promise<Listed> {
  const changed = (paths: readonly string[]) =>
    new Problem(`files of the toolchain in ${source.folder} changed since it was unpacked`, {
      found: firstOf(paths, 10),
      do: [`list all of them with \`unikernel-ci toolchain verify ${source.key}\``, makeAgain],
    });
  const found = await listEntries(source).catch((error: unknown) => {
    if (!hasCode(error, ...changedCodes)) throw error;
    throw changed([relative(source.folder, (error as NodeJS.ErrnoException).path ?? source.folder)]);
  });
  const paths = differencesOf(entries, found.entries);
  if (paths.length > 0) throw changed(paths);
  return found;
}

/** Logs the progress of reading a toolchain, at each quarter. */
function tellProgress(log: Log, doing: string, total: number): (bytes: number) => void {
  const start = performance.now();
  let read = 0;
  let told = 0;
  return (bytes) => {
    read += bytes;
    const quarter = Math.floor((4 * read) / Math.max(1, total));
    if (quarter <= told || quarter > 3) return;
    told = quarter;
    log.line(`  ${seconds(performance.now() - start).padStart(12)}  ${doing}: ${25 * quarter}% of ${size(total)}`);
  };
}

/** Packages that opam has installed or pinned since the toolchain was unpacked: it has a folder for each. */
async function packagesOnTop(path: string, entries: readonly ArchiveEntry[]): Promise<readonly string[]> {
  const listed = new Set(entries.map((entry) => entry.path));
  const found = ["packages", "overlay"].map(async (folder) => {
    const names = await readdir(join(path, switchNotes, folder)).catch(() => []);
    return names.filter((name) => name !== "cache" && !listed.has(`${switchNotes}/${folder}/${name}`));
  });
  return (await Promise.all(found)).flat();
}
