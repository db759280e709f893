import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BootRequest, bootImage, planHere } from '../../../src/boot/boot.js'
import type { KvmAccess } from '../../../src/boot/plan.js'
import type { Context } from '../../../src/platform/host.js'
import { openKvm } from '../../../src/platform/kvm.js'
import { Problem } from '../../../src/platform/problem.js'
import { targets } from '../../../src/target/target.js'
import { fakeContext } from '../project/fixtures.js'

let folder: string
let programs: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-'))
  programs = join(folder, 'programs')
  mkdirSync(programs)
})
afterEach(() => rmSync(folder, { recursive: true }))

function program(name: string, script = ''): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(programs, name), 0o755)
}

const virtio: Omit<BootRequest, 'imagePath' | 'searchPath'> = {
  image: { format: 'elf64', architecture: 'x86_64', system: { kind: 'solo5', abi: 3, abiVersion: 1, devices: [] } },
  target: targets.virtio,
  architecture: 'x86_64',
  boot: 'auto',
  accelerator: 'auto',
  args: [],
  memory: 64,
  installSystemPackages: true,
  until: 'auto',
  settle: 3,
  timeout: 60,
  expect: [],
  forbid: [],
}
const unix: typeof virtio = {
  ...virtio,
  target: targets.unix,
  image: { format: 'elf64', architecture: 'x86_64', system: { kind: 'process' } },
}
const requestOf = (what: typeof virtio, imagePath: string): BootRequest => ({ ...what, imagePath, searchPath: `${programs}:/usr/bin:/bin` })

/** A machine with no program but ours, root's rights by sudo, and what was run on it. */
function machine(isGitHubActions: boolean, run: (command: string) => number | undefined = () => undefined, state = join(folder, 'state')) {
  const ran: string[] = []
  const base = fakeContext(state, (argv) => {
    ran.push(argv.join(' '))
    return Promise.resolve({ exitCode: run(argv.join(' ')) ?? 0 })
  })
  const folders = { ...base.host.folders, state }
  const host = { ...base.host, folders, isGitHubActions, isRoot: false, environment: { PATH: programs } }
  const context: Context = { ...base, host }
  return { context, ran, logged: base.logged }
}

/** Looks that find this, one after the other, and the last for ever after. */
function looks(...found: readonly KvmAccess[]): () => KvmAccess {
  let next = 0
  return () => found[Math.min(next++, found.length - 1)] ?? 'absent'
}

describe('KVM that may not be opened', () => {
  const leave = 'sudo -n chmod a+rw /dev/kvm'
  beforeEach(() => program('sudo'))

  test('is opened in GitHub Actions, and looked at again', async () => {
    const { context, ran, logged } = machine(true)
    expect(await openKvm(context, looks('denied', 'open'))).toBe('open')
    expect(ran).toContain(leave)
    expect(logged).toEqual(['machine: gave this user leave to open /dev/kvm'])
  })

  test('is left alone on a person’s own machine', async () => {
    const { context, ran } = machine(false)
    expect(await openKvm(context, looks('denied', 'open'))).toBe('denied')
    expect(ran).toEqual([])
  })

  test.each(['sudo -n true', leave])('stays so where this fails: %s', async (failing) => {
    const { context, logged } = machine(true, (command) => (command === failing ? 1 : 0))
    expect(await openKvm(context, looks('denied', 'open'))).toBe('denied')
    expect(logged).toEqual([])
  })

  test.each(['open', 'absent'] as const)('is not meant where it is %s', async (access) => {
    const { context, ran } = machine(true)
    expect(await openKvm(context, looks(access))).toBe(access)
    expect(ran).toEqual([])
  })

  test('does not matter to a guest that has no use for it', async () => {
    program('qemu-system-x86_64')
    const { context, ran } = machine(true)
    const request = requestOf({ ...virtio, accelerator: 'tcg' }, '/dist/hello.virtio')
    const { attempts } = await planHere(context, request, looks('denied', 'open'))
    expect(attempts.map(({ accelerator }) => accelerator)).toEqual(['tcg'])
    expect(ran).toEqual([])
  })
})

test('KVM is looked at when QEMU is there: its installation changes who may open it', async () => {
  program('sudo')
  program('dpkg-query')
  const { context } = machine(false, (command) => {
    if (command.includes('apt-get')) program('qemu-system-x86_64')
    return 0
  })
  const request = { ...requestOf(virtio, '/dist/hello.virtio'), searchPath: programs }
  const look = () => (existsSync(join(programs, 'qemu-system-x86_64')) ? 'denied' : 'open')
  const { attempts } = await planHere(context, request, look)
  expect(attempts.map(({ accelerator }) => accelerator)).toEqual(['tcg'])
})

describe('an image whose path has a blank', () => {
  const spaced = () => {
    const path = join(folder, 'my project')
    mkdirSync(path)
    writeFileSync(join(path, 'hello world.virtio'), 'the image')
    return join(path, 'hello world.virtio')
  }
  const request = (path: string) => requestOf({ ...virtio, accelerator: 'tcg', until: 'exit', expect: [/the image/] }, path)

  test('is booted by QEMU through a link without one, which is gone afterwards', async () => {
    program('qemu-system-x86_64', 'while [ "$1" != -kernel ]; do shift; done; cat "$2"; echo; exit 83')
    const { verdict, attempts, consoleLog = '', imagePath } = await bootImage(machine(false).context, request(spaced()))
    expect(verdict).toMatchObject({ verdict: 'passed', evidence: { line: 'the image' } })
    expect(attempts[0]?.argv.filter((word) => /\s/.test(word))).toEqual([])
    expect(imagePath).toContain('hello world.virtio')
    expect(readFileSync(consoleLog, 'utf8')).toBe('the image\n')
    expect(readdirSync(join(consoleLog, '..'))).toEqual(['console-hello world.virtio.log'])
  })

  test('cannot be booted where the folder of consoles has one too', async () => {
    program('qemu-system-x86_64')
    const booted = bootImage(machine(false, undefined, join(folder, 'a state')).context, request(spaced()))
    await expect(booted).rejects.toThrow(/the image’s path has blanks, and so has the folder/)
  })
})

test('a process’s image that may not be executed is told so', async () => {
  const path = join(folder, 'www')
  writeFileSync(path, 'no program')
  const booted = bootImage(machine(false).context, requestOf(unix, path))
  await expect(booted).rejects.toThrow(Problem)
  await expect(booted).rejects.toMatchObject({ message: 'www is not executable', facts: { do: `chmod +x ${path}` } })
})
