import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, realpathSync, readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { Problem, messageOf } from "../problem.js";
import { endProcessesWhere } from "./leftovers.js";
import { markText, ownMark, ownerState, parseMark } from "./owner-mark.js";

export interface VmmEnd {
  /** The exit status; null if a signal ended the VMM. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the end of the VMM is unknown, as a phrase: the helper VM that ran it failed. */
  readonly failure?: string;
  /** How the guest ended, as its hypervisor reports it; absent when it switched itself off, or none reports it. */
  readonly guest?: "reset" | "crashed";
}

/** A running VMM, our direct child. */
export interface VmmProcess {
  readonly console: Readable;
  readonly errors: Readable;
  /** File descriptor 3, with at least one channel. */
  readonly control: Duplex | undefined;
  /** File descriptor 4, with two channels. */
  readonly second?: Duplex | undefined;
  /** Settles when the guest starts, if that is later than the start of the VMM. Never rejects. */
  readonly begun?: Promise<void>;
  /** Settles when the VMM has ended and all of its output was read. Rejects when it could not be started. */
  readonly ended: Promise<VmmEnd>;
  /** How long it was ready to run but had no processor since its start, in milliseconds; never decreases. */
  readonly heldUpMs: () => number;
  /** The processor time of each of its threads, in milliseconds. */
  readonly usedMs: () => ReadonlyMap<string, number>;
  /** Kills it at once: no state in it is worth saving. */
  kill(): void;
}

/** The kernel kills the VMM when this process dies, for any reason: prctl(2), PR_SET_PDEATHSIG. */
const dieWithUs = ["--pdeathsig", "KILL", "--"] as const;
/** The one of util-linux; busybox's lacks the option. */
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find(
  (path) => existsSync(path) && basename(realpathSync(path)) === "setpriv",
);

/** The variable with the owner of a VMM: for machines without setpriv, and for processes that it does not end. */
export const vmmMark = "UNIKERNEL_CI_MONITOR_OF";

/** How long to read after the end of a killed VMM: a child of it can hold its streams open. */
const readOnMs = 1_000;

/**
 * Starts a VMM with an empty standard input.
 *
 * @param channels the number of socket pairs, on its file descriptors 3 and 4.
 * @throws Problem when it cannot be started. A later failure to start rejects `ended`.
 */
export function startVmm(
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  channels: 0 | 1 | 2,
): VmmProcess {
  const [program, ...args] = setpriv === undefined ? argv : ([setpriv, ...dieWithUs, ...argv] as const);
  const notStarted = (cause: unknown) =>
    new Problem(`${argv[0]} could not be started`, { because: messageOf(cause) }, { cause });
  let child: ChildProcess;
  try {
    const stdio = ["ignore", "pipe", "pipe", ...Array.from({ length: channels }, () => "pipe" as const)] as const;
    child = spawn(program, args, { stdio: [...stdio], env: { ...environment, [vmmMark]: markText(ownMark()) } });
  } catch (error) {
    throw notStarted(error);
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", (error) => reject(notStarted(error)));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  void ended.catch(() => undefined).finally(() => process.removeListener("exit", endWithUs));
  return {
    console: child.stdio[1] as Readable,
    errors: child.stdio[2] as Readable,
    control: child.stdio[3] as Duplex | undefined,
    second: child.stdio[4] as Duplex | undefined,
    ended,
    ...processorTimes(child.pid),
    kill: () => {
      const letGo = () => setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), readOnMs).unref();
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning) child.once("exit", letGo);
      else letGo();
      child.kill("SIGKILL");
    },
  };
}

/** Ends the VMMs of killed runs, of this user only. */
export function sweepVmms(): void {
  endProcessesWhere(vmmMark, (text) => {
    const owner = parseMark(text);
    return owner !== undefined && ownerState(owner) === "gone";
  });
}

/** A measurement is reused for this time: a console of 100 MB/s asks with every read. */
const freshMs = 50;

/**
 * How long a process was ready to run but had no processor, in milliseconds: the longest wait of all its threads. That
 * thread is the busy one: the emulated processor of QEMU, or the tender. And how long each thread ran.
 *
 * The kernel counts both (`/proc/PID/task/TID/schedstat`, the second and the first number, in ns:
 * https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html). 0 and nothing if it does not.
 *
 * @param folder the mount point of proc(5).
 */
export function processorTimes(pid: number | undefined, folder = "/proc"): Pick<VmmProcess, "heldUpMs" | "usedMs"> {
  let longestMs = 0;
  let used: ReadonlyMap<string, number> = new Map();
  let readMs = -Infinity;
  const read = () => {
    const now = performance.now();
    if (pid === undefined || now - readMs < freshMs) return;
    readMs = now;
    const threads = timesOf(`${folder}/${pid}/task`);
    longestMs = Math.max(longestMs, ...threads.map(({ waitedMs }) => waitedMs));
    if (threads.length > 0) used = new Map(threads.map(({ thread, ranMs }) => [thread, ranMs]));
  };
  return {
    heldUpMs: () => {
      read();
      return longestMs;
    },
    usedMs: () => {
      read();
      return used;
    },
  };
}

function timesOf(threads: string) {
  try {
    return readdirSync(threads).map((thread) => {
      const [ran, waited] = readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ");
      return { thread, ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 };
    });
  } catch {
    // It has ended, or the kernel does not count.
    return [];
  }
}
