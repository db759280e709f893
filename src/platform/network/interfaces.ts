import { accessSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../host.js";
import type { OwnerMark } from "../process/owner-mark.js";
import { succeed } from "../process/process.js";
import { systemProgram } from "../process/sudo.js";

/** A network interface of this host. */
export interface HostInterface {
  readonly name: string;
  /** IPv4 addresses with their prefix lengths. */
  readonly addresses: readonly string[];
  /** The id of our process that made it for a boot; undefined for any other interface. */
  readonly owner: number | undefined;
}

const classNet = "/sys/class/net";

/** The path of ip(8). */
export const findIp = ({ host }: Context): string | undefined => systemProgram(host, "ip");

/** All interfaces of this host, including those that are down. */
export async function readInterfaces(context: Context): Promise<readonly HostInterface[]> {
  const ip = findIp(context);
  if (ip === undefined) return [];
  const outcome = succeed(
    await context.processes.run([ip, "-oneline", "-4", "address", "show"], { whole: true }),
    "reading the host’s addresses",
  );
  const addresses = addressesOf(outcome.stdout);
  return interfaceNames().map((name) => ({ name, addresses: addresses.get(name) ?? [], owner: markOf(name)?.pid }));
}

/** Empty where /sys is not mounted: there can be no tap of ours then. */
export function interfaceNames(): string[] {
  // The bonding driver keeps a file in that folder.
  return existsSync(classNet) ? readdirSync(classNet).filter((name) => name !== "bonding_masters") : [];
}

/**
 * Addresses by interface.
 *
 * @param output of `ip -oneline -4 address show`: `2: eth0    inet 10.1.0.4/20 brd … scope global eth0`.
 */
export function addressesOf(output: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [, name = "", address = "", peer] of output.matchAll(
    /^\d+:\s+([^\s@]+)(?:@\S+)?\s+inet\s+([\d./]+)(?:\s+peer\s+([\d./]+))?/gm,
  )) {
    // A point-to-point link has its prefix length at the peer's address.
    found.set(name, [
      ...(found.get(name) ?? []),
      ...[address, peer].filter((one) => one?.includes("/") === true),
    ] as string[]);
  }
  return found;
}

/**
 * The alias of an interface of ours. It records the owner on the interface, so neither exists without the other.
 *
 * @param boot a number, different for each boot of a process.
 */
export function aliasOf({ pid, start, place }: OwnerMark, boot: number): string {
  return `unikernel-ci pid=${pid} start=${start} place=${place} boot=${boot}`;
}

const aliasForm = /^unikernel-ci pid=(?<pid>\d+) start=(?<start>\d+) place=(?<place>[\da-f]{16}) boot=\d+$/;

/** Undefined for an alias that {@link aliasOf} did not write. */
export function parseAlias(alias: string): OwnerMark | undefined {
  const { pid, start, place } = aliasForm.exec(alias)?.groups ?? {};
  return place === undefined ? undefined : { pid: Number(pid), start: Number(start), place };
}

/** The owner of an interface of ours; undefined for any other interface. */
export function markOf(name: string): OwnerMark | undefined {
  return parseAlias(readAlias(name) ?? "");
}

/** Undefined for a missing interface. */
export function readAlias(name: string): string | undefined {
  try {
    return readFileSync(join(classNet, name, "ifalias"), "utf8").trimEnd();
  } catch {
    return undefined;
  }
}

export function isThere(name: string): boolean {
  try {
    accessSync(join(classNet, name));
    return true;
  } catch {
    return false;
  }
}
