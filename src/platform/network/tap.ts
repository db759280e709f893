import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
import { hasCapability } from "../process/capabilities.js";
import { cleaningUp } from "../process/leftovers.js";
import { ownMark, ownerState } from "../process/owner-mark.js";
import { lastLines } from "../process/process.js";
import { rootPrefix } from "../process/sudo.js";
import { aliasOf, findIp, interfaceNames, isThere, markOf, readAlias } from "./interfaces.js";

/** An interface to be made for a guest. */
export interface Tap {
  /** At most 15 characters. */
  readonly interface: string;
  /** The host's address on it with the length of its prefix. */
  readonly host: string;
}

/** Somebody else was faster to make an interface of that name. */
export class TapTaken extends Error {}

/**
 * Why this user can make no tap here, as a phrase; undefined when it can.
 *
 * @param device for tests.
 */
export async function whyNoTap(context: Context, device = "/dev/net/tun"): Promise<string | undefined> {
  if (findIp(context) === undefined) return "the program `ip` (package iproute2) is not installed";
  try {
    // The VMM opens it as this user, also where root makes the interface.
    closeSync(openSync(device, constants.O_RDWR));
  } catch (error) {
    return `${device} cannot be opened (${(error as NodeJS.ErrnoException).code ?? ""})`;
  }
  if ((await rootPrefix(context)) === undefined) return "neither root nor sudo without a password";
  if (context.host.isRoot && !hasCapability(readFileSync("/proc/self/status", "utf8"), "CapEff", "netAdmin"))
    return "root of this container may not make network interfaces";
  return undefined;
}

let boots = 0;

/**
 * Lets `body` use taps that an ordinary user of our id may open. They are gone afterwards, also when we are told to end
 * meanwhile; when we are killed, the next run's {@link sweepTaps} finds them by their alias.
 *
 * @throws TapTaken
 * @throws Problem when they cannot be made.
 */
export async function withTaps<T>(context: Context, taps: readonly Tap[], body: () => Promise<T>): Promise<T> {
  if (taps.length === 0) return body();
  const prefix = await rootPrefix(context);
  const ip = findIp(context);
  if (prefix === undefined || ip === undefined) throw new Problem("no network interface can be made by this user");
  const asRoot = [...prefix, ip];
  const own = aliasOf(ownMark(), ++boots);
  const made = new Set<string>();
  const ours = () => [...made].filter((name) => readAlias(name) === own);
  const removeNow = () => {
    for (const name of ours()) deleteNow(asRoot, name);
  };
  return cleaningUp(removeNow, async () => {
    try {
      for (const tap of taps) {
        made.add(tap.interface);
        makeTap(asRoot, tap, own);
      }
      return await body();
    } finally {
      // The kernel takes its time (some 50 ms), which other boots of this process need not wait for.
      for (const name of ours()) await deleteInterface(context, asRoot, name);
    }
  });
}

/** Synchronous: we cannot be told to end between the making and our knowing of it. */
function makeTap([program = "", ...args]: readonly string[], tap: Tap, alias: string): void {
  const { status, stderr } = spawnSync(program, [...args, "-batch", "-"], {
    input: tapCommands(tap, process.getuid?.() ?? 0, alias),
    encoding: "utf8",
  });
  if (status === 0) return;
  const isTaken =
    stderr.includes("Device or resource busy") || (isThere(tap.interface) && readAlias(tap.interface) !== alias);
  if (isTaken) throw new TapTaken(tap.interface);
  throw new Problem(`the network interface ${tap.interface} with ${tap.host} could not be made`, {
    evidence: lastLines(stderr, 5),
    do: "`net: user` needs no rights",
  });
}

/**
 * What ip(8) does for a tap, as its `-batch` reads it: in one process, and the alias at once, so that no interface of ours
 * stays that cannot be told for one. `tuntap add` fails where the name is taken.
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

/** Removes the taps of boots that were killed, and nobody else's. Where root is out of reach, nothing is done. */
export async function sweepTaps(context: Context): Promise<void> {
  const abandoned = interfaceNames().filter((name) => {
    const mark = markOf(name);
    return mark !== undefined && ownerState(mark) === "gone";
  });
  const ip = findIp(context);
  if (abandoned.length === 0 || ip === undefined) return;
  const prefix = await rootPrefix(context);
  if (prefix === undefined) return;
  for (const name of abandoned) await deleteInterface(context, [...prefix, ip], name);
}

const deletion = (name: string) => ["link", "delete", "dev", name];

/** That it is gone already is no failure: what stays is found by the next sweep. */
async function deleteInterface(
  { processes }: Context,
  [program = "", ...args]: readonly string[],
  name: string,
): Promise<void> {
  await processes.run([program, ...args, ...deletion(name)]);
}

/** While we are ending. */
function deleteNow([program = "", ...args]: readonly string[], name: string): void {
  spawnSync(program, [...args, ...deletion(name)], { stdio: "ignore" });
}
