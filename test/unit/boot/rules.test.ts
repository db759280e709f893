import { describe, expect, test } from 'vitest'
import type { ImageSystem } from '../../../src/image/image.js'
import { anyDialect, dialects } from '../../../src/boot/dialect.js'
import { type Expectations, checkExpectations, rulesFor } from '../../../src/boot/rules.js'
import { planBoot } from '../../../src/boot/plan.js'
import { Problem } from '../../../src/platform/problem.js'
import { type TargetName, targets } from '../../../src/target/target.js'

const asked: Expectations = { until: 'auto', settle: 3, timeout: 60, expect: [], forbid: [] }

describe('what could never be judged is refused before a boot', () => {
  test.each<readonly [name: string, target: TargetName, asked: Partial<Expectations>, message: RegExp]>([
    ['waiting for lines, and none is given', 'spt', { until: 'expect' }, /input until: `expect` waits for lines/],
    ['a status, and no end', 'spt', { until: 'running', expectExit: 0 }, /expect-exit asks for an end/],
    ['the status of a target that tells none', 'unikraft-qemu', { expectExit: 3 }, /nothing tells the exit status of unikraft-qemu/],
    ['a settle as long as the timeout', 'spt', { settle: 60 }, /input settle \(60 s\) must be less than input timeout \(60 s\)/],
    ['a settle that outlasts the timeout, with lines', 'spt', { timeout: 2, expect: [/x/] }, /input settle \(3 s\) .* input timeout \(2 s\)/],
  ])('%s', (_, target, more, message) => {
    const check = () => checkExpectations({ ...asked, ...more }, { target: targets[target], isMarked: true })
    expect(check).toThrow(Problem)
    expect(check).toThrow(message)
  })

  test.each<readonly [name: string, target: TargetName, asked: Partial<Expectations>]>([
    ['nothing asked', 'unikraft-qemu', {}],
    ['lines to wait for', 'unikraft-qemu', { until: 'expect', expect: [/x/] }],
    ['a status on the console', 'virtio', { expectExit: 3 }],
    ['a long settle where an end is awaited', 'hvt', { until: 'exit', settle: 90 }],
    ['a long settle with a status', 'hvt', { settle: 90, expectExit: 0 }],
    ['a status with an awaited end', 'hvt', { until: 'exit', expectExit: 0 }],
  ])('%s is fine', (_, target, more) => {
    expect(() => checkExpectations({ ...asked, ...more }, { target: targets[target], isMarked: true })).not.toThrow()
  })
})

describe('what a try is judged by', () => {
  const rulesOf = (name: TargetName, system: ImageSystem, mayFallBack = false) => {
    const target = targets[name]
    const request = { target, architecture: 'x86_64', accelerator: 'auto', imagePath: '/i', memoryMiB: 64, args: [], ownsArgv0: false } as const
    const [attempt] = planBoot(request, { architecture: 'x86_64', kvm: 'open' }).attempts
    if (attempt === undefined) throw new Error('no attempt')
    const { monitor, accelerator } = attempt
    const guest = { target, isMarked: system.kind !== 'unmarked' }
    return rulesFor({ ...asked, settle: 0.5, expectExit: 3 }, guest, { monitor, accelerator, mayFallBack })
  }

  test('the target’s words, the attempt’s monitor, seconds as milliseconds', () => {
    expect(rulesOf('virtio', { kind: 'solo5', abi: 3, abiVersion: 1, devices: [] }, true)).toEqual({
      words: dialects.solo5,
      exitReport: 'console',
      monitor: 'qemu',
      accelerator: 'kvm',
      mayFallBack: true,
      until: 'auto',
      settleMs: 500,
      timeoutMs: 60_000,
      expect: [],
      forbid: [],
      expectExit: 3,
    })
  })

  test('a kernel without marks may speak as any backend does', () => {
    expect(rulesOf('unikraft-qemu', { kind: 'unmarked' })).toMatchObject({ words: anyDialect(), exitReport: 'console' })
    expect(rulesOf('unikraft-qemu', { kind: 'unikraft', platform: 'qemu' })).toMatchObject({ words: dialects.unikraft, exitReport: 'none' })
  })
})
