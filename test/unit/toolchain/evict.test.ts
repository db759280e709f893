import { describe, expect, it } from 'vitest'
import { chooseEvicted } from '../../../src/toolchain/evict.js'

const day = 24 * 3600 * 1000
const now = 1000 * day
const kept = (name: string, gigabytes: number, daysAgo: number) => ({ name, bytes: gigabytes * 1e9, usedMs: now - daysAgo * day })
const evicted = (...all: ReturnType<typeof kept>[]) => chooseEvicted(all, 'needed', now).map(({ name }) => name)

describe('of the toolchains of a machine', () => {
  it('those stay that were used within 60 days and fit into 20 GB', () => {
    expect(evicted(kept('needed', 1, 0), kept('a', 9, 59), kept('b', 9, 1))).toEqual([])
  })
  it('those go that nobody used for 60 days', () => {
    expect(evicted(kept('needed', 1, 0), kept('old', 1, 61), kept('young', 1, 59))).toEqual(['old'])
  })
  it('the longest unused go when they are too large together', () => {
    expect(evicted(kept('a', 9, 3), kept('needed', 4, 0), kept('b', 9, 2), kept('c', 1, 4))).toEqual(['a', 'c'])
  })
  it('the one that is needed stays, however old and large', () => {
    expect(evicted(kept('needed', 30, 99))).toEqual([])
  })
})
