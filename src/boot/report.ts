import type { Image } from "../image/image.js";
import type { VmmName } from "../targets/targets.js";
import type { Verdict } from "./judge/verdict.js";

/** What a guest ran on. `native`: its own process, no virtual machine (spt, unix). */
export const accelerators = ["kvm", "tcg", "native"] as const;
export type Accelerator = (typeof accelerators)[number];

/** What a guest itself runs in: the loader is started by QEMU, and a helper VM runs a tender. */
export type VmmProgram = Exclude<VmmName, "loader" | `helper-vm-${string}`>;

/** One try to boot an image: a machine whose KVM is broken gives two. */
export interface Attempt {
  readonly accelerator: Accelerator;
  readonly monitor: VmmProgram;
  /** It ran inside a helper VM, which `argv` started. */
  readonly inCarrier: boolean;
  /** The exact command. */
  readonly argv: readonly string[];
  readonly verdict: Verdict;
}

/** The last answer to a probe, or the first one that held. */
export interface ProbeReport {
  /** The probe as it was written. */
  readonly text: string;
  readonly holds: boolean;
  /** What was answered, as a phrase. */
  readonly said: string;
  /** Milliseconds after the guest's start. */
  readonly atMs: number;
}

/** When something ran, in milliseconds. */
export interface Span {
  /** After the beginning of the step. */
  readonly startMs: number;
  readonly ms: number;
}

/** All that is known of a boot; the last attempt's verdict is the boot's. */
export interface BootReport {
  /** Name of the scenario; absent when the image was booted once, as the inputs say. */
  readonly scenario?: string;
  /** Absolute path of the image. */
  readonly imagePath: string;
  readonly image: Image;
  readonly verdict: Verdict;
  readonly attempts: readonly Attempt[];
  /** What was asked of the guest over the network in the last attempt; absent when nothing was. */
  readonly probes?: readonly ProbeReport[];
  /** From the first preparation to the verdict; absent when nothing was started. Scenarios run side by side. */
  readonly span?: Span;
  /** Absolute path of the whole console of the last attempt. Absent when no VMM was started. */
  readonly consoleLog?: string;
  /** The last lines of the console, then of the VMM's own words; as they were read. */
  readonly consoleEnd: readonly string[];
}
