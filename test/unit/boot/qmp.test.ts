import { Duplex } from "node:stream";
import { beforeEach, describe, expect, test } from "vitest";
import { Qmp, type QmpEvent } from "../../../src/boot/qmp.js";

/** QEMU's end of the channel: what it was told, and a way to answer. */
class Channel extends Duplex {
  readonly told: unknown[] = [];
  private readonly listeners_: (() => void)[] = [];

  override _read(): void {
    // Pushed by `say`.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.told.push(
      ...chunk
        .toString()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    );
    this.listeners_.splice(0).forEach((listener) => listener());
    done();
  }

  say(message: unknown): void {
    this.push(`${JSON.stringify(message)}\r\n`);
  }

  /** Settles when so many commands have come. */
  async toldTimes(count: number): Promise<unknown[]> {
    while (this.told.length < count) await new Promise<void>((resolve) => this.listeners_.push(resolve));
    return this.told;
  }
}

let channel: Channel;
let events: QmpEvent[];
let qmp: Qmp;
beforeEach(() => {
  channel = new Channel();
  events = [];
  qmp = new Qmp(channel, (event) => events.push(event));
});

const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: ["oob"] } };

describe("QEMU’s control channel", () => {
  test("ends the negotiation before it starts the guest", async () => {
    const started = qmp.start();
    channel.say(greeting);
    expect(await channel.toldTimes(1)).toEqual([{ execute: "qmp_capabilities" }]);
    channel.say({ return: {} });
    expect(await channel.toldTimes(2)).toEqual([{ execute: "qmp_capabilities" }, { execute: "cont" }]);
    channel.say({ event: "RESUME" });
    channel.say({ return: {} });
    await started;
    expect(events).toEqual([{ event: "RESUME" }]);
  });

  test("gives each answer to its command, in order, with events in between", async () => {
    const first = qmp.execute("query-status");
    const second = qmp.execute("query-kvm");
    channel.say({ return: { status: "internal-error" } });
    channel.say({ event: "SHUTDOWN", data: { guest: true, reason: "guest-reset" } });
    channel.say({ return: { enabled: false } });
    expect(await first).toEqual({ status: "internal-error" });
    expect(await second).toEqual({ enabled: false });
    expect(events).toEqual([{ event: "SHUTDOWN", data: { guest: true, reason: "guest-reset" } }]);
  });

  test("reads messages that are split anywhere, characters too", async () => {
    const answer = qmp.execute("query-name");
    for (const byte of Buffer.from('{"return": {"name": "né"}}\r\n{"event": "STOP"}\n')) channel.push(Buffer.of(byte));
    expect(await answer).toEqual({ name: "né" });
    await new Promise(setImmediate);
    expect(events).toEqual([{ event: "STOP" }]);
  });

  test("a command that QEMU refuses fails with QEMU’s message", async () => {
    const answer = qmp.execute("nonsense");
    channel.say({ error: { class: "CommandNotFound", desc: "The command nonsense has not been found" } });
    await expect(answer).rejects.toThrow("The command nonsense has not been found");
  });

  test("invalid JSON fails its command", async () => {
    const answer = qmp.execute("query-status");
    channel.push('{"return": \n');
    await expect(answer).rejects.toThrow(/sent invalid JSON/);
  });

  test.each(["0", "null", '"x"', "[]", '{"event":1}'])("%s, which QEMU never sends, is ignored", async (said) => {
    const answer = qmp.execute("query-status");
    channel.push(`${said}\n{"return": 1}\n`);
    expect(await answer).toBe(1);
  });

  test("an error without a description fails its command too", async () => {
    const answer = qmp.execute("query-status");
    channel.push('{"error": null}\n');
    await expect(answer).rejects.toThrow('{"error": null}');
  });

  test.each([
    ["ends", () => channel.push(null)],
    ["breaks", () => channel.destroy(new Error("EPIPE"))],
    ["is closed", () => channel.destroy()],
  ])("when it %s, what waits fails, and what comes later", async (_, close) => {
    const waiting = expect(qmp.start()).rejects.toThrow("QEMU closed its control channel");
    close();
    await waiting;
    await expect(qmp.execute("query-status")).rejects.toThrow("QEMU closed its control channel");
  });
});
