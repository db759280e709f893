import { readFileSync, readdirSync } from "node:fs";
import { constants } from "node:os";

/**
 * Ends every process that was started with `variable=value` in its environment: what a build that was cancelled has
 * left running. Synchronous, for use while we are ending.
 */
export function endProcessesWith(variable: string, value: string): void {
  endProcessesWhere(variable, (found) => found === value);
}

/**
 * Ends every process that was started with a `variable` in its environment whose value is meant. Processes of other users
 * cannot be read and are left alone.
 */
export function endProcessesWhere(variable: string, isMeant: (value: string) => boolean): void {
  // What one of them starts while we look may have been missed.
  for (let looks = 0; looks < mostLooks && endThoseThere(variable, isMeant); looks++);
}

/** A process that is killed stays for a while, so that one look more is usual. */
const mostLooks = 20;

/** Whether there was one. */
function endThoseThere(variable: string, isMeant: (value: string) => boolean): boolean {
  const prefix = `${variable}=`;
  let isAny = false;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const found = readFileSync(`/proc/${entry}/environ`, "utf8")
        .split("\0")
        .find((word) => word.startsWith(prefix));
      if (found === undefined || !isMeant(found.slice(prefix.length))) continue;
      process.kill(Number(entry), "SIGKILL");
      isAny = true;
    } catch {
      // It has ended meanwhile, or is not ours.
    }
  }
  return isAny;
}

/** Process groups and clean-ups that must not be left behind when we end. */
const groups = new Set<number>();
const cleanUps = new Set<() => void>();
const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
/** How long programs may take to end by themselves. A cancelled job is killed 10 s after its first signal. */
const graceMs = 2_000;
const pollMs = 50;
let ending = false;

/** We were told to end, and do so as soon as our programs have: nothing may be started or concluded any more. */
export function isEnding(): boolean {
  return ending;
}

/** Runs `body`; when the process ends meanwhile (a cancelled job, Ctrl-C), runs `cleanUp`, which is synchronous, first. */
export async function cleaningUp<T>(cleanUp: () => void, body: () => Promise<T>): Promise<T> {
  cleanUps.add(cleanUp);
  watch();
  try {
    return await body();
  } finally {
    cleanUps.delete(cleanUp);
    watch();
  }
}

/**
 * Ends a process group when we end.
 *
 * @returns forgets it.
 */
export function endWithUs(group: number): () => void {
  groups.add(group);
  watch();
  return () => {
    // While we are ending, the rest of the group may still be there when its leader is not.
    if (ending) return;
    groups.delete(group);
    watch();
  };
}

/** Listens while there is something to end: without a listener, a signal ends us by itself. */
function watch(): void {
  for (const signal of signals) process.off(signal, endBy);
  process.off("exit", endAll);
  if (groups.size + cleanUps.size === 0) return;
  for (const signal of signals) process.on(signal, endBy);
  process.on("exit", endAll);
}

/** A second signal waits for nothing. */
function endBy(signal: NodeJS.Signals): void {
  // As a shell gives it: 128 and the signal's number.
  const exit = () => process.exit(128 + constants.signals[signal]);
  if (ending) exit();
  ending = true;
  const start = performance.now();
  signalGroups("SIGTERM");
  setInterval(() => {
    if (!signalGroups(0) || performance.now() - start > graceMs) exit();
  }, pollMs);
}

function endAll(): void {
  signalGroups("SIGKILL");
  // What was begun last goes first: a lock is given back when what it guards is clean.
  for (const cleanUp of [...cleanUps].reverse()) cleanUp();
}

/** Whether there was one to be signalled. */
function signalGroups(signal: NodeJS.Signals | 0): boolean {
  const isThere = (group: number) => {
    try {
      return process.kill(-group, signal);
    } catch {
      return false;
    }
  };
  return [...groups].filter(isThere).length > 0;
}
