import type { Context } from "../host.js";
import { findProgram } from "./programs.js";

/**
 * The prefix for a command that needs root.
 *
 * @returns an empty one for root, `sudo -n` if it works without a password, else undefined.
 */
export async function rootPrefix({ host, processes }: Context): Promise<readonly string[] | undefined> {
  if (host.isRoot) return [];
  if (findProgram("sudo", host.environment["PATH"]) === undefined) return undefined;
  const outcome = await processes.run(["sudo", "-n", "true"]);
  return outcome.exitCode === 0 ? ["sudo", "-n"] : undefined;
}

/** From capabilities(7). */
const bits = { netAdmin: 12n, sysAdmin: 21n } as const;

/**
 * Whether a process has a capability.
 *
 * @param status the text of its /proc/PID/status: proc_pid_status(5).
 * @param mask `CapEff`: the process has it now. `CapBnd`: the process or its children can get it, unlike in most
 *   containers.
 */
export function hasCapability(status: string, mask: "CapEff" | "CapBnd", capability: keyof typeof bits): boolean {
  const found = new RegExp(`^${mask}:\\s*([\\da-f]+)$`, "m").exec(status)?.[1];
  return found !== undefined && ((BigInt(`0x${found}`) >> bits[capability]) & 1n) === 1n;
}
