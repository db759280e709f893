import type { Duplex } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { messageOf } from "../platform/problem.js";
import { isRecord } from "../platform/shape.js";

/** An event as QEMU sends it: https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
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
  private readonly decoder = new StringDecoder("utf8");
  private readonly waiting: Answer[] = [];
  private rest = "";
  private closed = false;

  constructor(
    private readonly channel: Duplex,
    private readonly onEvent: (event: QmpEvent) => void,
  ) {
    channel.on("data", (chunk: Buffer) => this.read(this.decoder.write(chunk)));
    channel.on("error", () => this.close());
    channel.on("close", () => this.close());
    channel.on("end", () => this.close());
  }

  /** Leaves the negotiation and lets the guest run: QEMU was started with `-S`. */
  async start(): Promise<void> {
    await this.execute("qmp_capabilities");
    await this.execute("cont");
  }

  /** The answer to a command of QEMU's. */
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

  private read(text: string): void {
    this.rest += text;
    if (!text.includes("\n")) return;
    const lines = this.rest.split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.onMessage(line);
  }

  private onMessage(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch (error) {
      this.waiting.shift()?.reject(new Error(`QEMU's control channel said no JSON: ${messageOf(error)}`));
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
