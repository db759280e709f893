import type { Host } from "../host.js";
import type { Log } from "../log.js";
import type { NearestCache } from "./actions-cache.js";

/**
 * The cache of the Actions service, for actions that mostly do without: its client, which is larger than all the rest of
 * them, is loaded only where there is a service. Undefined where there is none.
 */
export async function cacheService({ environment }: Host, log: Log): Promise<NearestCache | undefined> {
  const { ACTIONS_CACHE_URL: v1, ACTIONS_RESULTS_URL: v2 } = environment;
  if ((v1 ?? v2) === undefined) return undefined;
  const { actionsCache } = await import("./actions-cache.js");
  return actionsCache(log);
}
