import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sweepOwnFolders, withOwnFolder } from '../../../src/platform/own-folder.js'
import { ownMark } from '../../../src/platform/owner-mark.js'

let temporary: string
beforeEach(() => (temporary = mkdtempSync(join(tmpdir(), 'unikernel-ci-'))))
afterEach(() => rmSync(temporary, { recursive: true, force: true }))

describe('a boot’s folder', () => {
  test('is this user’s only, and gone afterwards with what is in it', async () => {
    const seen = await withOwnFolder(temporary, 'boot', (folder) => {
      writeFileSync(join(folder, 'disk.img'), '')
      return Promise.resolve({ folder, mode: statSync(folder).mode & 0o777 })
    })
    expect(seen.mode).toBe(0o700)
    expect(readdirSync(temporary)).toEqual([])
  })

  test('is gone after a failure', async () => {
    await expect(withOwnFolder(temporary, 'boot', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(readdirSync(temporary)).toEqual([])
  })

  test('is another one for each boot', async () => {
    await withOwnFolder(temporary, 'boot', (one) =>
      withOwnFolder(temporary, 'boot', (other) => {
        expect(one).not.toBe(other)
        return Promise.resolve()
      }),
    )
  })
})

describe('the sweep', () => {
  const own = ownMark()
  const dead = { ...own, pid: 4_194_304 }
  const place = '0'.repeat(16)
  const days = (count: number) => Date.now() / 1000 - count * 24 * 60 * 60

  function leave(name: string, age = 0): string {
    const path = join(temporary, name)
    mkdirSync(path)
    writeFileSync(join(path, 'disk.img'), '')
    utimesSync(path, days(age), days(age))
    return path
  }

  test('removes the folder of a process that is gone', () => {
    const path = leave(`unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`)
    sweepOwnFolders(temporary, 'boot')
    expect(existsSync(path)).toBe(false)
  })

  test('removes what has lain there since before the machine’s last start', () => {
    const path = leave(`unikernel-ci-boot-1-1-${place}-aaaaaa`, 3)
    sweepOwnFolders(temporary, 'boot')
    expect(existsSync(path)).toBe(false)
  })

  test.each([
    ['of a boot that goes on', `unikernel-ci-boot-${own.pid}-${own.start}-${own.place}-aaaaaa`, 3],
    ['of a container’s boot that may go on', `unikernel-ci-boot-1-1-${place}-aaaaaa`, 1],
    ['named alike', 'unikernel-ci-boot-mine', 3],
    ['of others', 'unikernel-ci-boot', 3],
  ])('leaves a folder %s', (_, name, age) => {
    const path = leave(name, age)
    sweepOwnFolders(temporary, 'boot')
    expect(existsSync(join(path, 'disk.img'))).toBe(true)
  })

  test.skipIf(process.getuid?.() !== 0)('leaves another user’s folder, also as root', () => {
    const path = leave(`unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`)
    chownSync(path, 65534, 65534)
    sweepOwnFolders(temporary, 'boot')
    expect(existsSync(path)).toBe(true)
  })

  test('removes a link, and not what it leads to', () => {
    const target = leave('target')
    symlinkSync(target, join(temporary, `unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`))
    sweepOwnFolders(temporary, 'boot')
    expect(readdirSync(temporary)).toEqual(['target'])
    expect(existsSync(join(target, 'disk.img'))).toBe(true)
  })

  test('does not mind that there is no temporary folder', () => {
    rmSync(temporary, { recursive: true })
    expect(() => sweepOwnFolders(temporary, 'boot')).not.toThrow()
  })
})
