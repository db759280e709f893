import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { setAside } from "../../platform/files/atomic.js";
import { type Log, seconds, size } from "../../platform/log.js";
import { BadArchive } from "../archive/manifest.js";
import { type PackSource, packToolchain } from "../archive/pack.js";
import type { Toolchain, ToolchainOrigin } from "../toolchain.js";
import { draftOf } from "./drafts.js";
import { type Below, type Copied, unpackInto } from "./layered.js";
import type { ArchiveLevel } from "./levels.js";
import type { Place } from "./place.js";
import { putInPlace, smokeTest, testInstalled } from "./receive.js";
import type { Wanted } from "./wanted.js";

/** zstd's level for an archive that is unpacked at once: see archive/tar.ts. */
const packLevel = 9;

/** What a build begins with. */
export interface Begun {
  readonly below: Below | undefined;
  /** Absent when it continues from a kept build, or from nothing. */
  readonly copied?: Copied;
  /** The less trusted origin of what it begins with; `built` for nothing. */
  readonly origin: ToolchainOrigin;
}

/** Builds the toolchain, tests it, makes it smaller, packs it, puts it in its place and saves it to each level. */
export async function build(
  log: Log,
  wanted: Wanted,
  levels: readonly ArchiveLevel[],
  { below, copied, origin }: Begun,
): Promise<Toolchain> {
  const { spec, key, place } = wanted;
  const start = performance.now();
  const environment = await wanted.build(place.buildPath, place.builds, copied?.spec);
  log.fact("build", `done in ${seconds(performance.now() - start)}`);
  // Before slimming and moving: a failure here is the build's, a later one is ours.
  await smokeTest(log, wanted, { spec, key, environment, path: place.buildPath, origin: "built" });

  const packing = performance.now();
  const isNew = copied?.isNew ?? (() => true);
  const keeps = await wanted.slim(place.buildPath, isNew);
  const entriesBelow = new Map(below?.entries.map((entry) => [entry.path, entry]));
  const known = (path: string) => (isNew(path) ? undefined : entriesBelow.get(path));
  const source = {
    spec,
    key,
    environment,
    folder: place.buildPath,
    prefix: Buffer.from(place.buildPath),
    keeps,
    known,
  };
  const base = below && { key: below.toolchain.key, entries: below.entries };
  const install = async (more: Pick<PackSource, "base">) => {
    const made = await packToolchain({ ...source, ...more }, place.archive, packLevel);
    const unpacked = await unpackInto(log, draftOf(place), createReadStream(place.archive), wanted, levels);
    await putInPlace(wanted, "built", { ...unpacked, below: origin });
    return made;
  };
  const packed = await install(base === undefined ? {} : { base }).catch((error: unknown) => {
    // Another set-up has removed or replaced the toolchain below meanwhile.
    if (!(error instanceof BadArchive) || base === undefined) throw error;
    log.debug(`packing all of it: ${error.message}`);
    return install({});
  });
  const files = packed.manifest.entries.filter((entry) => entry.kind === "file");
  const unpackedBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const content = `${size(packed.bytes)} of ${size(unpackedBytes)} in ${files.length} files`;
  log.fact("packed", `${content}, in ${seconds(performance.now() - packing)}`);
  if (packed.leftOut.length > 0) log.debug(`not packed: ${packed.leftOut.join(" ")}`);

  const toolchain = await testInstalled(log, wanted, "built");
  const keepAll = async () => {
    for (const level of levels) await keep(log, wanted, level, packed.manifest.base?.tree);
    await rm(place.archive);
  };
  await Promise.all([keepAll(), removeBuild(log, place)]);
  return toolchain;
}

/** Removes the tens of thousands of files of a build. */
async function removeBuild(log: Log, { buildPath, builds }: Place): Promise<void> {
  const start = performance.now();
  const gone = setAside(buildPath);
  if (gone !== undefined) await rm(gone, { recursive: true, force: true });
  await rm(builds, { recursive: true, force: true });
  log.fact("removed", `the build folder, in ${seconds(performance.now() - start)}`);
}

async function keep(log: Log, { key, place }: Wanted, level: ArchiveLevel, base?: string): Promise<void> {
  if (level.save === undefined) return;
  const start = performance.now();
  const outcome = await level.save(key, place, base);
  if (typeof outcome === "object") log.fact(level.label, `not saved (${outcome.because})`);
  else if (outcome === "failed")
    log.notice(
      "the toolchain was not saved to the actions cache: " +
        "unless another run has just saved it, the next one builds it again",
    );
  else log.fact(level.label, outcome === "saved" ? `saved in ${seconds(performance.now() - start)}` : "already saved");
}
