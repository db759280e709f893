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

/** The cache of the Actions service, or of a server that speaks like it; undefined where there is none. */
export function actionsCache(log: Log): ToolchainCache | undefined {
  if (!isFeatureAvailable()) return undefined
  return {
    async restore(key, paths) {
      try {
        return (await restoreCache([...paths], key)) !== undefined
      } catch (error) {
        log.notice(`the actions cache could not be read: ${messageOf(error)}`)
        return false
      }
    },
    async has(key, paths) {
      return (await restoreCache([...paths], key, [], { lookupOnly: true }).catch(() => undefined)) !== undefined
    },
    async save(key, paths) {
      try {
        // It has logged why when it says -1: another run was first, or this one may only read.
        return (await saveCache([...paths], key)) !== -1
      } catch (error) {
        log.notice(`the toolchain was not kept in the actions cache: ${messageOf(error)}`)
        return false
      }
    },
  }
}
