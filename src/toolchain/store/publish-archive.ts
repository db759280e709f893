import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../platform/files/atomic.js";
import { type PublishedArchive, addToList } from "../../platform/network/published-list.js";
import { Problem } from "../../platform/problem.js";
import { packImage } from "../archive/image.js";
import type { ArchiveEntry } from "../archive/manifest.js";
import { type PackSource, packToolchain } from "../archive/pack.js";
import { paddedPrefix } from "../archive/prefix.js";
import { type InstalledToolchain, readInstalledEntries } from "./installed.js";
import { changedEntries, isNote } from "./verify.js";

const switchNotes = "opam/toolchain/.opam-switch";

/** Decompresses as fast as the level for everyday, and is fetched a thousand times for each time it is made. */
const publishLevel = 19;

/**
 * Packs a toolchain of this machine for others, and adds it to the list of a folder, which is then a mirror: an input of
 * `setup`. Only what was unpacked into the toolchain is packed, not what came later.
 *
 * @param withImage whether an image is packed beside it: see archive/image.ts.
 * @param level of zstd.
 * @throws Problem when the toolchain is not what it was.
 */
export async function publishToolchain(
  toolchain: InstalledToolchain,
  folder: string,
  withImage: boolean,
  level = publishLevel,
): Promise<PublishedArchive> {
  const { key, path, spec, environment } = toolchain;
  const entries = await readInstalledEntries(path);
  const changed = entries === undefined ? ["its list of files"] : await changedEntries(path, entries);
  if (entries === undefined || changed.length > 0) {
    throw new Problem(`the toolchain in ${path} is not what was unpacked there`, {
      evidence: changed.slice(0, 10),
      do: `remove the folder, and let \`unikernel-ci setup\` make it again`,
    });
  }
  const later = await packagesOnTop(path, entries);
  if (later.length > 0) {
    throw new Problem(`the toolchain in ${path} has packages that were not unpacked with it`, {
      found: later.slice(0, 10),
      do: "let opam remove them: others would find them noted as installed, and nothing of them there",
    });
  }
  await mkdir(folder, { recursive: true });
  const name = `${key}.tar.zst`;
  const file = join(folder, name);
  const listed = new Set(entries.map((entry) => entry.path));
  const source: PackSource = {
    key,
    spec,
    environment,
    folder: path,
    prefix: paddedPrefix(path),
    rewritten: isNote,
    keeps: (one: string) => listed.has(one),
  };
  const { bytes } = await packToolchain(source, file, level);
  const archive: PublishedArchive = {
    key,
    url: name,
    sha256: await sha256OfFile(file),
    bytes,
    ...(await imageOf(source, folder, withImage, level)),
  };
  await addToList("toolchains", folder, archive);
  return archive;
}

/** What opam has installed or pinned in the switch since: it has a folder for each. */
async function packagesOnTop(path: string, entries: readonly ArchiveEntry[]): Promise<readonly string[]> {
  const listed = new Set(entries.map((entry) => entry.path));
  const found = ["packages", "overlay"].map(async (folder) => {
    const names = await readdir(join(path, switchNotes, folder)).catch(() => []);
    return names.filter((name) => name !== "cache" && !listed.has(`${switchNotes}/${folder}/${name}`));
  });
  return (await Promise.all(found)).flat();
}

async function imageOf(
  source: PackSource,
  folder: string,
  isWanted: boolean,
  level: number,
): Promise<Pick<PublishedArchive, "image">> {
  if (!isWanted) return {};
  const url = `${source.key}.image.tar.zst`;
  const { bytes } = await packImage(source, join(folder, url), level);
  return { image: { url, sha256: await sha256OfFile(join(folder, url)), bytes } };
}
