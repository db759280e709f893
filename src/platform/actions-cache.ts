import { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache'
import type { Log } from './log.js'
import { messageOf } from './problem.js'

/** Keeps files and folders between runs, by exact key. It never fails: a cache that does not work is one that has nothing. */
export interface ToolchainCache {
  /** @returns whether the paths were restored. */
  restore(key: string, paths: readonly string[]): Promise<boolean>
  /** @returns whether {@link ToolchainCache.restore} would find something; it transfers nothing. */
  has(key: string, paths: readonly string[]): Promise<boolean>
  /** @returns whether the paths are kept now. */
  save(key: string, paths: readonly string[]): Promise<boolean>
}

/** Keeps what may be had from an older entry as well as from the wanted one. */
export interface NearestCache extends ToolchainCache {
  /** @returns the key of what was restored: the wanted one, else the newest one that begins with one of `prefixes`. */
  restoreNearest(key: string, prefixes: readonly string[], paths: readonly string[]): Promise<string | undefined>
}

/** The cache of the Actions service, or of a server that speaks like it; undefined where there is none. */
export function actionsCache(log: Log): NearestCache | undefined {
  if (!isFeatureAvailable()) return undefined
  const restoreNearest: NearestCache['restoreNearest'] = async (key, prefixes, paths) => {
    try {
      return await restoreCache([...paths], key, [...prefixes])
    } catch (error) {
      log.notice(`the actions cache could not be read: ${messageOf(error)}`)
      return undefined
    }
  }
  return {
    restoreNearest,
    restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
    async has(key, paths) {
      return (await restoreCache([...paths], key, [], { lookupOnly: true }).catch(() => undefined)) !== undefined
    },
    async save(key, paths) {
      try {
        // It has logged why when it says -1: another run was first, or this one may only read.
        return (await saveCache([...paths], key)) !== -1
      } catch (error) {
        log.notice(`the actions cache could not be written: ${messageOf(error)}`)
        return false
      }
    },
  }
}
