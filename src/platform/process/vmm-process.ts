import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { Problem, messageOf } from "../problem.js";
import { endProcessesWhere } from "./leftovers.js";
import { markText, ownMark, ownerState, parseMark } from "./owner-mark.js";
import { processorWait } from "./processor-wait.js";

/** How a VMM ended. */
export interface VmmEnd {
  /** Its exit status, null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What ran the VMM failed, and its own end is not known; a phrase for a person. */
  readonly failure?: string;
}

/** A running VMM, our direct child. */
export interface VmmProcess {
  readonly console: Readable;
  readonly errors: Readable;
  /** File descriptor 3, when it was asked for. */
  readonly control: Duplex | undefined;
  /** File descriptor 4, when two were asked for. */
  readonly second?: Duplex | undefined;
  /** Settles when the guest begins, where that is later than the VMM's own start. Never rejects. */
  readonly begun?: Promise<void>;
  /** Settles when it has ended and everything that it wrote was read. Rejects when it could not be started. */
  readonly ended: Promise<VmmEnd>;
  /** How long it was ready to run and had no processor, in milliseconds since its start; it only grows. */
  readonly heldUpMs: () => number;
  /** Ends it at once; nothing in it is worth saving. */
  kill(): void;
}

/** Makes the kernel end the VMM when we die, however we die: prctl(2), PR_SET_PDEATHSIG. */
const dieWithUs = ["--pdeathsig", "KILL", "--"] as const;
/** util-linux's; busybox has one that cannot do it. */
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find(
  (path) => existsSync(path) && basename(realpathSync(path)) === "setpriv",
);

/** Where there is no setpriv, and for what it does not end: whose VMM a process is, in its environment. */
export const vmmMark = "UNIKERNEL_CI_MONITOR_OF";

/** How long we read on after the end of a VMM that was killed: a child of its own may hold its streams open. */
const readOnMs = 1_000;

/**
 * Starts a VMM, with nothing on its standard input.
 *
 * @param channels how many socket pairs it has, on its file descriptors 3 and 4.
 * @throws Problem when it cannot be started; what shows later rejects `ended` with one.
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
    heldUpMs: processorWait(child.pid),
    kill: () => {
      const letGo = () => setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), readOnMs).unref();
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning) child.once("exit", letGo);
      else letGo();
      child.kill("SIGKILL");
    },
  };
}

/** Ends the VMMs of runs that were killed; this user's only. */
export function sweepVmms(): void {
  endProcessesWhere(vmmMark, (text) => {
    const owner = parseMark(text);
    return owner !== undefined && ownerState(owner) === "gone";
  });
}
