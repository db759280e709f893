import { accessSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../host.js";
import type { OwnerMark } from "../process/owner-mark.js";
import { succeed } from "../process/process.js";
import { findProgram, searchPath } from "../process/programs.js";

/** A network interface of this host. */
export interface HostInterface {
  readonly name: string;
  /** Its IPv4 addresses, each with the length of its prefix. */
  readonly addresses: readonly string[];
  /** The process of a boot of ours that made it; undefined for anybody else's. */
  readonly owner: number | undefined;
}

const classNet = "/sys/class/net";

/** Where ip(8) is; /usr/sbin is not on the PATH of every user. */
export function findIp({ host }: Context): string | undefined {
  return findProgram("ip", searchPath([], host.environment, ["/usr/sbin", "/sbin"]));
}

/** All interfaces of this host, also those that are down. */
export async function readInterfaces(context: Context): Promise<readonly HostInterface[]> {
  const ip = findIp(context);
  if (ip === undefined) return [];
  const outcome = succeed(
    await context.processes.run([ip, "-oneline", "-4", "address", "show"]),
    "reading the host’s addresses",
  );
  const addresses = addressesOf(outcome.stdout);
  return interfaceNames().map((name) => ({ name, addresses: addresses.get(name) ?? [], owner: markOf(name)?.pid }));
}

/** None where /sys is not mounted, as there can be no taps of ours then. */
export function interfaceNames(): string[] {
  // The bonding driver has a file of its own there.
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
    // A point-to-point link has its prefix at the peer's address.
    found.set(name, [
      ...(found.get(name) ?? []),
      ...[address, peer].filter((one) => one?.includes("/") === true),
    ] as string[]);
  }
  return found;
}

/**
 * What an interface of ours carries. It is its own record: neither is there without the other.
 *
 * @param boot tells the boots of one process apart.
 */
export function aliasOf({ pid, start, place }: OwnerMark, boot: number): string {
  return `unikernel-ci pid=${pid} start=${start} place=${place} boot=${boot}`;
}

const aliasForm = /^unikernel-ci pid=(?<pid>\d+) start=(?<start>\d+) place=(?<place>[\da-f]{16}) boot=\d+$/;

/** Undefined for an alias that is none of ours. */
export function parseAlias(alias: string): OwnerMark | undefined {
  const { pid, start, place } = aliasForm.exec(alias)?.groups ?? {};
  return place === undefined ? undefined : { pid: Number(pid), start: Number(start), place };
}

/** Whose an interface is; undefined for anybody else's. */
export function markOf(name: string): OwnerMark | undefined {
  return parseAlias(readAlias(name) ?? "");
}

/** Undefined for an interface that is not there. */
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
