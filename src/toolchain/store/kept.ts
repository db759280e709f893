import { readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { lstat, readFile, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { folderBytes } from "../../platform/files/folder-content.js";
import { removeBeside } from "../../platform/files/remove-beside.js";
import { type Log, seconds, size } from "../../platform/log.js";
import { endProcessesWith } from "../../platform/process/leftovers.js";
import { markText, ownMark, ownerAgeMs, parseMark } from "../../platform/process/owner-mark.js";
import { isRecord } from "../../platform/shape.js";
import { buildMark, layoutOf } from "../environment.js";
import type { Place } from "./place.js";

/** What a build that came to no toolchain has installed, in the folder that {@link keptOf} names. */
export interface KeptBuild {
  /** Of the toolchain that it is of. */
  readonly key: string;
  /** How many opam packages it has. */
  readonly packages: number;
  /** How many builds have gone on from it and installed nothing more. */
  readonly vain: number;
  readonly ageMs: number;
}

const limits = { ageMs: 7 * 24 * 3600 * 1000, builds: 3, vain: 2, freeBytes: 2e9 } as const;

/** Raised when an older unikernel-ci's must not be used any more. */
const keptFormat = 1;
const ending = ".kept";
const recordName = "kept.json";

export const keptOf = ({ path }: Pick<Place, "path">): string => `${path}${ending}`;

/**
 * Whether a build that has failed is worth its place on the disk.
 *
 * @param vain counts this one, where it has installed nothing more: what was half installed when a build was ended may be what
 *   each next one fails of.
 */
export function isWorthKeeping({ packages, vain }: Pick<KeptBuild, "packages" | "vain">, freeBytes: number): boolean {
  return packages > 0 && vain <= limits.vain && freeBytes >= limits.freeBytes;
}

/** Which of the kept builds have to go: the old ones, and of the others all but the newest. */
export function chooseDropped<Kept extends Pick<KeptBuild, "ageMs">>(kept: readonly Kept[]): readonly Kept[] {
  return kept
    .toSorted((a, b) => a.ageMs - b.ageMs)
    .filter(
      ({ ageMs }, index) => index >= limits.builds || /* promise: kept-builds-have-an-age */ ageMs > limits.ageMs,
    );
}

/**
 * Keeps what a build has installed that failed or is ended, where that is worth it, for the next set-up of the same toolchain.
 * What still runs of it ends. Synchronous, for use while we are ending.
 *
 * @param before what it has gone on from.
 * @returns whether it was kept; the folder of the build is gone then.
 */
export function keepBuild(log: Log, place: Place, key: string, before: KeptBuild | undefined): boolean {
  endProcessesWith(buildMark, place.buildPath);
  const packages = installedIn(place.buildPath);
  const vain = before !== undefined && packages <= before.packages ? before.vain + 1 : 0;
  try {
    if (!isWorthKeeping({ packages, vain }, freeBytesOf(dirname(place.path)))) return false;
    const record = { format: keptFormat, key, packages, vain, owner: markText(ownMark()) };
    writeFileSync(join(place.buildPath, recordName), JSON.stringify(record));
    rmSync(keptOf(place), { recursive: true, force: true });
    renameSync(place.buildPath, keptOf(place));
  } catch (error) {
    log.debug(`${place.buildPath} is not kept: ${String(error)}`);
    return false;
  }
  log.fact("kept", `what was built (${packages} packages): the next set-up of this toolchain goes on from there`);
  return true;
}

/**
 * Puts what an earlier build of the same toolchain has installed where the next one builds. Old ones are gone: {@link dropKept}.
 *
 * @returns what it is; undefined when there is nothing that can be used.
 */
export async function takeKept(log: Log, place: Place, key: string): Promise<KeptBuild | undefined> {
  const kept = keptOf(place);
  const found = await readKept(kept);
  if (/* promise: kept-key-is-compared */ found?.key !== key) {
    if (await isOurs(kept)) removeKept(log, kept);
    return undefined;
  }
  await rename(kept, place.buildPath);
  await rm(join(place.buildPath, recordName));
  const bytes = await folderBytes(place.buildPath);
  log.fact(
    "goes on",
    `from a build of ${seconds(found.ageMs)} ago, which has ${found.packages} packages (${size(bytes)})`,
  );
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

/** Removes a kept build, beside the work of this process. */
export function removeKept(log: Log, kept: string): void {
  if (removeBeside(kept)) log.fact("removed", `what a build of ${basename(kept, ending)} had left to go on from`);
}

const isOurs = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => /* promise: kept-builds-are-no-links */ found.isDirectory() && found.uid === process.getuid?.(),
    () => false,
  );

/** @returns undefined for one of another format, or of another user. */
async function readKept(path: string): Promise<KeptBuild | undefined> {
  try {
    if (!(await isOurs(path))) return undefined;
    const value: unknown = JSON.parse(await readFile(join(path, recordName), "utf8"));
    if (!isRecord(value) || /* promise: kept-builds-have-a-format */ value["format"] !== keptFormat) return undefined;
    const { key, packages, vain, owner } = value;
    const mark = typeof owner === "string" ? parseMark(owner) : undefined;
    if (typeof key !== "string" || typeof packages !== "number" || typeof vain !== "number") return undefined;
    // By the clock that may be set only where that was before this machine's last start.
    const ageMs = (mark && ownerAgeMs(mark)) ?? Math.abs(Date.now() - (await lstat(join(path, recordName))).mtimeMs);
    return { key, packages, vain, ageMs };
  } catch {
    return undefined;
  }
}

function installedIn(buildPath: string): number {
  try {
    // opam has a cache of its own there, too.
    return readdirSync(layoutOf(buildPath).installed).filter((name) => name.includes(".")).length;
  } catch {
    return 0;
  }
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
