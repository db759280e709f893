import { basename } from "node:path";
import { sweepOwnFolders, withOwnFolder } from "../files/own-folder.js";
import type { Context } from "../host.js";
import { cleaningUp, endProcessesWith } from "./leftovers.js";
import { sweepTaps } from "../network/tap.js";
import { sweepVmms } from "./vmm-process.js";

/** The variable that marks programs of a build. The programs that they start inherit it, even in a new session. */
export const buildProgramMark = "UNIKERNEL_CI_BUILD_OF";

/**
 * Runs the programs of a build. All of them end when this process is terminated; if it is killed, the next run's
 * {@link sweepBuilds} ends them. Programs that a finished build leaves in the background keep running: a later step may
 * need them.
 *
 * @param body gets a context that marks the programs it runs. It must not run programs that must not be killed
 *   (apt-get).
 */
export async function withBuildPrograms<T>(context: Context, body: (context: Context) => Promise<T>): Promise<T> {
  // The folder exists as long as the build; a folder without its process is of a killed run.
  return withOwnFolder(context.host.folders.temporary, "build", (folder) => {
    const build = basename(folder);
    const run: Context["processes"]["run"] = (argv, options = {}) =>
      context.processes.run(argv, {
        ...options,
        env: { ...(options.env ?? definedOf(process.env)), [buildProgramMark]: build },
      });
    return cleaningUp(
      () => endProcessesWith(buildProgramMark, build),
      () => body({ ...context, processes: { run } }),
    );
  });
}

/** Ends the programs of killed runs' builds, of this user only. */
export function sweepBuilds(context: Context): void {
  sweepOwnFolders(context.host.folders.temporary, "build", (folder) =>
    /* promise: killed-builds-are-ended */ endProcessesWith(buildProgramMark, basename(folder)),
  );
}

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

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
