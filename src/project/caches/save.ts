import { folderBytes, removeOldest } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { seconds, size } from "../../platform/log.js";
import { messageOf } from "../../platform/problem.js";
import type { NearestCache } from "../../platform/runner/actions-cache.js";
import type { CachePolicy } from "../../toolchain/cache-policy.js";
import { type UsedCache, trimDuneCache } from "./restore.js";

export interface KeptCache {
  readonly cache: UsedCache;
  /** Whether it was saved, or why not, in the words of the log and summary. */
  readonly outcome: string;
}

/**
 * Trims the caches and saves them for the next build, each under the key of the dependencies. A key can be written only
 * once, so a cache that was restored from this exact key is not saved again. An error is only a warning: the build has
 * already succeeded.
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
      context.log.warning(`${cache.label}: not saved: ${messageOf(error)}`);
      return "not saved (saving failed)";
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
  if (key === undefined) return "not saved (no lock file to derive a key from)";
  if (restored?.key === key) return "not saved (already saved for the same dependencies)";
  if (cache.kind === "dune") await trimDuneCache(context, cache);
  else await removeOldest(folder, cache.limitBytes);
  const bytes = await folderBytes(folder);
  if (bytes === 0) return "not saved (empty)";
  if (await service.has(key, [folder])) return "not saved (another run has saved it meanwhile)";
  const start = performance.now();
  if (await service.save(key, [folder]))
    return `saved (${key}), ${size(bytes)} in ${seconds(performance.now() - start)}`;
  context.log.warning(`${cache.label}: not saved in the actions cache; the next build starts without it`);
  return "not saved (the cache service did not accept it)";
}
