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
