import type { VmmEnd } from "../../platform/process/vmm-process.js";
import { Lines } from "../judge/lines.js";
import { signalOf } from "../judge/signal.js";

/** What the helper VM tells on its serial port. */
export type HelperVmEvent =
  /** The tender is started now. */
  | { readonly kind: "start" }
  /** A line of the tender's error stream. */
  | { readonly kind: "error"; readonly line: string }
  | { readonly kind: "end"; readonly end: VmmEnd }
  /** The helper VM could not do its part. */
  | { readonly kind: "failed"; readonly because: string }
  /** A line of the firmware, the kernel or a tool. */
  | { readonly kind: "other"; readonly line: string };

const shape = /^carrier: (?<word>start|error|end|failed)(?: (?<rest>.*))?$/;

/**
 * Reads what the helper VM's first program (init.ts) writes to the serial port, in pieces of any size. A unikernel's output
 * never comes this way, and the tender's error stream only behind a word of its own.
 */
export class HelperVmReader {
  private readonly lines = new Lines();

  /** The events that `chunk` completes. */
  add(chunk: Uint8Array): HelperVmEvent[] {
    return this.lines.add(chunk).map(eventOf);
  }
}

function eventOf(line: string): HelperVmEvent {
  const { word, rest = "" } = shape.exec(line)?.groups ?? {};
  switch (word) {
    case "start":
      return { kind: "start" };
    case "error":
      return { kind: "error", line: rest };
    case "end":
      return { kind: "end", end: endOf(Number(rest)) };
    case "failed":
      return { kind: "failed", because: rest };
    default:
      return { kind: "other", line };
  }
}

/** @param status as wait(2) gives it and /proc/PID/stat shows it (`exit_code`, proc_pid_stat(5)): Linux's own layout. */
export function endOf(status: number): VmmEnd {
  const number = status & 0x7f;
  if (number === 0) return { code: status >> 8, signal: null };
  return { code: null, signal: signalOf(number) ?? "SIGKILL" };
}
