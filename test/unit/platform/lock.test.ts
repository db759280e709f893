import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withLock } from '../../../src/platform/lock.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-lock-'))
  path = join(folder, 'a/lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const ignore = () => undefined

describe('a lock', () => {
  it('lets one in at a time, and leaves nothing', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 4 }, () =>
        withLock(path, ignore, async () => {
          most = Math.max(most, ++inside)
          await sleep(20)
          inside--
        }),
      ),
    )
    expect(most).toBe(1)
    expect(readdirSync(join(folder, 'a'))).toEqual([])
  })

  it('is given back when the work fails', async () => {
    await expect(withLock(path, ignore, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(path)).toBe(false)
  })

  it.each([
    ['a process that is dead', `4194304 ${hostname()} x`, 0],
    ['a machine that has been silent for long', '1 elsewhere x', 120],
  ])('is taken from %s', async (_, holder, ageInSeconds) => {
    await withLock(path, ignore, () => Promise.resolve())
    writeFileSync(path, holder)
    const touched = Date.now() / 1000 - ageInSeconds
    utimesSync(path, touched, touched)
    expect(await withLock(path, ignore, () => Promise.resolve('in'))).toBe('in')
  })

  it('is waited for, and its holder is named once', async () => {
    const waits: string[] = []
    await withLock(path, ignore, () => Promise.resolve())
    writeFileSync(path, `${process.pid} ${hostname()} somebody`)
    const entered = withLock(path, (holder) => waits.push(holder), () => Promise.resolve())
    await sleep(1_200)
    rmSync(path)
    await entered
    expect(waits).toEqual([`process ${process.pid} on ${hostname()}`])
  })
})
