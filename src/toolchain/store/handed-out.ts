import { existsSync, lstatSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomically, removeBeside } from "../../platform/files/atomic.js";
import { isRealFolder, readInside, removeInside, writeInside } from "../../platform/files/inside.js";
import { type Host, isThrownAway } from "../../platform/host.js";
import { type Log, seconds } from "../../platform/log.js";
import { isRecord } from "../../platform/shape.js";
import { manifestName } from "../archive/manifest.js";
import type { Toolchain } from "../toolchain.js";
import { type Identities, identitiesIn, identityOf, isUnchanged, removeChanged } from "./identities.js";
import { filesName } from "./installed.js";
import { type FindMounts, mountAfresh } from "./mounted.js";
import { type Place, handedOutRecordOf as recordOf, imageFolderOf, isWritable } from "./place.js";
import { sealedFile } from "./sealed-image.js";

/** The state of a cached toolchain when a job was given it without a copy. */
interface HandedOut {
  readonly identities: Identities;
  /** The identity of the image that is mounted there; empty without one. */
  readonly image: string;
  /** The small files that opam and we rewrite at almost every use, in base64. */
  readonly contents: ReadonlyMap<string, string>;
}

/** The file that marks a job's toolchain into which a build has installed packages. */
export const installedMark = (path: string): string => `${path}.installed`;

const rewritten = /^([^/]+|opam\/(repo\/)?[^/]+|opam\/[^/]+\/\.opam-switch\/[^/]+)$/;
const smallBytes = 64 * 1024;

/**
 * Whether a job gets the cached toolchain itself instead of a copy: its machine is thrown away, the toolchain's archive
 * is stored elsewhere, and no build has to remove the packages of an earlier build of the job.
 */
export function givesItself(
  host: Pick<Host, "isGitHubActions" | "environment">,
  { origin, isBuiltHere }: Pick<Toolchain, "origin" | "isBuiltHere">,
  buildSystem: string,
): boolean {
  return (
    /* promise: handed-out-on-machines-thrown-away */ isThrownAway(host) &&
    /* promise: built-toolchains-are-not-handed-out */ origin !== "built" &&
    /* promise: layers-built-here-are-not-handed-out */ isBuiltHere !== true &&
    buildSystem !== "opam"
  );
}

/** Gives a job a cached toolchain itself, and records its state; undefined where no record can be written. */
export async function handOut(log: Log, cached: Toolchain): Promise<Toolchain | undefined> {
  const { path } = cached;
  if (!(await isWritable(dirname(path)))) return undefined;
  const started = performance.now();
  const identities = identitiesIn(path);
  const small = [...identities.keys()].filter((entry) => {
    if (!rewritten.test(entry)) return false;
    const found = lstatSync(join(path, entry));
    return found.isFile() && (found.size <= smallBytes || entry === filesName);
  });
  const contents = small.map((entry) => [entry, readFileSync(join(path, entry), "base64")]);
  const record = { identities: [...identities], image: imageIdentity(path), contents };
  await writeFileAtomically(recordOf(path), JSON.stringify(record));
  await rm(installedMark(path), { force: true });
  log.fact(
    "toolchain",
    `the cached one itself, ${identities.size} entries recorded in ${seconds(performance.now() - started)}`,
  );
  return cached;
}

/** Whether a toolchain is unchanged since a job was given it; true for one that was never given. */
export async function isAsHandedOut(path: string): Promise<boolean> {
  const record = await readRecord(path);
  return record === undefined || isAsNoted(path, record);
}

/** Whether a job was given this toolchain itself. */
export const isHandedOut = (path: string): boolean => existsSync(recordOf(path));

/**
 * Restores a toolchain to its state when a job was given it: removes new files, writes the small files again, and drops
 * changes on top of an image. After any other change it is no longer a toolchain, and must be fetched again.
 */
export async function takeBack(log: Log, findMounts: FindMounts, place: Place): Promise<void> {
  const { path } = place;
  const record = await readRecord(path);
  if (record === undefined || isAsNoted(path, record)) return;
  const started = performance.now();
  const done = (what: string) => log.fact("tool cache", `${what} in ${seconds(performance.now() - started)}`);
  const failed = (error: unknown) => log.debug(`${path} cannot be restored: ${String(error)}`);
  try {
    const restored = restore(path, record);
    if (restored !== undefined) done(`removed what this job added, ${restored} files restored`);
    else if (await mountAgainClean(findMounts, place, record))
      done("changed by this job: mounted again without the changes");
    else log.fact("tool cache", "not used: changed by this job");
  } catch (error) {
    failed(error);
    if (isRealFolder(path)) removeInside(path, manifestName);
  }
  // Frees the name, even where sudo has left files of another user.
  if (!isRealFolder(path) || !existsSync(join(path, manifestName))) removeBeside(path);
  // Last: a run that is killed before this starts over.
  await rm(recordOf(path), { force: true });
}

/**
 * @returns how many files were written, without the manifest; undefined when others than the small ones have changed:
 *   the folder is then no longer a toolchain.
 */
function restore(path: string, { identities, image, contents }: HandedOut): number | undefined {
  removeInside(path, manifestName);
  if (image !== imageIdentity(path)) return undefined;
  const unchanged = removeChanged(path, identities);
  const missing = [...identities].filter(([entry]) => !unchanged.has(entry));
  if (!missing.every(([entry]) => contents.has(entry))) return undefined;
  for (const [entry, identity] of missing.toSorted(
    ([a], [b]) => Number(a === manifestName) - Number(b === manifestName),
  )) {
    const content = Buffer.from(contents.get(entry) ?? "", "base64");
    writeInside(path, entry, content, Number(identity.split(" ")[1]) & 0o7777);
  }
  return missing.length - 1;
}

async function mountAgainClean(findMounts: FindMounts, place: Place, { image, contents }: HandedOut): Promise<boolean> {
  if (image === "" || image !== imageIdentity(place.path)) return false;
  const records = [filesName, manifestName].map(
    (name) => [name, Buffer.from(contents.get(name) ?? "", "base64")] as const,
  );
  return mountAfresh(findMounts, place, records);
}

function imageIdentity(path: string): string {
  const file = sealedFile(imageFolderOf(path));
  return existsSync(file) ? identityOf(file) : "";
}

function isAsNoted(path: string, { identities, image }: HandedOut): boolean {
  try {
    return image === imageIdentity(path) && isUnchanged(path, identities);
  } catch {
    return false;
  }
}

/** @returns a record that matches no toolchain where the file is damaged. */
async function readRecord(path: string): Promise<HandedOut | undefined> {
  if (!isHandedOut(path)) return undefined;
  try {
    const value: unknown = JSON.parse(await readInside(dirname(path), basename(recordOf(path))));
    if (!isRecord(value)) throw new Error("not an object");
    return {
      identities: new Map(value["identities"] as [string, string][]),
      image: String(value["image"]),
      contents: new Map(value["contents"] as [string, string][]),
    };
  } catch {
    return /* promise: damaged-record-is-a-change */ { identities: new Map(), image: "none", contents: new Map() };
  }
}
