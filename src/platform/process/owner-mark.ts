import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { uptime } from "node:os";
import { Problem, hasCode } from "../problem.js";

/**
 * Identifies the process that owns a network interface, a folder or a lock, which can outlive it. Process ids are
 * reused, so the mark has the process's start; they are different in another container, so it has the place. It does
 * not use the wall clock, which can be set to any time.
 */
export interface OwnerMark {
  readonly pid: number;
  /** In clock ticks since the boot of the machine: proc_pid_stat(5), field 22. */
  readonly start: number;
  /** A hash of the boot of the machine, then one of the pid namespace: 8 hexadecimal digits each. */
  readonly place: string;
}

/** The value on x86_64 and aarch64: sysconf(3), _SC_CLK_TCK. */
const ticksPerSecond = 100;

/**
 * The mark of this process.
 *
 * @throws Problem when /proc is unavailable.
 */
export function ownMark(): OwnerMark {
  return { pid: process.pid, start: startOf(process.pid) ?? 0, place: ownPlace() };
}

/** A mark as a word, for names and environment variables. */
export function markText({ pid, start, place }: OwnerMark): string {
  return `${pid}-${start}-${place}`;
}

/** @returns undefined for a word that is not a mark. */
export function parseMark(text: string): OwnerMark | undefined {
  const match = /^(\d+)-(\d+)-([\da-f]{16})$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), start: Number(match[2]), place: match[3] ?? "" };
}

/** `alive` also if that is uncertain; `elsewhere` if a process of that place is not visible from here. */
export function ownerState({ pid, start, place }: OwnerMark): "alive" | "gone" | "elsewhere" {
  if (place !== ownPlace()) return "elsewhere";
  const found = startOf(pid);
  if (found === undefined) return isHidden(pid) ? "alive" : "gone";
  return found === start ? "alive" : "gone";
}

/**
 * The time since the owner started, by a clock that cannot be set.
 *
 * @returns undefined for a process of another machine, or from before this one's last boot.
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
      "/proc is not mounted, or hides this process from itself",
      {
        because: "it is needed to distinguish the processes of this run from those of other runs",
        do: "mount it: `mount -t proc proc /proc`",
      },
      { cause: error },
    );
  }
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** Undefined for a missing process and for a zombie. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may contain anything; the state follows it.
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ["Z", "X"].includes(state) ? undefined : Number(fields[18]);
  } catch {
    return undefined;
  }
}

/** If /proc hides the processes of other users (hidepid), only a signal shows that one exists. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}
