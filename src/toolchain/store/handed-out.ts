import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import { removeBeside } from "../../platform/files/remove-beside.js";
import { type Host, isThrownAway } from "../../platform/host.js";
import { type Log, seconds } from "../../platform/log.js";
import { isRecord } from "../../platform/shape.js";
import { imageName } from "../archive/image.js";
import { manifestName } from "../archive/manifest.js";
import type { Toolchain } from "../toolchain.js";
import { type Identities, identitiesIn, identityOf, isUnchanged, removeChanged } from "./identities.js";
import { filesName } from "./installed.js";
import { type FindMounts, mountAfresh } from "./mounted.js";
import { type Place, handedOutRecordOf as recordOf, imageFolderOf, isWritable } from "./place.js";

/** What a toolchain was when a job was given it itself. */
interface HandedOut {
  readonly identities: Identities;
  /** Of the image that is mounted there; empty: none is. */
  readonly image: string;
  /** What is in the small files that opam and we write at almost any use, in base64. */
  readonly contents: ReadonlyMap<string, string>;
}

/** Says that a build has installed into a toolchain that a job has. */
export const installedMark = (path: string): string => `${path}.installed`;

const rewritten = /^([^/]+|opam\/(repo\/)?[^/]+|opam\/[^/]+\/\.opam-switch\/[^/]+)$/;
const smallBytes = 64 * 1024;

/**
 * Whether a job may have the cached toolchain itself, and needs no copy: its machine is thrown away, the archive that the
 * toolchain came from lies elsewhere, and no build begins without what an earlier build of the same job has installed.
 */
export function givesItself(
  host: Pick<Host, "isGitHubActions" | "environment">,
  { origin }: Pick<Toolchain, "origin">,
  buildSystem: string,
): boolean {
  return (
    /* promise: handed-out-on-machines-thrown-away */ isThrownAway(host) &&
    /* promise: built-toolchains-are-not-handed-out */ origin !== "built" &&
    buildSystem !== "opam"
  );
}

/** Gives a job a cached toolchain itself, and notes what it is. Undefined: nothing can be noted there. */
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
    "job has",
    `the toolchain itself, ${identities.size} entries noted in ${seconds(performance.now() - started)}`,
  );
  return cached;
}

/** Whether a toolchain is what it was when a job was given it; true of one that no job was given. */
export async function isAsHandedOut(path: string): Promise<boolean> {
  const record = await readRecord(path);
  return record === undefined || isAsNoted(path, record);
}

/** Whether a job was given this toolchain itself. */
export const isHandedOut = (path: string): boolean => existsSync(recordOf(path));

/**
 * Makes a toolchain again what it was when a job was given it: of what came to it, what is in small files, and what was
 * written over its image. Of other changes it is no toolchain any more, and has to be fetched again.
 */
export async function takeBack(log: Log, findMounts: FindMounts, place: Place): Promise<void> {
  const { path } = place;
  const record = await readRecord(path);
  if (record === undefined || isAsNoted(path, record)) return;
  const started = performance.now();
  const done = (what: string) => log.fact("tool cache", `${what} in ${seconds(performance.now() - started)}`);
  const failed = (error: unknown) => log.debug(`${path} cannot be made again what it was: ${String(error)}`);
  try {
    const restored = restore(path, record);
    if (restored !== undefined) done(`removed what this job has added to it, ${restored} files restored`);
    else if (await mountAgainClean(findMounts, place, record))
      done("this job has changed it: mounted again without that");
    else log.fact("tool cache", "not used: this job has changed it");
  } catch (error) {
    failed(error);
    rmSync(join(path, manifestName), { force: true });
  }
  // Whatever of it another user owns now, by sudo: its name is free.
  if (!existsSync(join(path, manifestName))) removeBeside(path);
  // Last: what is killed before is begun again.
  await rm(recordOf(path), { force: true });
}

/** @returns how many files were written, but for the manifest; undefined when others than the small ones were changed. Nothing of it is a toolchain then. */
function restore(path: string, { identities, image, contents }: HandedOut): number | undefined {
  rmSync(join(path, manifestName), { force: true });
  if (image !== imageIdentity(path)) return undefined;
  const unchanged = removeChanged(path, identities);
  const missing = [...identities].filter(([entry]) => !unchanged.has(entry));
  if (!missing.every(([entry]) => contents.has(entry))) return undefined;
  for (const [entry, identity] of missing.toSorted(
    ([a], [b]) => Number(a === manifestName) - Number(b === manifestName),
  )) {
    writeFileSync(join(path, entry), contents.get(entry) ?? "", { encoding: "base64", flag: "wx" });
    chmodSync(join(path, entry), Number(identity.split(" ")[1]) & 0o7777);
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
  const file = join(imageFolderOf(path), imageName);
  return existsSync(file) ? identityOf(file) : "";
}

function isAsNoted(path: string, { identities, image }: HandedOut): boolean {
  try {
    return image === imageIdentity(path) && isUnchanged(path, identities);
  } catch {
    return false;
  }
}

/** @returns one of nothing for a record that is none. */
async function readRecord(path: string): Promise<HandedOut | undefined> {
  if (!isHandedOut(path)) return undefined;
  try {
    const value: unknown = JSON.parse(await readFile(recordOf(path), "utf8"));
    if (!isRecord(value)) throw new Error("no object");
    return {
      identities: new Map(value["identities"] as [string, string][]),
      image: String(value["image"]),
      contents: new Map(value["contents"] as [string, string][]),
    };
  } catch {
    return /* promise: damaged-record-is-a-change */ { identities: new Map(), image: "none", contents: new Map() };
  }
}
