import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { withLock } from "../../platform/files/lock.js";
import type { Log } from "../../platform/log.js";
import { Unusable } from "../../platform/network/published.js";
import { isDiskFull, Problem, messageOf } from "../../platform/problem.js";
import { cleaningUp } from "../../platform/process/leftovers.js";
import { type Toolchain, originOf, sourceWords } from "../toolchain.js";
import { type Begun, build } from "./build.js";
import { discardBeside, removeAbandoned, removeLeftovers } from "./drafts.js";
import { evictToolchains } from "./evict.js";
import { isAsHandedOut, isHandedOut, takeBack } from "./handed-out.js";
import { type InstalledToolchain, noteUse, readInstalled, readInstalledEntries } from "./installed.js";
import { type KeptBuild, dropKept, keepBuild, keptOf, removeKept, takeKept } from "./kept.js";
import type { ArchiveLevel } from "./levels.js";
import { mountAgain, removeToolchain } from "./mounted.js";
import { type Place, isWritable, placeIn } from "./place.js";
import { type Below, copyBelow, installedBelow } from "./layered.js";
import { fromLevel, smokeTest } from "./receive.js";
import type { Wanted } from "./wanted.js";

/**
 * The toolchain of a spec from the first level that has a working one: the tool cache of this machine, the given
 * levels, or a build, which is saved to each level that can save.
 *
 * A toolchain is unpacked into a draft folder, which gets the toolchain's name when it is complete and checked. A new
 * build goes the same way, so that the first run uses the same files as every later one. When this throws, or a signal
 * ends the process, only the packages of a failed build stay, for the next build of the same toolchain (kept.ts). When
 * the process is killed, the next set-up of any toolchain removes its remains.
 *
 * @throws the errors of `build` and, after a build, of `smokeTest`; Problem where the disk is full.
 */
export async function obtainToolchain(log: Log, wanted: Wanted, levels: readonly ArchiveLevel[]): Promise<Toolchain> {
  try {
    return await obtain(log, wanted, levels);
  } catch (error) {
    throw isDiskFull(error) ? noSpace(wanted.place, error) : error;
  }
}

async function obtain(log: Log, { spare, ...wanted }: Wanted, levels: readonly ArchiveLevel[]): Promise<Toolchain> {
  const folder = dirname(wanted.place.path);
  await removeAbandoned(log, folder);
  await dropKept(log, folder);
  const here = await fromToolCache(log, wanted);
  if (here !== undefined) return here;
  if (spare !== undefined && !(await isWritable(folder))) {
    const place = await spare();
    log.notice(`the tool cache ${folder} is not writable: the toolchain goes to ${dirname(place.path)}`);
    return obtainToolchain(log, { ...wanted, place }, levels);
  }
  const onWait = (holder: string) => log.line(`  waiting for ${holder}, which is setting up the same toolchain`);
  return withLock(wanted.place.lock, onWait, async () => {
    await mountWhatIsHere(log, wanted);
    // promise: handed-out-is-taken-back
    await takeBack(log, wanted.findMounts, wanted.place);
    // Another job may have finished it while we waited for the lock, perhaps from another mirror.
    const meanwhile = await fromToolCache(log, wanted);
    // promise: first-set-up-stays
    if (meanwhile !== undefined) return meanwhile;
    log.fact("tool cache", `miss (${wanted.place.path})`);
    await removeLeftovers(wanted.place, wanted.findMounts);
    const trial = new Trial(log, wanted);
    const made = await cleaningUp(
      () => trial.leave(),
      () => fetchOrBuild(log, wanted, levels, trial),
    );
    if (existsSync(keptOf(wanted.place))) removeKept(log, keptOf(wanted.place));
    noteUses(wanted, made.path);
    await evictToolchains(log, folder, made.key, wanted.findMounts);
    return made;
  });
}

/**
 * The toolchain of the tool cache, as far as it can be told without trying it.
 *
 * @returns undefined when there is none, or one that this run does not trust, which the log says.
 */
export async function findInToolCache(
  log: Log,
  { key, place, trusts }: Pick<Wanted, "key" | "place" | "trusts">,
): Promise<InstalledToolchain | undefined> {
  const found = await readInstalled(place.path);
  if (/* promise: found-key-is-compared */ found?.key !== key) return undefined;
  // promise: handed-out-is-compared
  if (!(await isAsHandedOut(place.path))) return undefined;
  // promise: found-origin-is-trusted
  if (trusts(found.origin)) return found;
  log.fact(
    "tool cache",
    `not used: its toolchain came from the ${sourceWords[found.origin]}, which this run does not trust`,
  );
  return undefined;
}

