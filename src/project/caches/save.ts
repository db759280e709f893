import { folderBytes, removeOldest } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { seconds, size } from "../../platform/log.js";
import { messageOf } from "../../platform/problem.js";
import type { NearestCache } from "../../platform/runner/actions-cache.js";
import type { CachePolicy } from "../../toolchain/cache-policy.js";
import { type UsedCache, trimDuneCache } from "./restore.js";

/** What became of a cache at the end of the job, as log and summary say it. */
export interface KeptCache {
  readonly cache: UsedCache;
  readonly outcome: string;
}

/**
 * Keeps what a build has left for the next, trimmed, under the key of its dependencies: a key is written once, so what was
 * restored by exactly this key is not kept again. It never fails: the build is done, and good.
 */
export async function saveBuildCaches(
  context: Context,
  caches: readonly UsedCache[],
  policy: CachePolicy,
  service: NearestCache | undefined,
): Promise<readonly KeptCache[]> {
  const kept: KeptCache[] = [];
  for (const cache of caches) {
    const outcome = await save(context, cache, policy, service).catch((error: unknown) => {
      context.log.warning(`${cache.label}: not kept: ${messageOf(error)}`);
      return "not saved (it failed)";
    });
    context.log.fact(cache.label, outcome);
    kept.push({ cache, outcome });
  }
  return kept;
}

async function save(
  context: Context,
  cache: UsedCache,
  policy: CachePolicy,
  service: NearestCache | undefined,
): Promise<string> {
  const { key, restored, folder } = cache;
  if (!policy.save) return `not saved (${policy.why})`;
  if (service === undefined) return "not saved (no cache service here)";
  if (key === undefined) return "not saved (no lock names the dependencies)";
  if (restored?.key === key) return "not saved (it is kept already, and the dependencies are the same)";
  if (cache.kind === "dune") await trimDuneCache(context, cache);
  else await removeOldest(folder, cache.limitBytes);
  const bytes = await folderBytes(folder);
  if (bytes === 0) return "not saved (it is empty)";
  // Another job may have built the same meanwhile.
  if (await service.has(key, [folder])) return "not saved (another run was first)";
  const start = performance.now();
  if (await service.save(key, [folder]))
    return `saved (${key}), ${size(bytes)} in ${seconds(performance.now() - start)}`;
  context.log.warning(`${cache.label}: not kept in the actions cache: the next build makes it again`);
  return "not saved (the service has not taken it)";
}
