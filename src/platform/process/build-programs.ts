import { basename } from "node:path";
import { sweepOwnFolders, withOwnFolder } from "../files/own-folder.js";
import type { Context } from "../host.js";
import { cleaningUp, endProcessesWith } from "./leftovers.js";

/** Whose build a program is of, in its environment; what it starts has it from there, also in a session of its own. */
export const buildProgramMark = "UNIKERNEL_CI_BUILD_OF";

/**
 * Lets `body` run the programs of a build. When we are told to end meanwhile, all of them end; when we are killed, the next
 * run's {@link sweepBuilds} ends them. What a build has left in the background when it comes to its own end stays: a later
 * step may need it.
 *
 * @param body is handed the context whose programs can be found again. What must not be killed in the middle (apt-get) is
 *   not for it.
 */
export async function withBuildPrograms<T>(context: Context, body: (context: Context) => Promise<T>): Promise<T> {
  // The folder is there while the build is: one that has lost its process is of a run that was killed.
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

/** Ends what the builds of killed runs have left running; this user's only. */
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
