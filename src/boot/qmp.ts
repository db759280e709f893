import type { Duplex } from "node:stream";
import { messageOf } from "../platform/problem.js";
import { LineReader } from "../platform/process/line-reader.js";
import { isRecord } from "../platform/shape.js";
import type { MachineState } from "./judge/events.js";

/** In UTF-16 units. The answer to `info usernet` is one message with a line for each connection. */
const longestMessage = 1024 * 1024;

/** https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** QEMU's control channel: commands with answers, and events. Every command fails once the channel is closed. */
export class Qmp {
  private readonly lines = new LineReader(longestMessage);
  private readonly waiting: Answer[] = [];
  private closed = false;

  constructor(
    private readonly channel: Duplex,
    private readonly onEvent: (event: QmpEvent) => void,
  ) {
    channel.on("data", (chunk: Buffer) => {
      for (const line of this.lines.add(chunk)) if (line.trim() !== "") this.onMessage(line);
    });
    channel.on("error", () => this.close());
    channel.on("close", () => this.close());
    channel.on("end", () => this.close());
  }

  /** Ends the negotiation and starts the guest: QEMU was started with `-S`. */
  async start(): Promise<void> {
    await this.execute("qmp_capabilities");
    await this.execute("cont");
  }

  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new Error("QEMU closed its control channel"));
        return;
      }
      this.waiting.push({ resolve, reject });
      this.channel.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  }

  private onMessage(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch (error) {
      this.waiting.shift()?.reject(new Error(`QEMU's control channel sent invalid JSON: ${messageOf(error)}`));
      return;
    }
    if (!isRecord(message)) return;
    const { event, data, error } = message;
    if (typeof event === "string") this.onEvent({ event, ...(isRecord(data) && { data }) });
    else if (error !== undefined)
      this.waiting
        .shift()
        ?.reject(new Error(isRecord(error) && typeof error["desc"] === "string" ? error["desc"] : line));
    else if ("return" in message) this.waiting.shift()?.resolve(message["return"]);
  }

  private close(): void {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new Error("QEMU closed its control channel"));
  }
}

/** QMP's ShutdownCause for an end that neither the guest nor this program caused. */
const outsideReasons: readonly unknown[] = ["host-signal", "host-error", "host-qmp-quit"];

/** The state of the machine after an event; undefined for an event that does not matter to the verdict. */
export async function machineStateOf({ event, data }: QmpEvent, qmp: Qmp): Promise<MachineState | undefined> {
  switch (event) {
    case "GUEST_PANICKED":
      return "panicked";
    case "SHUTDOWN":
      if (data?.["reason"] === "guest-reset") return "reset";
      return outsideReasons.includes(data?.["reason"]) ? "quit" : undefined;
    case "STOP":
      return whyStopped(qmp);
    default:
      return undefined;
  }
}

/**
 * Why QEMU paused the guest: QEMU also sends STOP on its way out. It pauses for a disk's error only when the disk is
 * full (`werror=enospc`).
 */
async function whyStopped(qmp: Qmp): Promise<MachineState | undefined> {
  const answer = await qmp.execute("query-status").catch(() => undefined);
  const status = (answer as { readonly status?: unknown } | undefined)?.status;
  return status === "io-error" ? "disk-full" : status === "internal-error" ? "stopped" : undefined;
}
