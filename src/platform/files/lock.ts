import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, readdir, realpath, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readInside } from "./inside.js";
import { makeFolder } from "./make-folder.js";
import { hasCode, isMissing } from "../problem.js";
import { cleaningUp } from "../process/leftovers.js";
import { markText, ownMark, ownerState, parseMark } from "../process/owner-mark.js";

const heartbeatMs = 5_000;
/** A holder on another machine or in a container counts as dead when it has not touched its lock for this long. */
const silentMs = 60_000;
const pollMs = 500;

/**
 * Runs `body` while no other process, on this machine or another one that shares the folder, holds the lock `path`.
 * Takes over the lock of a dead holder; releases it when this process is terminated. Never compares two clocks, nor the
 * wall clock with itself, because it can be set meanwhile.
 *
 * @param onWait called once, when another process holds the lock.
 */
export async function withLock<T>(path: string, onWait: (holder: string) => void, body: () => Promise<T>): Promise<T> {
  await makeFolder(dirname(path));
  const own = newHolder();
  const watch = new Silence();
  let isWaiting = false;
  while (!(await take(path, own))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    const state = stateOf(holder);
    if (
      state === "gone" ||
      (state === "unseen" && /* promise: only-silent-locks-are-taken */ (await watch.lastsMs(path, holder)) > silentMs)
    ) {
      await remove(path, holder);
      continue;
    }
    if (!isWaiting) onWait(nameOf(holder));
    isWaiting = true;
    await sleep(pollMs);
  }
  return hold(path, own, body);
}

/**
 * Runs `body` with the lock `path` of a process that is certainly dead. Does nothing without such a lock, or when
 * another process takes it first.
 */
export async function withAbandonedLock(path: string, body: () => Promise<void>): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined || stateOf(holder) !== "gone") return;
  await remove(path, holder);
  const own = newHolder();
  if (await take(path, own)) await hold(path, own, body);
}

async function hold<T>(path: string, own: string, body: () => Promise<T>): Promise<T> {
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), heartbeatMs);
  heartbeat.unref();
  try {
    await sweepBeside(path);
    return await cleaningUp(() => removeOwn(path, own), body);
  } finally {
    clearInterval(heartbeat);
    await remove(path, own);
  }
}

/** The content of a lock: the mark of its holder, the machine's name for a person, and a random part. */
const newHolder = () => `${markText(ownMark())} ${hostname()} ${randomBytes(8).toString("hex")}`;

function nameOf(holder: string): string {
  const [mark = "", host = ""] = holder.split(" ");
  return `process ${mark.split("-")[0] ?? ""} on ${host}`;
}

/**
 * @returns undefined when the lock is free meanwhile.
 * @throws Problem for a link, pipe or folder in its place: it would never become free.
 */
async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await /* promise: locks-are-files */ readInside(await realpath(dirname(path)), basename(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** `unseen` also for a lock in the format of another version of this program. */
function stateOf(holder: string): "alive" | "gone" | "unseen" {
  const mark = parseMark(holder.split(" ")[0] ?? "");
  const state = mark === undefined ? "elsewhere" : ownerState(mark);
  return state === "elsewhere" ? "unseen" : state;
}

/**
 * How long a lock has not changed, by our own monotonic clock: the time of its file is another machine's, and either
 * wall clock can be set meanwhile.
 */
class Silence {
  private seen = "";
  private sinceMs = 0;

  async lastsMs(path: string, holder: string): Promise<number> {
    const touched = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    const found = `${holder} ${touched}`;
    const nowMs = /* promise: lock-clock-is-our-own */ performance.now();
    if (found !== this.seen) this.sinceMs = nowMs;
    this.seen = found;
    return nowMs - this.sinceMs;
  }
}

/** A new name next to the lock, with the mark of this process. */
const besideOf = (path: string) => `${path}.${markText(ownMark())}.${randomBytes(8).toString("hex")}`;

/** Removes what processes left that were killed while they took or removed the lock. */
async function sweepBeside(path: string): Promise<void> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  for (const name of names.filter((one) => one.startsWith(start))) {
    const mark = parseMark(name.slice(start.length).split(".")[0] ?? "");
    if (mark !== undefined && ownerState(mark) === "gone") await rm(join(dirname(path), name), { force: true });
  }
}

async function take(path: string, own: string): Promise<boolean> {
  const draft = besideOf(path);
  try {
    await writeFile(draft, own);
    // Unlike an exclusive open, a link shows the file and its content at the same moment.
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Synchronous, for use while this process ends. */
function removeOwn(path: string, own: string): void {
  try {
    if (readFileSync(path, "utf8") === own) rmSync(path);
  } catch {
    // It is already gone.
  }
}

/** Removes the lock of `holder`, and puts it back if another process has taken it meanwhile. */
async function remove(path: string, holder: string): Promise<void> {
  const aside = besideOf(path);
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== holder) await link(aside, path);
  } catch {
    // Another process has removed it or taken it.
  }
  await rm(aside, { force: true });
}
