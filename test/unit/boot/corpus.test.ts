import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dialects } from '../../../src/boot/dialect.js'
import { explainConsole } from '../../../src/boot/explain.js'
import type { Rules } from '../../../src/boot/judge.js'
import { type TargetName, targets } from '../../../src/target/target.js'

const folder = new URL('../../fixtures/console/', import.meta.url)

/** `<architecture>-<target>[-<how>]-<program>.txt` */
function parse(file: string) {
  const match = /^(x86_64|aarch64)-(unikraft-qemu|hvt|spt|virtio)(?:-(tcg|kvmhost|brokenkvm))?-(.+)\.txt$/.exec(file)
  if (match === null) throw new Error(`unknown name ${file}`)
  const [, , target = '', how = '', program = ''] = match
  const bytes = readFileSync(new URL(file, folder))
  const last = /\n?\[exit=(\d+)[^\n]*\]\n?$/.exec(bytes.toString('latin1'))
  if (last === null) throw new Error(`no exit in ${file}`)
  return { target: target as TargetName, how, program, console: bytes.subarray(0, last.index + 1), status: Number(last[1]) }
}

function rules(target: TargetName, how: string): Rules {
  const row = targets[target]
  return {
    words: dialects[row.dialect],
    exitReport: row.exitReport,
    monitor: row.monitor,
    accelerator: how === 'tcg' ? 'tcg' : target === 'spt' ? 'native' : 'kvm',
    mayFallBack: target === 'virtio',
    until: 'auto',
    settleMs: 3_000,
    timeoutMs: 60_000,
    expect: [],
    forbid: [],
  }
}

/** test/fixtures/console/README.md: the right verdict with nothing else asked. */
const right: Record<string, string> = {
  hello: 'passed exited',
  'mirage-hello': 'passed exited',
  args: 'passed exited',
  cmdl: 'passed exited',
  dev: 'passed exited',
  exc: 'failed exception',
  exit3: 'failed exit-status',
  abrt: 'failed abort',
  pf: 'failed trap',
  fail: 'failed exception',
  hang: 'passed ready',
  nodevice: 'failed monitor',
  wrongtarget: 'failed monitor',
  mem1: 'failed monitor',
  wrongkernel: 'failed monitor',
  'mirage-help': 'failed exit-status',
  quiet: 'skipped exited',
}

describe('every real console is judged right', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))
  test('the whole corpus is here', () => expect(files).toHaveLength(52))

  test.each(files)('%s', (file) => {
    const { how, program } = parse(file)
    const verdict = judge(file)
    const expected = how === 'brokenkvm' || how === 'kvmhost' ? 'skipped accelerator' : right[program]
    expect(`${verdict.verdict} ${verdict.reason}`).toBe(expected)
  })
})

function judge(file: string, asked: Partial<Rules> = {}) {
  const { target, how, console, status } = parse(file)
  const end = status === 124 ? ({ kind: 'stopped' } as const) : ({ kind: 'exit', status } as const)
  return explainConsole(console, end, { ...rules(target, how), ...asked })
}

describe('what else can be asked of a console', () => {
  test('a guest that ticks for ever fails where an end is awaited', () => {
    expect(judge('x86_64-spt-hang.txt', { until: 'exit' })).toMatchObject({
      verdict: 'failed',
      reason: 'timeout',
      summary: 'it did not end within 60 s',
      evidence: { line: 'tick 4' },
    })
  })

  test('mirage’s --help passes where 63 is expected', () => {
    expect(judge('x86_64-spt-mirage-help.txt', { expectExit: 63 })).toMatchObject({
      verdict: 'passed',
      reason: 'exited',
      exitStatus: 63,
    })
  })

  test('a quiet guest passes by the line that it was asked for', () => {
    expect(judge('x86_64-virtio-tcg-quiet.txt', { expect: [/Hello from OCaml/u] })).toMatchObject({
      verdict: 'passed',
      reason: 'ready',
    })
  })

  test('an exception is told with its evidence and its status', () => {
    expect(judge('x86_64-virtio-tcg-exc.txt')).toEqual({
      verdict: 'failed',
      reason: 'exception',
      summary: 'uncaught exception',
      evidence: { line: 'Fatal error: exception Dune__exe__Exc.My_error("boom")', atMs: 0 },
      exitStatus: 2,
      atMs: 0,
    })
  })

  test('a Unikraft guest that has died is given up within a second', () => {
    expect(judge('aarch64-unikraft-qemu-tcg-fail.txt').atMs).toBeLessThan(1_000)
  })
})
