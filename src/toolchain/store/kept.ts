import { readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { lstat, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { folderBytes } from "../../platform/files/folder-content.js";
import { removeBeside } from "../../platform/files/atomic.js";
import { changedInside, readInside, removeInside, writeInside } from "../../platform/files/inside.js";
import { type Log, seconds, size } from "../../platform/log.js";
import { endProcessesWith } from "../../platform/process/leftovers.js";
import { markText, ownMark, ownerAgeMs, parseMark } from "../../platform/process/owner-mark.js";
import { isRecord } from "../../platform/shape.js";
import { buildMark, layoutOf } from "../environment.js";
import { type Toolchain, type ToolchainOrigin, originOf, toolchainOrigins } from "../toolchain.js";
import type { Place } from "./place.js";

/** The installed packages of a failed build, in the folder of {@link keptOf}. */
export interface KeptBuild {
  readonly key: string;
  /** The number of its opam packages. */
  readonly packages: number;
  /** How many builds have continued from it without installing another package. */
  readonly vain: number;
  readonly ageMs: number;
  /** Of the toolchain that it was built on; `built` without one. */
  readonly origin: ToolchainOrigin;
}

const limits = { ageMs: 7 * 24 * 3600 * 1000, builds: 3, vain: 2, freeBytes: 2e9 } as const;

/** Raised when kept builds of an older unikernel-ci must no longer be used. */
const keptFormat = 2;
const ending = ".kept";
const recordName = "kept.json";

export const keptOf = ({ path }: Pick<Place, "path">): string => `${path}${ending}`;

/**
 * Whether a failed build is worth its place on the disk.
 *
 * @param packages those that the toolchain below it does not have.
 * @param vain includes this build, if it installed nothing more: a half-installed package may make every next build
 *   fail.
 */
export function isWorthKeeping({ packages, vain }: Pick<KeptBuild, "packages" | "vain">, freeBytes: number): boolean {
  return packages > 0 && vain <= limits.vain && freeBytes >= limits.freeBytes;
}

/** The kept builds to remove: those that are too old, and all but the newest of the others. */
export function chooseDropped<Kept extends Pick<KeptBuild, "ageMs">>(kept: readonly Kept[]): readonly Kept[] {
  return kept
    .toSorted((a, b) => a.ageMs - b.ageMs)
    .filter(
      ({ ageMs }, index) => index >= limits.builds || /* promise: kept-builds-have-an-age */ ageMs > limits.ageMs,
    );
}

/**
 * Keeps the packages of a failed or ended build for the next set-up of the same toolchain, where that is worth it, and
 * ends its processes. Synchronous: this process may be ending.
 *
 * @param before the kept build that it continued from.
 * @param below the toolchain that it was built on: a build without more packages is not kept.
 * @returns whether it was kept; the build folder is then gone.
 */
export function keepBuild(
  log: Log,
  place: Place,
  key: string,
  before: KeptBuild | undefined,
  below: Pick<Toolchain, "path" | "origin"> | undefined,
): boolean {
  endProcessesWith(buildMark, place.buildPath);
  const packages = installedIn(place.buildPath);
  const vain = before !== undefined && packages <= before.packages ? before.vain + 1 : 0;
  try {
    const more = packages - (below === undefined ? 0 : installedIn(below.path));
    if (!isWorthKeeping({ packages: more, vain }, freeBytesOf(dirname(place.path)))) return false;
    const origin = originOf(below?.origin ?? "built", before?.origin);
    const record = { format: keptFormat, key, packages, vain, origin, owner: markText(ownMark()) };
    writeInside(place.buildPath, recordName, JSON.stringify(record));
    rmSync(keptOf(place), { recursive: true, force: true });
    renameSync(place.buildPath, keptOf(place));
  } catch (error) {
    log.debug(`${place.buildPath} is not kept: ${String(error)}`);
    return false;
  }
  log.fact("kept", `${packages} packages of this build: the next set-up of this toolchain continues from them`);
  return true;
}

/**
 * Moves the kept build of the same toolchain to where the next one builds, after {@link dropKept} has removed old ones.
 *
 * @param trusts whether this run may use a toolchain of that origin.
 * @returns undefined when there is no usable one.
 */
export async function takeKept(
  log: Log,
  place: Place,
  key: string,
  trusts: (origin: ToolchainOrigin) => boolean,
): Promise<KeptBuild | undefined> {
  const kept = keptOf(place);
  const found = await readKept(kept);
  // promise: kept-origin-is-trusted
  if (found !== undefined && !trusts(found.origin)) {
    removeKept(log, kept);
    return undefined;
  }
  if (/* promise: kept-key-is-compared */ found?.key !== key) {
    if (await isOurs(kept)) removeKept(log, kept);
    return undefined;
  }
  await rename(kept, place.buildPath);
  removeInside(place.buildPath, recordName);
  const bytes = await folderBytes(place.buildPath);
  log.fact("continues", `from a build of ${seconds(found.ageMs)} ago with ${found.packages} packages (${size(bytes)})`);
  return found;
}

/** The kept builds in a folder of toolchains. */
export async function listKept(folder: string): Promise<readonly (KeptBuild & { readonly path: string })[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending));
  const found = names.map(async (name) => {
    const kept = await readKept(join(folder, name));
    return kept === undefined ? [] : [{ ...kept, path: join(folder, name) }];
  });
  return (await Promise.all(found)).flat();
}

/** Removes the kept builds that {@link chooseDropped} names. */
export async function dropKept(log: Log, folder: string): Promise<void> {
  for (const { path } of chooseDropped(await listKept(folder))) removeKept(log, path);
}

/** Removes a kept build, in a process of its own. */
export function removeKept(log: Log, kept: string): void {
  if (removeBeside(kept)) log.fact("removed", `the kept build of ${basename(kept, ending)}`);
}

const isOurs = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => /* promise: kept-builds-are-no-links */ found.isDirectory() && found.uid === process.getuid?.(),
    () => false,
  );

/** @returns undefined for a kept build of another format or another user. */
async function readKept(path: string): Promise<KeptBuild | undefined> {
  try {
    if (!(await isOurs(path))) return undefined;
    const value: unknown = JSON.parse(await readInside(path, recordName));
    if (!isRecord(value) || /* promise: kept-builds-have-a-format */ value["format"] !== keptFormat) return undefined;
    const { key, packages, vain, owner } = value;
    const origin = toolchainOrigins.find((one) => one === value["origin"]);
    const mark = typeof owner === "string" ? parseMark(owner) : undefined;
    if (typeof key !== "string" || typeof packages !== "number" || typeof vain !== "number" || !origin)
      return undefined;
    // By the wall clock, which may be set, only when it is older than this machine's last start.
    const ageMs = (mark && ownerAgeMs(mark)) ?? Math.abs(Date.now() - changedInside(path, recordName));
    return { key, packages, vain, ageMs, origin };
  } catch {
    return undefined;
  }
}

/** The number of opam packages in a toolchain's folder. */
function installedIn(buildPath: string): number {
  try {
    // opam's cache there has no dot in its name.
    return readdirSync(layoutOf(buildPath).installed).filter((name) => name.includes(".")).length;
  } catch {
    return 0;
  }
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
