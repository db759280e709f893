import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
import { type AsRoot, becomeRoot, hasCapability } from "../process/sudo.js";
import { cleaningUp } from "../process/leftovers.js";
import { ownMark, ownerState } from "../process/owner-mark.js";
import { lastLines } from "../process/process.js";
import { aliasOf, findIp, interfaceNames, isThere, markOf, readAlias } from "./interfaces.js";
import { endOfIsolation, isolate, whyNoIsolation } from "./isolation.js";

/** A network interface for a guest. */
export interface Tap {
  /** At most 15 characters. */
  readonly interface: string;
  /** The host's address on it, with the prefix length. */
  readonly host: string;
  /** Its guest may reach this host, and whatever this host forwards. Absent: it only answers the host. */
  readonly outside?: boolean;
}

/** An interface of that name exists: another process was first. */
export class TapTaken extends Error {}

/**
 * Why this user cannot make a tap, as a phrase; undefined when it can.
 *
 * @param device replaced by tests.
 */
export async function whyNoTap(context: Context, device = "/dev/net/tun"): Promise<string | undefined> {
  if (findIp(context) === undefined) return "the program `ip` (package iproute2) is not installed";
  try {
    // Root makes the interface, but the VMM opens it as this user.
    closeSync(openSync(device, constants.O_RDWR));
  } catch (error) {
    return `${device} cannot be opened (${(error as NodeJS.ErrnoException).code ?? ""})`;
  }
  if ((await becomeRoot(context)) === undefined) return "this user is not root and has no sudo without a password";
  if (context.host.isRoot && !hasCapability(readFileSync("/proc/self/status", "utf8"), "CapEff", "netAdmin"))
    return "root in this container cannot make network interfaces";
  return undefined;
}

let boots = 0;

/**
 * Makes taps that this user can open, runs `body`, and removes them, also when this process is terminated meanwhile. If
 * it is killed, the next run's {@link sweepTaps} finds them by their alias.
 *
 * @throws TapTaken
 * @throws NotIsolated
 * @throws Problem when they cannot be made.
 */
export async function withTaps<T>(context: Context, taps: readonly Tap[], body: () => Promise<T>): Promise<T> {
  if (taps.length === 0) return body();
  const asRoot = await becomeRoot(context);
  if (asRoot === undefined) throw new Problem("this user cannot make network interfaces");
  const own = aliasOf(ownMark(), ++boots);
  const made = new Set<string>();
  const ours = () => [...made].filter((name) => readAlias(name) === own);
  const removeNow = () => {
    for (const name of ours())
      for (const [program, ...args] of removal(context, asRoot, name)) spawnSync(program, args, { stdio: "ignore" });
  };
  return cleaningUp(removeNow, async () => {
    try {
      for (const tap of taps) {
        made.add(tap.interface);
        makeTap(asRoot, tap, own);
        /* promise: taps-are-isolated */ if (tap.outside !== true) isolate(asRoot, tap.interface, tap.host);
      }
      return await body();
    } finally {
      // Not synchronous: the kernel takes some 50 ms, and other boots of this process go on meanwhile.
      for (const name of ours()) await remove(context, asRoot, name);
    }
  });
}

/** Synchronous, so that no signal arrives between making the interface and knowing that it exists. */
function makeTap(asRoot: AsRoot, tap: Tap, alias: string): void {
  const [program, ...args] = asRoot("ip", "-batch", "-");
  const { status, stderr } = spawnSync(program, args, {
    input: tapCommands(tap, process.getuid?.() ?? 0, alias),
    encoding: "utf8",
  });
  if (status === 0) return;
  const isTaken =
    stderr.includes("Device or resource busy") || (isThere(tap.interface) && readAlias(tap.interface) !== alias);
  if (isTaken) throw new TapTaken(tap.interface);
  throw new Problem(`the network interface ${tap.interface} with ${tap.host} could not be made`, {
    evidence: lastLines(stderr, 5),
    do: "use `net: user`, which needs no rights",
  });
}

/**
 * The commands of ip(8) for a tap, as its `-batch` reads them. One process sets the alias right after it makes the
 * interface, so that the sweep recognises every interface of ours. `tuntap add` fails if the name is taken.
 */
export function tapCommands(tap: Tap, uid: number, alias: string): string {
  return [
    `tuntap add dev ${tap.interface} mode tap user ${uid}`,
    `link set dev ${tap.interface} alias "${alias}"`,
    `address add ${tap.host} dev ${tap.interface}`,
    `link set dev ${tap.interface} up`,
    "",
  ].join("\n");
}

/** Removes the taps of killed boots, and no other interface. Does nothing without root. */
export async function sweepTaps(context: Context): Promise<void> {
  const abandoned = interfaceNames().filter((name) => {
    const mark = markOf(name);
    return mark !== undefined && ownerState(mark) === "gone";
  });
  if (abandoned.length === 0 || findIp(context) === undefined) return;
  const asRoot = await becomeRoot(context);
  if (asRoot === undefined) return;
  for (const name of abandoned) await remove(context, asRoot, name);
}

/**
 * The commands that remove a tap, in order. Its rules go before it, because the sweep finds them by the tap; and it is
 * down before they go, because its guest may still run when this process is told to end.
 */
function removal(context: Context, asRoot: AsRoot, name: string): [string, ...string[]][] {
  return [
    asRoot("ip", "link", "set", "dev", name, "down"),
    ...(whyNoIsolation(context) === undefined ? [endOfIsolation(asRoot, name)] : []),
    asRoot("ip", "link", "delete", "dev", name),
  ];
}

/** An interface that is already gone is no failure; one that stays is found by the next sweep. */
async function remove(context: Context, asRoot: AsRoot, name: string): Promise<void> {
  for (const command of removal(context, asRoot, name)) await context.processes.run(command);
}
