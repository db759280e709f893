import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kvmAccess } from '../../../src/platform/kvm.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('a device that opens for reading and writing is open', () => {
  writeFileSync(join(folder, 'kvm'), '')
  expect(kvmAccess(join(folder, 'kvm'))).toBe('open')
})

test('no device is absent', () => {
  expect(kvmAccess(join(folder, 'kvm'))).toBe('absent')
})

test('a device file with nothing behind it is absent, not denied', async () => {
  // Opening a socket's file gives ENXIO, as a device file without its driver does.
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(folder, 'kvm'), resolve))
  expect(kvmAccess(join(folder, 'kvm'))).toBe('absent')
  await new Promise((resolve) => server.close(resolve))
})

// Root may open any file of a disk, but no kernel value that cannot be written.
test('a device that may not be written is denied', () => {
  const isRoot = process.getuid?.() === 0
  if (!isRoot) writeFileSync(join(folder, 'kvm'), '', { mode: 0o400 })
  expect(kvmAccess(isRoot ? '/sys/devices/system/cpu/online' : join(folder, 'kvm'))).toBe('denied')
})
