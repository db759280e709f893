import { delimiter } from "node:path";
import type { Context, Host } from "../host.js";
import { Problem } from "../problem.js";
import { findProgram } from "./programs.js";

/** Where only root can put a program; the last two are NixOS's. */
const systemFolders: readonly string[] = [
  ...["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"],
  ...["/run/wrappers/bin", "/run/current-system/sw/bin"],
];

/** The search path of programs that run as root. */
export const systemPath = ({ systemFolders: folders = systemFolders }: Pick<Host, "systemFolders">): string =>
  folders.join(delimiter);

/** The path of a program that may run as root: not by PATH, in which a job or a project can put folders of its own. */
export function systemProgram(host: Pick<Host, "systemFolders">, name: string): string | undefined {
  return findProgram(name, systemPath(host));
}

/**
 * Makes a command that runs a program as root.
 *
 * @throws Problem when the system does not have the program.
 */
export type AsRoot = (program: string, ...args: readonly string[]) => [string, ...string[]];

/** @returns undefined when this user is not root and has no sudo that works without a password. */
export async function becomeRoot({ host, processes }: Context): Promise<AsRoot | undefined> {
  const pathOf = (name: string) => {
    const path = /* promise: root-runs-system-programs */ systemProgram(host, name);
    if (path === undefined)
      throw new Problem(`${name} is not installed`, { because: `root runs programs of ${systemPath(host)} only` });
    return path;
  };
  if (host.isRoot) return (program, ...args) => [pathOf(program), ...args];
  const sudo = systemProgram(host, "sudo");
  if (sudo === undefined) return undefined;
  const asRoot: AsRoot = (program, ...args) => [sudo, "-n", pathOf(program), ...args];
  return (await processes.run(asRoot("true"))).exitCode === 0 ? asRoot : undefined;
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
