import { basename } from "node:path";
import { isFeatureAvailable, restoreCache, saveCache } from "@actions/cache";
import { isMissing, messageOf } from "../problem.js";
import { type Log, seconds } from "../log.js";

/** Keeps files and folders between runs, by exact key. It never fails: a cache that does not work is one that has nothing. */
export interface ToolchainCache {
  /** @returns whether the paths were restored. */
  restore(key: string, paths: readonly string[]): Promise<boolean>;
  /** @returns whether {@link ToolchainCache.restore} would find something; it transfers nothing. */
  has(key: string, paths: readonly string[]): Promise<boolean>;
  /** @returns whether the paths are kept now. */
  save(key: string, paths: readonly string[]): Promise<boolean>;
}

/** Keeps what may be had from an older entry as well as from the wanted one. */
export interface NearestCache extends ToolchainCache {
  /** @returns the key of what was restored: the wanted one, else the newest one that begins with one of `prefixes`. */
  restoreNearest(key: string, prefixes: readonly string[], paths: readonly string[]): Promise<string | undefined>;
}

/**
 * How long we wait for the service, at 200 kB a second for a whole toolchain. The client itself waits for ever where a
 * server takes a question and gives no answer.
 */
const patienceMs = 5 * 60_000;

/**
 * Whether an error is that of an upload whose archive is gone: when one part of an upload fails, the client removes its own
 * archive, opens it again for the parts that it still tries, and nobody listens for what comes of that.
 */
export function isLostUpload(error: unknown): boolean {
  if (!isMissing(error)) return false;
  const { path = "" } = error as NodeJS.ErrnoException;
  return ["cache.tzst", "cache.tgz"].includes(basename(path));
}

function outliveLostUpload(error: unknown): void {
  if (!isLostUpload(error)) throw error;
}

/** The cache of the Actions service, or of a server that speaks like it; undefined where there is none. */
export function actionsCache(log: Log): NearestCache | undefined {
  if (!isFeatureAvailable()) return undefined;
  if (!process.listeners("uncaughtException").includes(outliveLostUpload))
    process.on("uncaughtException", outliveLostUpload);
  let isSilent = false;
  /** A service that has once been silent is not asked again: each question would cost as much. */
  const ask = async <Answer>(failed: string, question: () => Promise<Answer>): Promise<Answer | undefined> => {
    if (isSilent) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        isSilent = true;
        log.notice(`${failed}: no end after ${seconds(patienceMs)}, and it is not used any more`);
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
  const has: ToolchainCache["has"] = async (key, paths) =>
    (await ask("the actions cache could not be asked", () =>
      restoreCache([...paths], key, [], { lookupOnly: true }),
    )) !== undefined;
  const restoreNearest: NearestCache["restoreNearest"] = (key, prefixes, paths) =>
    ask("the actions cache could not be read", () => restoreCache([...paths], key, [...prefixes]));
  return {
    has,
    restoreNearest,
    restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
    async save(key, paths) {
      // It has logged why when it says -1: another run was first, or this one may only read. By its first protocol it says
      // something else where an upload fails, too: https://github.com/actions/toolkit/blob/main/packages/cache/src/cache.ts
      const id = await ask("the actions cache could not be written", () => saveCache([...paths], key));
      return id !== undefined && id !== -1 && (await has(key, paths));
    },
  };
}