async function fromToolCache(log: Log, wanted: Wanted): Promise<Toolchain | undefined> {
  const { place } = wanted;
  const found = await findInToolCache(log, wanted);
  if (found === undefined) return undefined;
  log.fact("tool cache", `hit (${place.path})`);
  try {
    await smokeTest(log, wanted, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    log.notice(`the toolchain in ${place.path} no longer works and is made again: ${error.message}`);
    return undefined;
  }
  noteUses(wanted, place.path);
  return { ...found, source: "tool-cache" };
}

/** Of the toolchains below it too: the next mirage or package is built on them. */
function noteUses({ below }: Pick<Wanted, "below">, path: string): void {
  noteUse(path);
  for (let one = below; one !== undefined; one = one.below)
    if (existsSync(one.place.path) && !isHandedOut(one.place.path)) noteUse(one.place.path);
}

async function mountWhatIsHere(log: Log, { findMounts, place }: Wanted): Promise<void> {
  try {
    if (await mountAgain(findMounts, place)) log.fact("tool cache", "mounted its image again");
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    log.debug(`the image in ${place.image}: ${error.message}`);
  }
}

/** A build, and the clean-up when it fails. */
class Trial {
  private before: KeptBuild | undefined;
  private below: Below | undefined;

  constructor(
    private readonly log: Log,
    private readonly wanted: Wanted,
  ) {}

  /**
   * Continues from the kept build of the same toolchain, if there is one, else from a copy of the toolchain below.
   *
   * @returns what was copied, and the origin of what is there.
   */
  async begin(below: Below | undefined): Promise<Begun> {
    const { place, key, trusts } = this.wanted;
    this.below = below;
    this.before = await takeKept(this.log, place, key, trusts);
    const origin = originOf(below?.toolchain.origin ?? "built", this.before?.origin);
    for (const path of [place.buildPath, place.builds]) await makeFolder(path);
    if (below === undefined || this.before !== undefined) return { below, origin };
    return { below, origin, copied: await copyBelow(this.log, below, place.buildPath) };
  }

  /** Keeps the installed packages for the next build, and removes the rest. Synchronous: the process may be ending. */
  leave(): void {
    const { place, key } = this.wanted;
    keepBuild(this.log, place, key, this.before, this.below?.toolchain);
    discardBeside(this.log, place);
  }
}

async function fetchOrBuild(
  log: Log,
  wanted: Wanted,
  levels: readonly ArchiveLevel[],
  trial: Trial,
): Promise<Toolchain> {
  const { place } = wanted;
  try {
    for (const level of levels) {
      const fetched = await fromLevel(log, wanted, level, levels);
      if (fetched !== undefined) return fetched;
    }
    const below = await obtainBelow(log, wanted, levels);
    return await build(log, wanted, levels, await trial.begin(below));
  } catch (error) {
    trial.leave();
    throw error instanceof Problem ? error.without(place.buildPath).without(place.builds) : error;
  }
}

/**
 * The toolchain that another one is built on, with every file as it was unpacked; undefined where there is none below.
 */
async function obtainBelow(log: Log, { below }: Wanted, levels: readonly ArchiveLevel[]): Promise<Below | undefined> {
  if (below === undefined) return undefined;
  log.fact("builds on", below.key);
  const toolchain = await obtain(log, below, levels);
  const here = await installedBelow(below, toolchain.path);
  if (here !== undefined) return { toolchain, entries: here.entries };
  log.notice(`files of the toolchain in ${toolchain.path} have changed: it is made again`);
  const place = placeIn(dirname(toolchain.path), below.key);
  const wait = (holder: string) => log.line(`  waiting for ${holder}, which uses it`);
  await withLock(place.lock, wait, () => removeToolchain(below.findMounts, place, "detach"));
  const again = await obtain(log, below, levels);
  return { toolchain: again, entries: (await readInstalledEntries(again.path)) ?? [] };
}

/** The error for a full disk. */
export function noSpace({ path }: Pick<Place, "path">, cause: unknown): Problem {
  return new Problem(
    `no space left for the toolchain in ${dirname(path)}`,
    {
      because: messageOf(cause),
      do: [
        "free 1 GB to fetch it, or 2.5 GB to build it",
        "or set RUNNER_TOOL_CACHE (or XDG_CACHE_HOME) to a folder on another disk",
      ],
    },
    { cause },
  );
}
