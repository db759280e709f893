import { rename } from "node:fs/promises";
import { type Log, seconds } from "../../platform/log.js";
import { Unusable } from "../../platform/network/published.js";
import { Problem } from "../../platform/problem.js";
import { type Toolchain, type ToolchainOrigin, originOf } from "../toolchain.js";
import { discardDrafts, draftOf, imageDraftOf } from "./drafts.js";
import { type InstalledToolchain, readInstalled, writeInstalled } from "./installed.js";
import { type Unpacked, afterTransfer, unpackInto } from "./layered.js";
import type { ArchiveLevel } from "./levels.js";
import { completeImage, mountImage, removeToolchain } from "./mounted.js";
import type { Wanted } from "./wanted.js";

/**
 * Installs the toolchain from a level and tests it; undefined where the level has no usable one.
 *
 * @throws Problem where the set-up must stop.
 */
export async function fromLevel(
  log: Log,
  wanted: Wanted,
  level: ArchiveLevel,
  levels: readonly ArchiveLevel[],
): Promise<Toolchain | undefined> {
  const mounted = await fromImage(log, wanted, level);
  if (mounted !== undefined) return mounted;
  const start = performance.now();
  const fetched = await level.fetch(wanted.key, wanted.place, wanted.below !== undefined);
  if (fetched === undefined || "because" in fetched) {
    log.fact(level.label, fetched === undefined ? "miss" : `skipped (${fetched.because})`);
    return undefined;
  }
  try {
    const draft = draftOf(wanted.place);
    const unpack = () => unpackInto(log, draft, fetched.bytes, wanted, levels);
    const { said, unpacked } = await afterTransfer(fetched, unpack);
    await putInPlace(wanted, level.source, unpacked);
    log.fact(
      level.label,
      `hit, ${said === "" ? "" : `${said}, `}unpacked and checked in ${seconds(performance.now() - start)}`,
    );
    return await testInstalled(log, wanted, level.source);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.notice(`${level.label}: its copy of this toolchain cannot be used: ${error.message}`);
    discardDrafts(wanted.place);
    return undefined;
  }
}

/** Mounting an image is faster than unpacking an archive; undefined where it does not work. */
async function fromImage(log: Log, wanted: Wanted, level: ArchiveLevel): Promise<Toolchain | undefined> {
  const { key, place, findMounts } = wanted;
  const fetch = await level.image?.(key);
  const mounts = fetch === undefined ? undefined : await findMounts();
  if (fetch === undefined || mounts === undefined) return undefined;
  const start = performance.now();
  try {
    const fetched = fetch();
    const unpack = () => unpackInto(log, imageDraftOf(place), fetched.bytes, wanted, []);
    const { said, unpacked } = await afterTransfer(fetched, unpack);
    const image = await completeImage(imageDraftOf(place), place.path, level.source, unpacked.manifest);
    await rename(imageDraftOf(place), place.image);
    await mountImage(mounts, place, image);
    log.fact(level.label, `hit, ${said}, checked and mounted in ${seconds(performance.now() - start)}`);
    return await testInstalled(log, wanted, level.source);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.debug(`${level.label}: its image of this toolchain is not used: ${error.message}`);
    discardDrafts(place);
    await removeToolchain(findMounts, place, "detach");
    return undefined;
  }
}

/** Moves the draft, unpacked and checked, to the toolchain's path. */
export async function putInPlace(
  { place, findMounts }: Wanted,
  source: ToolchainOrigin,
  { manifest, below }: Unpacked,
): Promise<void> {
  if (manifest.contents !== undefined) throw new Unusable("it is an image, not an archive of files");
  const origin = originOf(source, below);
  writeInstalled(draftOf(place), place.path, origin, manifest, source === "built" && origin !== "built");
  await removeToolchain(findMounts, place, "detach");
  await rename(draftOf(place), place.path);
}

/**
 * Tests the toolchain that was just installed, and removes one that does not work.
 *
 * @param source where it has just come from.
 * @throws Problem for one that was built here, Unusable for another.
 */
export async function testInstalled(log: Log, wanted: Wanted, source: ToolchainOrigin): Promise<Toolchain> {
  const { key, place, findMounts } = wanted;
  const found = await readInstalled(place.path);
  if (found?.key !== key) throw new Unusable("its key does not match its spec");
  try {
    await smokeTest(log, wanted, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await removeToolchain(findMounts, place, "detach");
    if (source === "built") throw slimmedWrong(place.path, error);
    throw new Unusable(`it does not work here: ${error.message}`, { cause: error });
  }
  return { ...found, source };
}

function slimmedWrong(path: string, error: Problem): Problem {
  return new Problem(
    `the toolchain worked where it was built, but does not in ${path}: ${error.message}`,
    {
      ...error.facts,
      do: "set `slim: false` (--slim false) to keep every file, and report this: slimming or moving it broke it",
    },
    { cause: error },
  );
}

/** @throws as {@link Wanted.smokeTest} */
export async function smokeTest(log: Log, { smokeTest: test }: Wanted, toolchain: InstalledToolchain): Promise<void> {
  const start = performance.now();
  await test(toolchain);
  log.fact("smoke test", `linked a test image in ${seconds(performance.now() - start)}`);
}
