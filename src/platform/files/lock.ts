import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../problem.js";
import { cleaningUp } from "../process/leftovers.js";
import { markText, ownMark, ownerState, parseMark } from "../process/owner-mark.js";

const heartbeatMs = 5_000;
/** A holder that cannot be seen from here (on another machine, in a container) and has not touched its lock for this long is dead. */
const silentMs = 60_000;
const pollMs = 500;

/**
 * Runs `body` while no other process, here or on a machine that shares the folder, holds the lock `path`.
 * A lock whose holder is dead is taken over; a holder that is told to end gives it back. No clock is compared with another
 * one, or with itself after it may have been set.
 *
 * @param onWait called once when somebody else holds it.
 */
export async function withLock<T>(path: string, onWait: (holder: string) => void, body: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const own = newHolder();
  const watch = new Silence();
  let isWaiting = false;
  while (!(await take(path, own))) {
    const holder = await readFile(path, "utf8").catch(() => undefined);
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

/** Runs `body` with the lock `path` of a process that is dead for sure. Where there is none, or somebody is faster, nothing is done. */
export async function withAbandonedLock(path: string, body: () => Promise<void>): Promise<void> {
  const holder = await readFile(path, "utf8").catch(() => undefined);
  if (holder === undefined || stateOf(holder) !== "gone") return;
  await remove(path, holder);
  const own = newHolder();
  if (await take(path, own)) await hold(path, own, body);
}

async function hold<T>(path: string, own: string, body: () => Promise<T>): Promise<T> {
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), heartbeatMs);
  heartbeat.unref();
  try {
    return await cleaningUp(() => removeOwn(path, own), body);
  } finally {
    clearInterval(heartbeat);
    await remove(path, own);
  }
}

/** What a lock says of its holder: the mark of its process, the machine's name for a person, and chance. */
const newHolder = () => `${markText(ownMark())} ${hostname()} ${randomBytes(8).toString("hex")}`;

function nameOf(holder: string): string {
  const [mark = "", host = ""] = holder.split(" ");
  return `process ${mark.split("-")[0] ?? ""} on ${host}`;
}

/** `unseen` also for what another version of ours has written. */
function stateOf(holder: string): "alive" | "gone" | "unseen" {
  const mark = parseMark(holder.split(" ")[0] ?? "");
  const state = mark === undefined ? "elsewhere" : ownerState(mark);
  return state === "elsewhere" ? "unseen" : state;
}

/** How long a lock has been as it is, by our own steady clock: its time is another machine's, and either may be set meanwhile. */
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

async function take(path: string, own: string): Promise<boolean> {
  const draft = `${path}.${own.split(" ")[2] ?? ""}`;
  try {
    await writeFile(draft, own);
    // Unlike an exclusive open, a link shows the file with its content at once.
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Synchronous, for use while we are ending. */
function removeOwn(path: string, own: string): void {
  try {
    if (readFileSync(path, "utf8") === own) rmSync(path);
  } catch {
    // It is not there any more.
  }
}

/** Removes the lock of `holder`, and puts it back when it has become somebody else's meanwhile. */
async function remove(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== holder) await link(aside, path);
  } catch {
    // Somebody else has removed it, or taken it: either way it is not there any more.
  }
  await rm(aside, { force: true });
}
