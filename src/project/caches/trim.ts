import { folderBytes } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { size } from "../../platform/log.js";
import { succeed } from "../../platform/process/process.js";

interface DuneCache {
  readonly folder: string;
  readonly limitBytes: number;
  /** The program; undefined: there is none, and nothing is trimmed. */
  readonly dune: string | undefined;
}

/** By dune itself, which knows what was used last; nothing happens where it is small enough. */
export async function trimDuneCache(
  { log, processes, host }: Context,
  { folder, limitBytes, dune }: DuneCache,
): Promise<void> {
  if (dune === undefined || (await folderBytes(folder)) <= limitBytes) return;
  const environment = {
    PATH: host.environment["PATH"] ?? "",
    HOME: host.environment["HOME"] ?? "/",
    DUNE_CACHE_ROOT: folder,
  };
  const outcome = await processes.run([dune, "cache", "trim", `--size=${limitBytes}B`], {
    cwd: folder,
    env: environment,
  });
  log.fact("dune cache", `trimmed to ${size(limitBytes)}: ${succeed(outcome, "trimming dune’s cache").stdout.trim()}`);
}
