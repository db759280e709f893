// Two guests on taps of a host, each in its own network namespace. `guests-on-taps.ts host MS NET NET` is the host:
// it makes the taps as a boot does, and prints as one line of JSON what reached what. A QEMU without a machine opens
// each tap as it does for a unikernel, and hands its frames to `guests-on-taps.ts guest INTERFACE HOST GUEST`: Linux's
// network in place of a unikernel's.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { type Interface, createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AttachedDevice, TapLink } from "../../src/boot/devices/devices.js";
import { ask } from "../../src/boot/probes/ask.js";
import { parseProbe } from "../../src/boot/probes/probe-text.js";
import { netdevOption } from "../../src/boot/vmms/qemu-devices.js";
import { attach } from "./hold-devices.js";

/** Who answered, by whom was asked; empty where nothing did. */
type Answers = Readonly<Record<string, string>>;

export interface Reached {
  /** What the first guest answered the host. */
  readonly byHost: Answers;
  /** What answered the first guest. */
  readonly byGuest: Answers;
  /** The services of the host that a question reached. */
  readonly asked: readonly string[];
}

interface Place {
  readonly kind: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

const script = fileURLToPath(import.meta.url);
const thisScript = [process.execPath, "--import", "tsx", script] as const;
const guestPort = 8080;
/** How long to wait for an answer that comes, if not for ever. */
export const sureMs = 600_000;

/**
 * Runs the host, with interfaces and settings of its own.
 *
 * @param asRoot `sudo -n`, or nothing where this user is root.
 * @param nets `net` of each guest.
 * @param waitMs how long the guest waits for answers, which may never come.
 */
export async function whatIsReached(
  asRoot: readonly string[],
  nets: readonly [string, string],
  waitMs: number,
): Promise<Reached> {
  const inside = 'mount -t sysfs sysfs /sys && ip link set lo up && exec "$@"';
  const [program = "", ...args] = [
    ...[...asRoot, "unshare", "--net", "--mount", "sh", "-c", inside, "sh"],
    ...[...thisScript, "host", String(waitMs), ...nets],
  ];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await text(child.stdout)) as Reached;
}

async function host(waitMs: number, nets: readonly string[]): Promise<Reached> {
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  const manifest = nets.map((_, number) => ({ name: `net${number}`, type: "net" as const }));
  const net = nets.map((options, number) => `net${number}: ${options}`).join("\n");
  return attach(tmpdir(), { manifest, net }, async ({ devices }) => {
    const [own, neighbour] = [tapOf(devices[0]), tapOf(devices[1])];
    const guests = await Promise.all([Guest.start(own, 0), Guest.start(neighbour, 1)]);
    const asked: string[] = [];
    const [ownHost, neighbourHost] = [addressOf(own), addressOf(neighbour)];
    const on = async (address: string) => serve(address, address, (kind) => void asked.push(`${address} by ${kind}`));
    const ports = { v4: await on("0.0.0.0"), tap: await on(ownHost), v6: await on("::") };
    try {
      const byHost = {
        ...(await byProbes(own.guest)),
        udp: await answerOf({ kind: "udp", address: own.guest, port: guestPort }, sureMs),
      };
      const byGuest = await guests[0].ask(waitMs, {
        "0.0.0.0": [ownHost, ports.v4],
        "the tap’s address": [ownHost, ports.tap],
        "the other tap’s address": [neighbourHost, ports.v4],
        "::": [linkLocalOf(own.interface), ports.v6],
        "the neighbour": [neighbour.guest, guestPort],
      });
      return { byHost, byGuest, asked };
    } finally {
      for (const guest of guests) guest.end();
    }
  });
}

async function byProbes(guest: string): Promise<Answers> {
  const answers: Record<string, string> = {};
  const { signal } = new AbortController();
  const options = { acceptMs: sureMs, timeoutMs: sureMs, signal };
  for (const probe of [`tcp://:${guestPort}`, "tcp://:9", "ping"])
    answers[probe] = (await ask(parseProbe(probe), { host: guest }, options)).said;
  return answers;
}

/** A service on the same port of TCP and UDP. */
async function serve(address: string, answer: string, note: (kind: Place["kind"]) => void, port = 0): Promise<number> {
  const server = createServer((socket) => {
    note("tcp");
    socket.on("error", () => undefined).end(answer);
  }).listen({ port, host: address, ipv6Only: address === "::" });
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  const isIpv6 = address.includes(":");
  const datagrams = createSocket({ type: isIpv6 ? "udp6" : "udp4", ipv6Only: isIpv6 }).bind(taken, address);
  datagrams.on("message", (_, from) => {
    note("udp");
    datagrams.send(answer, from.port, from.address);
  });
  await once(datagrams, "listening");
  return taken;
}

