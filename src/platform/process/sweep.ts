import { sweepOwnFolders } from "../files/own-folder.js";
import type { Context } from "../host.js";
import { sweepTaps } from "../network/tap.js";
import { sweepBuilds } from "./build-programs.js";
import { sweepVmms } from "./vmm-process.js";

/**
 * Cleans up after killed runs on this machine: ends the programs of their builds and their VMMs, then removes their
 * folders and network interfaces. Every step begins with it. The store cleans up after a killed set-up of a toolchain.
 */
export async function sweepLeftovers(context: Context): Promise<void> {
  sweepBuilds(context);
  sweepVmms();
  sweepOwnFolders(context.host.folders.temporary, "boot");
  await sweepTaps(context);
}
