import { isFeatureAvailable, restoreCache, saveCache } from "@actions/cache";
import { type Log, seconds } from "../log.js";
import { messageOf } from "../problem.js";

/**
 * Keeps files and folders between runs. It never throws: a broken cache counts as an empty one. An entry is found by
 * its exact key, else it is the newest whose key begins with one of `prefixes`.
 */
export interface ToolchainCache {
  /** @returns whether the paths were restored. */
  restore(key: string, paths: readonly string[], prefixes?: readonly string[]): Promise<boolean>;
  /** @returns whether {@link ToolchainCache.restore} would find an entry. Transfers nothing. */
  has(key: string, paths: readonly string[], prefixes?: readonly string[]): Promise<boolean>;
  /** @returns whether the cache has the paths now. */
  save(key: string, paths: readonly string[]): Promise<boolean>;
}

/** A cache for content that an older entry can stand in for. */
export interface NearestCache extends ToolchainCache {
  /** As {@link ToolchainCache.restore}. @returns the key of the restored entry. */
  restoreNearest(key: string, prefixes: readonly string[], paths: readonly string[]): Promise<string | undefined>;
}

/**
 * How long to wait for the service: enough for a whole toolchain at 200 kB/s. The client itself waits for ever for a
 * server that accepts a request and does not answer.
 */
const patienceMs = 5 * 60_000;

/** The cache of the Actions service, or of a compatible server; undefined if there is none. */
export function actionsCache(log: Log): NearestCache | undefined {
  if (!isFeatureAvailable()) return undefined;
  let isSilent = false;
  /** Asks the service, unless it was silent once: every further request would cost as much time. */
  const ask = async <Answer>(failed: string, question: () => Promise<Answer>): Promise<Answer | undefined> => {
    if (isSilent) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        isSilent = true;
        log.notice(`${failed}: no answer after ${seconds(patienceMs)}; it is not used again in this step`);
        resolve(undefined);
      }, patienceMs);
    });
    try {
      return await Promise.race([question(), silence]);
    } catch (error) {
      log.notice(`${failed}: ${messageOf(error)}`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };
  const has: ToolchainCache["has"] = async (key, paths, prefixes = []) =>
    (await ask("the actions cache could not be asked", () =>
      restoreCache([...paths], key, [...prefixes], { lookupOnly: true }),
    )) !== undefined;
  const restoreNearest: NearestCache["restoreNearest"] = (key, prefixes, paths) =>
    ask("the actions cache could not be read", () => restoreCache([...paths], key, [...prefixes]));
  return {
    has,
    restoreNearest,
    restore: async (key, paths, prefixes = []) => (await restoreNearest(key, prefixes, paths)) !== undefined,
    async save(key, paths) {
      // -1: another run was first, or this one may only read; the client has logged which. With its first protocol the
      // client returns an id even if the upload failed, so the cache is asked:
      // https://github.com/actions/toolkit/blob/main/packages/cache/src/cache.ts
      const id = await ask("the actions cache could not be written", () => saveCache([...paths], key));
      return id !== undefined && id !== -1 && (await has(key, paths));
    },
  };
}
