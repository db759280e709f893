import type { Context } from "../host.js";
import { findProgram } from "./programs.js";

/**
 * What to put in front of a command that needs root.
 *
 * @returns nothing for root, `sudo -n` where it works without a password, undefined where neither is so.
 */
export async function rootPrefix({ host, processes }: Context): Promise<readonly string[] | undefined> {
  if (host.isRoot) return [];
  if (findProgram("sudo", host.environment["PATH"]) === undefined) return undefined;
  const outcome = await processes.run(["sudo", "-n", "true"]);
  return outcome.exitCode === 0 ? ["sudo", "-n"] : undefined;
}
