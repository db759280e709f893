import { constants } from "node:os";
import type { VmmEnd } from "../../platform/process/vmm-process.js";
import type { ProbeAnswer } from "../probes/probe.js";

export type Happening =
  | { /** A line of the console. */ readonly kind: "console"; readonly text: string }
  | {
      /** The guest paused within a line: the line so far. */ readonly kind: "unfinished";
      readonly text: string;
    }
  | { /** A line of the VMM's own error stream. */ readonly kind: "monitor"; readonly text: string }
  | { /** The virtual machine's state, from QMP. */ readonly kind: "machine"; readonly state: MachineState }
  | {
      /** Also for a probe without an answer. */ readonly kind: "probe";
      readonly index: number;
      readonly answer: ProbeAnswer;
    }
  | ({ readonly kind: "exit" } & VmmEnd)
  | { /** Time passed without another event. */ readonly kind: "clock" };

/** Times are milliseconds after the guest's start. */
export type GuestEvent = Happening & { readonly atMs: number };

/**
 * `reset`: the guest asked for a restart. `stopped`: paused by QEMU itself. `disk-full`: paused because a disk image
 * cannot grow. `quit`: something outside told QEMU to exit.
 */
export type MachineState = "reset" | "panicked" | "stopped" | "disk-full" | "quit";

export function signalOf(number: number): NodeJS.Signals | undefined {
  const signals = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return signals.find(([, own]) => own === number)?.[0];
}
