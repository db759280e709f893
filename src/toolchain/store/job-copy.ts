import { existsSync } from "node:fs";
import { access, constants, lstat, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { hashOf } from "../../platform/files/folder-content.js";
import { isRealFolder, readInside, writeInside } from "../../platform/files/inside.js";
import { withLock } from "../../platform/files/lock.js";
import type { Context, Host } from "../../platform/host.js";
import { seconds } from "../../platform/log.js";
import { isDiskFull, isNotAllowed, Problem } from "../../platform/problem.js";
import { markText, ownMark, ownerAgeMs, ownerState, parseMark } from "../../platform/process/owner-mark.js";
import type { Toolchain } from "../toolchain.js";
import { type CopyOutcome, copiedFrom, copyToolchain, recordOf } from "./copy.js";
import { installedMark, isHandedOut } from "./handed-out.js";
import { readInstalled } from "./installed.js";
import { placeIn } from "./place.js";
import { noSpace } from "./store.js";

/** Copies unused for longer are removed: a new one takes a second. */
const unusedMs = 7 * 24 * 3600 * 1000;

/** The file that names the process which used the copies of a folder last. */
const userName = "user";

/**
 * Gives a job its own copy of a cached toolchain, which it may change: nothing in the job's environment leads to the
 * cached one. The same runner gets the copy at the same path each time, restored to the state of the cached toolchain.
 *
 * @throws Problem where the disk is full, or the path is too long.
 */
export async function takeJobCopy(context: Context, cached: Toolchain): Promise<Toolchain> {
  const { host, log } = context;
  const started = performance.now();
  const copies = await copiesFolder(host, cached.path);
  const unusable = new Set<string>();
  for (;;) {
    const folder = await claimFolder(copies, host, unusable);
    const { path } = placeIn(folder, cached.key);
    try {
      const { isNew, written } = await renew(cached.path, path);
      const what = isNew ? `${written} files copied` : written === 0 ? "unchanged" : `${written} files restored`;
      log.fact("job's copy", `${what} in ${seconds(performance.now() - started)} (${path})`);
      const installed = await readInstalled(path);
      if (installed === undefined) throw new Error(`${path} was just copied, but is not a toolchain`);
      return { ...installed, source: cached.source };
    } catch (error) {
      if (isDiskFull(error)) throw noSpace({ path }, error);
      // An earlier job has used sudo and left files of another user there: take another folder.
      if (!isNotAllowed(error)) throw error;
      log.debug(`${path} cannot be used: ${String(error)}`);
      unusable.add(folder);
    }
  }
}

/** Records that this process uses a job's copy, which stops other processes from renewing it meanwhile. */
export async function holdJobCopy(path: string): Promise<void> {
  if ((await copiedFrom(path)) !== undefined) noteUser(dirname(path));
}

/**
 * Prepares a toolchain for a build that installs its own packages: removes those of an earlier build of the job,
 * because opam does not rebuild installed packages. Packages that a step of the user's own has installed stay.
 */
export async function beginInstalling(path: string): Promise<void> {
  const from = await copiedFrom(path);
  if (from === undefined) {
    if (isHandedOut(path)) beginOnce(path);
    return;
  }
  if (existsSync(installedMark(path))) await renew(from, path);
  markInstalled(path);
}

/** For a toolchain without a copy, which set-up prepared for another build system: one build may install into it. */
function beginOnce(path: string): void {
  if (existsSync(installedMark(path)))
    throw new Problem("an earlier build of this job has installed packages into the toolchain", {
      do: "run setup again before this build, or give setup `build-system: opam` too",
    });
  markInstalled(path);
}

const markInstalled = (path: string) => writeInside(dirname(path), basename(installedMark(path)), "");

function renew(from: string, path: string): Promise<CopyOutcome> {
  return withLock(
    `${path}.lock`,
    () => undefined,
    async () => {
      const outcome = await copyToolchain(from, path);
      await rm(installedMark(path), { force: true });
      return outcome;
    },
  );
}

/** Next to the cached toolchains, which runners keep between jobs; in the state folder where that is read-only. */
async function copiesFolder({ folders }: Host, cached: string): Promise<string> {
  const beside = join(dirname(dirname(cached)), "jobs");
  const isWritable = await makeFolder(beside)
    .then(() => access(beside, constants.W_OK))
    .then(
      () => true,
      () => false,
    );
  return isWritable ? beside : join(folders.state, "jobs");
}

/**
 * A folder of copies that only this process uses while it lives. Two jobs at the same time have two runners, and each
 * runner has its own folder; on a developer's machine two runs at the same time differ by their processes.
 */
async function claimFolder(copies: string, { folders, environment }: Host, unusable: ReadonlySet<string>) {
  await makeFolder(copies);
  const runner = hashOf([folders.state, environment["RUNNER_NAME"] ?? hostname()].join("\0"), 8);
  return withLock(
    join(copies, "lock"),
    () => undefined,
    async () => {
      await removeUnused(copies);
      for (let number = 1; ; number++) {
        const folder = join(copies, `${runner}-${number}`);
        if (unusable.has(folder) || (await isUsedByAnother(folder))) continue;
        await makeFolder(folder);
        noteUser(folder);
        return folder;
      }
    },
  );
}

// The folder is the job's too: its copy is in there.
const noteUser = (folder: string) => writeInside(folder, userName, markText(ownMark()));

/** @returns undefined also where a job has replaced the file by something else. */
const userOf = (folder: string) => readInside(folder, userName).then(parseMark, () => undefined);

async function isUsedByAnother(folder: string): Promise<boolean> {
  const user = await userOf(folder);
  return (
    user !== undefined &&
    user.pid !== process.pid &&
    /* promise: living-runs-keep-their-copy */ ownerState(user) === "alive"
  );
}

/** Removes copies that were not used for long, and copies whose toolchain is gone. */
async function removeUnused(copies: string): Promise<void> {
  for (const name of await readdir(copies)) {
    const folder = join(copies, name);
    if (!isRealFolder(folder) || (await isUsedByAnother(folder))) continue;
    const user = await userOf(folder);
    const { mtimeMs } = await lstat(existsSync(join(folder, userName)) ? join(folder, userName) : folder);
    // A time in the future counts as equally old.
    const ageMs = (user && ownerAgeMs(user)) ?? Math.abs(Date.now() - mtimeMs);
    // Files that sudo has made belong to another user and cannot be removed.
    const remove = (path: string) => rm(path, { recursive: true, force: true }).catch(() => undefined);
    if (ageMs > unusedMs) await remove(folder);
    else {
      const records = (await readdir(folder)).filter((one) => one.endsWith(recordOf("")));
      for (const copy of records.map((one) => join(folder, basename(one, recordOf(""))))) {
        const from = await copiedFrom(copy);
        if (from === undefined || existsSync(from)) continue;
        for (const path of [copy, recordOf(copy), installedMark(copy)]) await remove(path);
      }
    }
  }
}