function answerOf({ kind, address, port }: Place, waitMs: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(""), waitMs);
    const answered = (data: Buffer) => resolve(data.toString());
    const nothing = () => resolve("");
    if (kind === "tcp") return void connect(port, address).on("error", nothing).on("data", answered);
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("error", nothing).on("message", answered).send("?", port, address);
  });
}

const tapOf = (device: AttachedDevice | undefined) => (device as { readonly link: TapLink }).link;
const addressOf = ({ host }: TapLink) => host.replace(/\/.*/, "");
const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const linkLocalOf = (name: string) => /fe80::[\da-f:]+/.exec(ip("-6", "address", "show", "dev", name))?.[0] ?? "";

async function interfaceThere(name: string): Promise<void> {
  while (!ip("-oneline", "link").includes(` ${name}:`)) await sleep(20);
}

/** The host's side of a guest. */
class Guest {
  private readonly lines: NodeJS.AsyncIterator<string>;
  private constructor(
    private readonly child: ChildProcess,
    private readonly vmm: ChildProcess,
    output: Interface,
  ) {
    this.lines = output[Symbol.asyncIterator]();
  }

  static async start(tap: TapLink, number: number): Promise<Guest> {
    const end = `guest${number}`;
    const hub = (id: string) => ["-netdev", `hubport,hubid=0,id=${id}-port,netdev=${id}`];
    const taps = [netdevOption(tap, "host"), netdevOption({ ...tap, interface: end }, "guest")];
    const machine = ["-machine", "none", "-nodefaults", "-display", "none"];
    const args = [...machine, ...taps.flatMap((option) => ["-netdev", option]), ...hub("host"), ...hub("guest")];
    const vmm = spawn("qemu-system-x86_64", args, { stdio: "ignore" });
    await interfaceThere(end);
    const child = spawn("unshare", ["--net", ...thisScript, "guest", end, addressOf(tap), tap.guest], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const guest = new Guest(child, vmm, createInterface(child.stdout));
    // It is in its namespace when it says something.
    await guest.lines.next();
    ip("link", "set", end, "netns", String(child.pid));
    await guest.lines.next();
    return guest;
  }

  async ask(
    waitMs: number,
    services: Readonly<Record<string, readonly [address: string, port: number]>>,
  ): Promise<Answers> {
    const places = Object.entries(services).flatMap(([name, [address, port]]) =>
      (["tcp", "udp"] as const).map((kind) => [`${name} by ${kind}`, { kind, address, port }] as const),
    );
    this.child.stdin?.write(`${JSON.stringify({ waitMs, places: Object.fromEntries(places) })}\n`);
    return JSON.parse(String((await this.lines.next()).value)) as Answers;
  }

  end(): void {
    this.child.kill("SIGKILL");
    this.vmm.kill("SIGKILL");
  }
}

/** The guest's own process. */
async function guest(end: string, gateway: string, own: string): Promise<void> {
  console.log("started");
  await interfaceThere(end);
  ip("link", "set", "lo", "up");
  ip("address", "add", `${own}/24`, "dev", end);
  ip("link", "set", end, "up");
  // At once, without a look for another host of this address.
  ip("address", "add", "fe80::2/64", "dev", end, "nodad");
  ip("route", "add", "default", "via", gateway);
  await serve(own, `guest ${own}`, () => undefined, guestPort);
  console.log("ready");
  for await (const line of createInterface(process.stdin)) {
    const { waitMs, places } = JSON.parse(line) as { waitMs: number; places: Record<string, Place> };
    const scoped = (address: string) => (address.startsWith("fe80::") ? `${address}%${end}` : address);
    const answers = Object.entries(places).map(async ([name, place]) => [
      name,
      await answerOf({ ...place, address: scoped(place.address) }, waitMs),
    ]);
    console.log(JSON.stringify(Object.fromEntries(await Promise.all(answers))));
  }
}

const [, started, role, ...words] = process.argv;
if (started === script && role === "guest") await guest(...(words as [string, string, string]));
if (started === script && role === "host") {
  const [waitMs, ...nets] = words;
  console.log(JSON.stringify(await host(Number(waitMs), nets)));
  process.exit();
}
