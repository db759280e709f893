import { readFileSync, readdirSync } from "node:fs";
import { constants } from "node:os";

/**
 * Kills every process that was started with `variable=value` in its environment, such as those of a cancelled build.
 * Synchronous, for use while this process ends.
 */
export function endProcessesWith(variable: string, value: string): void {
  endProcessesWhere(variable, (found) => found === value);
}

/**
 * Kills every process of this user that was started with `variable` in its environment, if `isMeant` accepts the value.
 */
export function endProcessesWhere(variable: string, isMeant: (value: string) => boolean): void {
  // A look can miss a process that one of them starts meanwhile.
  for (let looks = 0; looks < mostLooks && endThoseThere(variable, isMeant); looks++);
}

/** A killed process stays for a moment, so two looks are usual. */
const mostLooks = 20;

/** @returns whether there was one. */
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
      // It has ended meanwhile, or is another user's.
    }
  }
  return isAny;
}

/** Process groups to end, and clean-ups to run, when this process ends. */
const groups = new Set<number>();
const cleanUps = new Set<() => void>();
const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
/** How long programs have to end after SIGTERM. A cancelled job is killed 10 s after its first signal. */
const graceMs = 2_000;
const pollMs = 50;
let ending = false;

/** Whether this process was terminated and waits for its programs to end: it must not start or conclude anything. */
export function isEnding(): boolean {
  return ending;
}

/** Runs `body`. If this process ends meanwhile (a cancelled job, Ctrl-C), runs the synchronous `cleanUp` first. */
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
 * Ends a process group when this process ends.
 *
 * @returns a function that takes this back.
 */
export function endWithUs(group: number): () => void {
  groups.add(group);
  watch();
  return () => {
    // While this process ends, the group may outlive its leader.
    if (ending) return;
    groups.delete(group);
    watch();
  };
}

let isListening = false;

/**
 * Listens while there is something to end: without a listener, a signal ends this process by itself. And for two turns
 * of the event loop longer: a signal that has arrived, but that the loop has not looked at yet, is lost when its last
 * listener is removed, even if another one is added at once.
 */
function watch(): void {
  const isNeeded = () => groups.size + cleanUps.size > 0;
  const turn = (on: boolean) => {
    isListening = on;
    for (const signal of signals) process[on ? "on" : "off"](signal, endBy);
    process[on ? "on" : "off"]("exit", endAll);
  };
  if (isNeeded() && !isListening) turn(true);
  if (isNeeded() || !isListening) return;
  setImmediate(() => setImmediate(() => isListening && !isNeeded() && turn(false)));
}

/** Waits for the programs to end; a second signal ends this process at once. */
function endBy(signal: NodeJS.Signals): void {
  // As a shell does: 128 plus the signal's number.
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
  // Last in, first out: a lock is released after the clean-up of the files that it guards.
  for (const cleanUp of [...cleanUps].reverse()) cleanUp();
}

/** @returns whether a group exists. */
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
