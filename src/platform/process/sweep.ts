import { sweepOwnFolders } from "../files/own-folder.js";
import type { Context } from "../host.js";
import { sweepTaps } from "../network/tap.js";
import { sweepBuilds } from "./build-programs.js";
import { sweepVmms } from "./vmm-process.js";

/**
 * Removes what runs that were killed have left on this machine: what their builds do, their VMMs, and then network
 * interfaces and folders. Each part of a run begins with it. What a killed set-up has left of a toolchain is the store's.
 */
export async function sweepLeftovers(context: Context): Promise<void> {
  sweepBuilds(context);
  sweepVmms();
  sweepOwnFolders(context.host.folders.temporary, "boot");
  await sweepTaps(context);
}
