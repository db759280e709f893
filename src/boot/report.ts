import type { Image } from "../image/image.js";
import type { VmmName } from "../targets/targets.js";
import type { Crash } from "./crash/frames.js";
import type { Verdict } from "./judge/verdict.js";

/** `native`: a process of its own, no virtual machine (spt, unix). */
export const accelerators = ["kvm", "tcg", "native"] as const;
export type Accelerator = (typeof accelerators)[number];

/** The program that runs the guest itself: QEMU starts the loader, and a helper VM runs a tender. */
export type VmmProgram = Exclude<VmmName, "loader" | `helper-vm-${string}`>;

/** One try to boot an image: a machine with a broken KVM has two. */
export interface Attempt {
  readonly accelerator: Accelerator;
  readonly monitor: VmmProgram;
  /** It ran inside the helper VM that `argv` started. */
  readonly inCarrier: boolean;
  readonly argv: readonly string[];
  readonly verdict: Verdict;
}

export interface ProbeReport {
  readonly text: string;
  readonly holds: boolean;
  readonly said: string;
  readonly atMs: number;
}

/** A line that `expect` asks for. */
export interface ExpectedLine {
  /** A regular expression. */
  readonly pattern: string;
  readonly seen: boolean;
}

export interface Span {
  /** After the beginning of the step. */
  readonly startMs: number;
  readonly ms: number;
}

/** Several boots of one image, as one. */
export interface Repeats {
  /** How many boots were asked for; fewer ran when all of the first ones failed. */
  readonly asked: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of each boot that passed with the same accelerator, in milliseconds. */
  readonly bootMs: readonly number[];
  readonly readyMs: readonly number[];
  /** Absent unless some passed and some failed, with different consoles. */
  readonly difference?: ConsoleDifference;
}

/** Where the consoles of a boot that passed and one that failed begin to differ. */
export interface ConsoleDifference {
  /** Counted from 1, without empty lines. */
  readonly line: number;
  /** Number of the first line in `passed` and `failed`. */
  readonly from: number;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** How many lines of a console reports show. */
export const shownConsoleLines = 30;

/** The result of a boot; the last attempt's verdict is the boot's. */
export interface BootReport {
  /** Name of the scenario; absent without scenarios. */
  readonly scenario?: string;
  readonly imagePath: string;
  readonly image: Image;
  readonly verdict: Verdict;
  readonly attempts: readonly Attempt[];
  /** Of the last attempt; absent without probes. */
  /** Absent without `expect`. */
  readonly expected?: readonly ExpectedLine[];
  readonly probes?: readonly ProbeReport[];
  /** Of a guest that trapped, aborted or ended by an exception; absent when its place is not known. */
  readonly crash?: Crash;
  /** Of a boot that was repeated. */
  readonly repeats?: Repeats;
  /** From the first preparation to the verdict; absent when nothing was started. */
  readonly span?: Span;
  /** Absolute path of the last attempt's whole console; absent when no VMM was started. */
  readonly consoleLog?: string;
  /** The last lines of the console, then of the VMM, as they were read. */
  readonly consoleEnd: readonly string[];
}
