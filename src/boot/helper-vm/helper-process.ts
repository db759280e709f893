import { PassThrough } from "node:stream";
import { seconds } from "../../platform/log.js";
import type { VmmEnd, VmmProcess } from "../../platform/process/vmm-process.js";
import { signalOf } from "../judge/events.js";
import { Lines } from "../judge/lines.js";
import { endOfDomain } from "./xen-init.js";

/** More than a helper VM needs on a machine that runs ten others. */
const longestStartMs = 180_000;
/** Enough to keep a panic's first line, before the registers and the trace. */
const keptLines = 60;

/** A tender in a helper VM, as if it ran directly on the host. */
export interface HelperVmProcess extends VmmProcess {
  readonly begun: Promise<void>;
  /** The tender's end; with `failure`, the helper VM's. */
  readonly ended: Promise<VmmEnd>;
}

/**
 * Presents QEMU with a helper VM as the tender inside: the console is the unikernel's, byte by byte; the error stream
 * carries the tender's and QEMU's; start and end are the tender's.
 *
 * @param qemu with the helper VM's serial port on standard output, the unikernel's console on file descriptor 3 and
 *   QEMU's control channel on 4.
 */
export function helperVmProcess(qemu: VmmProcess, startMs = longestStartMs): HelperVmProcess {
  const console = qemu.control;
  if (console === undefined) throw new Error("the helper VM was started without file descriptor 3");
  const errors = new PassThrough();
  const reader = new HelperVmReader();
  const words: string[] = [];
  let end: VmmEnd | undefined;
  let failure: string | undefined;
  let hasBegun = false;
  let wasKilled = false;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));

  const fail = (because: string) => {
    failure ??= because;
    qemu.kill();
  };
  const tooLate = setTimeout(() => fail(`the helper VM did not start within ${seconds(startMs)}`), startMs);
  const say = (chunk: string | Buffer) => {
    if (errors.write(chunk) || errors.listenerCount("drain") > 0) return;
    qemu.console.pause();
    qemu.errors.pause();
    errors.once("drain", () => {
      qemu.console.resume();
      qemu.errors.resume();
    });
  };
  qemu.console.on("data", (chunk: Buffer) => {
    for (const event of reader.add(chunk)) {
      switch (event.kind) {
        case "start":
          hasBegun = true;
          clearTimeout(tooLate);
          begin();
          break;
        case "error":
          say(`${event.line}\n`);
          break;
        case "end":
          end = event.end;
          // QEMU has the whole output of the unikernel by now: a write to a virtio port waits for it.
          qemu.kill();
          break;
        case "failed":
          fail(`the helper VM failed: ${[event.because, ...words.slice(-1)].join(": ")}`);
          break;
        case "other":
          words.push(event.line);
          if (words.length > keptLines) words.shift();
      }
    }
  });
  qemu.errors.on("data", say);

  const ended = qemu.ended
    .then((own) => {
      if (end !== undefined) {
        // Only Linux, short of memory, kills the tender by SIGKILL.
        return end.signal === "SIGKILL" ? { ...end, failure: "the helper VM ran out of memory" } : end;
      }
      if (failure !== undefined) return { ...own, failure };
      if (wasKilled) return own;
      const last = words.find((line) => line.includes("Kernel panic")) ?? words.at(-1);
      const how = `the helper VM ${hasBegun ? "exited before its tender" : "did not start"}`;
      return { ...own, failure: last === undefined ? how : `${how}: ${last}` };
    })
    .finally(() => {
      clearTimeout(tooLate);
      begin();
      errors.end();
    });
  ended.catch(() => undefined);
  return {
    console,
    errors,
    control: qemu.second,
    begun,
    ended,
    heldUpMs: qemu.heldUpMs,
    usedMs: qemu.usedMs,
    kill: () => {
      wasKilled = true;
      qemu.kill();
    },
  };
}

/** A line of the helper VM's serial port. */
export type HelperVmEvent =
  | { readonly kind: "start" }
  | { readonly kind: "error"; readonly line: string }
  | { readonly kind: "end"; readonly end: VmmEnd }
  | { readonly kind: "failed"; readonly because: string }
  /** A line of the firmware, the kernel or a tool. */
  | { readonly kind: "other"; readonly line: string };

const shape = /^carrier: (?<word>start|error|end|shutdown|failed)(?: (?<rest>.*))?$/;

/** A unikernel's output never reaches the serial port, and the tender's error stream only with its mark (init.ts). */
export class HelperVmReader {
  private readonly lines = new Lines();

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
    case "shutdown":
      return { kind: "end", end: endOfDomain(Number(rest)) };
    case "failed":
      return { kind: "failed", because: rest };
    default:
      return { kind: "other", line };
  }
}

/** @param status of wait(2) in Linux's layout, as /proc/PID/stat shows it (`exit_code`, proc_pid_stat(5)). */
export function endOf(status: number): VmmEnd {
  const number = status & 0x7f;
  if (number === 0) return { code: status >> 8, signal: null };
  return { code: null, signal: signalOf(number) ?? "SIGKILL" };
}
