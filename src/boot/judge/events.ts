import type { VmmEnd } from "../../platform/process/vmm-process.js";
import type { ProbeAnswer } from "../probes/probe.js";
import { constants } from "node:os";

/** What can be seen of a guest from outside. */
export type Happening =
  | { /** A line of the console. */ readonly kind: "console"; readonly text: string }
  | {
      /** The guest has paused in the middle of a line: what there is of it. */ readonly kind: "unfinished";
      readonly text: string;
    }
  | { /** A line of the monitor's own error stream. */ readonly kind: "monitor"; readonly text: string }
  | { /** The virtual machine as QEMU tells it (QMP). */ readonly kind: "machine"; readonly state: MachineState }
  | {
      /** A probe was answered, or was not. */ readonly kind: "probe";
      readonly index: number;
      readonly answer: ProbeAnswer;
    }
  | ({ readonly kind: "exit" } & VmmEnd)
  | { /** Nothing happened, time went on. */ readonly kind: "clock" };

/** Times are milliseconds after the guest's start. */
export type GuestEvent = Happening & { readonly atMs: number };

/**
 * `reset`: the guest asked to be restarted. `stopped`: paused by QEMU, not by us. `disk-full`: the same, because a disk
 * image cannot grow. `quit`: QEMU was told from outside to end.
 */
export type MachineState = "reset" | "panicked" | "stopped" | "disk-full" | "quit";

/** The signal of a number, as kill(1) lists them; undefined for a number that is none's. */
export function signalOf(number: number): NodeJS.Signals | undefined {
  const signals = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return signals.find(([, own]) => own === number)?.[0];
}
