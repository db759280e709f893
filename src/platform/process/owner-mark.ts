import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { uptime } from "node:os";
import { hasCode, Problem } from "../problem.js";

/**
 * Which process a thing belongs to that outlives it (a network interface, a folder, a lock). Process ids are used again, so
 * the process's start is part of it; and they mean another process elsewhere (in a container), so the place is. No part of
 * it is of the wall clock, which may be set to any time.
 */
export interface OwnerMark {
  readonly pid: number;
  /** In clock ticks since the machine's start: proc_pid_stat(5), field 22. */
  readonly start: number;
  /** Names the machine's start, and then the pid namespace: 8 hexadecimal digits each. */
  readonly place: string;
}

/** Ticks in a second, as Linux tells them to programs on x86_64 and aarch64: sysconf(3), _SC_CLK_TCK. */
const ticksPerSecond = 100;

/**
 * The mark of this process.
 *
 * @throws Problem where /proc does not tell.
 */
export function ownMark(): OwnerMark {
  return { pid: process.pid, start: startOf(process.pid) ?? 0, place: ownPlace() };
}

/** A mark as a word, for the name of a thing or its environment. */
export function markText({ pid, start, place }: OwnerMark): string {
  return `${pid}-${start}-${place}`;
}

/** @returns undefined for a word that is no mark. */
export function parseMark(text: string): OwnerMark | undefined {
  const match = /^(\d+)-(\d+)-([\da-f]{16})$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), start: Number(match[2]), place: match[3] ?? "" };
}

/** `alive` also where it cannot be told, `elsewhere` where its process would not be seen from here. */
export function ownerState({ pid, start, place }: OwnerMark): "alive" | "gone" | "elsewhere" {
  if (place !== ownPlace()) return "elsewhere";
  const found = startOf(pid);
  if (found === undefined) return isHidden(pid) ? "alive" : "gone";
  return found === start ? "alive" : "gone";
}

/**
 * How long ago its process was started, by a clock that nobody sets.
 *
 * @returns undefined where that was on another machine, or before this one's last start.
 */
export function ownerAgeMs({ start, place }: OwnerMark): number | undefined {
  if (bootOf(place) !== bootOf(ownPlace())) return undefined;
  return (uptime() - start / ticksPerSecond) * 1000;
}

const bootOf = (place: string) => place.slice(0, 8);

function ownPlace(): string {
  try {
    return (
      shortHash(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) +
      shortHash(readlinkSync("/proc/self/ns/pid"))
    );
  } catch (error) {
    throw new Problem(
      "/proc is not mounted here, or hides this process from itself",
      {
        because: "what this run starts could not be told from what others have started",
        do: "mount it: `mount -t proc proc /proc`",
      },
      { cause: error },
    );
  }
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** Undefined for a process that is not there, or has ended and was not waited for yet. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name is in parentheses and may hold anything; the state is what follows it.
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ["Z", "X"].includes(state) ? undefined : Number(fields[18]);
  } catch {
    return undefined;
  }
}

/** Where /proc hides the processes of others (hidepid), only a signal tells. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}
