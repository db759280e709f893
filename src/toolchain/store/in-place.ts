import { mkdir, rename, rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type Log, seconds } from "../../platform/log.js";
import { Unusable } from "../../platform/network/published.js";
import { Problem } from "../../platform/problem.js";
import { type ArchiveManifest, BadArchive } from "../archive/manifest.js";
import { unpackToolchain } from "../archive/unpack.js";
import type { Toolchain, ToolchainOrigin } from "../toolchain.js";
import { draftOf } from "./drafts.js";
import { type InstalledToolchain, readInstalled, writeInstalled } from "./installed.js";
import { removeToolchain } from "./mounted.js";
import type { Wanted } from "./wanted.js";

/**
 * Unpacks an archive of the toolchain into a folder, emptied before.
 *
 * @throws BadArchive when it is damaged, or of another toolchain.
 */
export async function unpackInto(draft: string, bytes: Readable, { key, place }: Wanted): Promise<ArchiveManifest> {
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const manifest = await unpackToolchain(bytes, draft, place.path);
  // promise: unpacked-key-is-compared
  if (manifest.key !== key) throw new BadArchive(`it is of another toolchain (${manifest.key})`);
  return manifest;
}

/** Gives what was unpacked and checked the toolchain's name. */
export async function putInPlace(
  { place, findMounts }: Wanted,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<void> {
  if (manifest.contents !== undefined) throw new Unusable("it is an image, and this was to be unpacked");
  await writeInstalled(draftOf(place), place.path, origin, manifest);
  await removeToolchain(findMounts, place, "detach");
  await rename(draftOf(place), place.path);
}

/**
 * The toolchain that was just put in its place, proved; one that does not work is removed again.
 *
 * @throws Problem for one that was built, Unusable for another.
 */
export async function installed(log: Log, wanted: Wanted): Promise<Toolchain> {
  const { key, place, findMounts } = wanted;
  const found = await readInstalled(place.path);
  if (found?.key !== key) throw new Unusable("its key is not that of its own spec");
  try {
    await proved(log, wanted, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await removeToolchain(findMounts, place, "detach");
    if (found.origin === "built") throw slimmedWrong(place.path, error);
    throw new Unusable(`it does not work here: ${error.message}`, { cause: error });
  }
  return { ...found, source: found.origin };
}

/** One that worked where it was built, and not any more. */
function slimmedWrong(path: string, error: Problem): Problem {
  return new Problem(
    `the toolchain worked where it was built, and does not in ${path}: ${error.message}`,
    {
      ...error.facts,
      do: "set `slim: false` (--slim false) to keep all of it, and report this: slimming or moving it has broken it",
    },
    { cause: error },
  );
}

/** @throws as {@link Wanted.prove} */
export async function proved(log: Log, { prove }: Wanted, toolchain: InstalledToolchain): Promise<void> {
  const start = performance.now();
  await prove(toolchain);
  log.fact("proof", `linked a test image in ${seconds(performance.now() - start)}`);
}
