import { basename } from "node:path";
import type { Host } from "../host.js";
import type { Log } from "../log.js";
import { isMissing } from "../problem.js";
import type { NearestCache } from "./actions-cache.js";

/**
 * The cache of the Actions service; undefined if there is none. Its client, larger than the rest of an action that
 * rarely uses the cache, is loaded only if there is a service.
 */
export async function cacheService({ environment }: Host, log: Log): Promise<NearestCache | undefined> {
  const { ACTIONS_CACHE_URL: v1, ACTIONS_RESULTS_URL: v2 } = environment;
  if ((v1 ?? v2) === undefined) return undefined;
  const { actionsCache } = await import("./actions-cache.js");
  return actionsCache(log);
}

/**
 * Whether an error is from an upload whose archive is gone: when one part of an upload fails, the client removes its
 * own archive, but still opens it for other parts, and does not handle the error of that.
 */
export function isLostUpload(error: unknown): boolean {
  if (!isMissing(error)) return false;
  const { path = "" } = error as NodeJS.ErrnoException;
  return ["cache.tzst", "cache.tgz"].includes(basename(path));
}
