import { describe, expect, test } from 'vitest'
import { anyDialect } from '../../../src/boot/dialect.js'
import { type GuestEvent, Judge, type MachineState, type Rules } from '../../../src/boot/judge.js'
import { type Reason, type Verdict, reasons } from '../../../src/boot/verdict.js'
import { rulesOf } from './consoles.js'

const line = (atMs: number, text: string): GuestEvent => ({ kind: 'console', atMs, text })
const unfinished = (atMs: number, text: string): GuestEvent => ({ kind: 'unfinished', atMs, text })
const complaint = (atMs: number, text: string): GuestEvent => ({ kind: 'monitor', atMs, text })
const machine = (atMs: number, state: MachineState): GuestEvent => ({ kind: 'machine', atMs, state })
const exit = (atMs: number, code: number): GuestEvent => ({ kind: 'exit', atMs, code, signal: null })
const answer = (atMs: number, index: number, holds: boolean, said = 'status 200'): GuestEvent => ({
  kind: 'probe',
  atMs,
  index,
  answer: { holds, said },
})
const killed = (atMs: number, signal: NodeJS.Signals): GuestEvent => ({ kind: 'exit', atMs, code: null, signal })

/** The events as they would come in time: whenever the judge asks for the clock, it is told. */
function judge(rules: Rules, events: readonly GuestEvent[]): Verdict {
  const judge = new Judge(rules)
  let verdict: Verdict | undefined
  for (const event of events) {
    while (verdict === undefined && judge.deadlineMs < event.atMs) verdict = judge.see({ kind: 'clock', atMs: judge.deadlineMs })
    verdict ??= judge.see(event)
  }
  while (verdict === undefined) verdict = judge.see({ kind: 'clock', atMs: judge.deadlineMs })
  return verdict
}

const spt = rulesOf('spt', 'native')
const hvt = rulesOf('hvt', 'kvm')
const virtio = rulesOf('virtio', 'tcg')
const virtioKvm: Rules = { ...rulesOf('virtio', 'kvm'), mayFallBack: true }
const unikraft = rulesOf('unikraft-qemu', 'tcg')
const unix = rulesOf('unix', 'native')
const unmarked: Rules = { ...unikraft, words: anyDialect(), exitReport: 'console' }

const banner = line(5, 'Solo5: Bindings version v0.12.1')
const ready = line(100, 'listening on port 80')
const dies = 'Fatal error: exception Not_found'
const ended = (status: number) => `Solo5: solo5_exit(${status}) called`
const waiting = { expect: [/listening/] }

/** The name of the case, the rules, the events, and `verdict reason atMs`. */
type Row = readonly [name: string, rules: Rules, events: readonly GuestEvent[], right: `${Verdict['verdict']} ${Reason} ${number}`]

function table(rows: readonly Row[]): void {
  test.each(rows)('%s', (_, rules, events, right) => {
    const { verdict, reason, atMs } = judge(rules, events)
    expect(`${verdict} ${reason} ${atMs}`).toBe(right)
  })
}

const endings: readonly Row[] = [
  ['spt: the monitor’s status is the guest’s', spt, [banner, ready, line(200, ended(0)), exit(210, 0)], 'passed exited 210'],
  ['spt: exit 3', spt, [banner, line(200, ended(3)), exit(210, 3)], 'failed exit-status 210'],
  ['spt: the guest’s own `exit 1` is not the tender’s refusal', spt, [banner, line(9, ended(1)), exit(10, 1)], 'failed exit-status 10'],
  ['spt: a quiet guest’s `exit 1` is told by the tender’s silence', spt, [line(9, 'bye'), exit(10, 1)], 'failed exit-status 10'],
  [
    'spt: a tender that refuses is the monitor’s failure',
    spt,
    [complaint(1, 'solo5-spt: hello.spt: Executable is not for the solo5-spt target'), exit(2, 1)],
    'failed monitor 2',
  ],
  [
    'spt: a warning of the tender is no refusal',
    spt,
    [complaint(1, 'solo5-spt: Warning: seccomp is not used'), line(9, 'bye'), exit(10, 1)],
    'failed exit-status 10',
  ],
  [
    'spt: a tender that rounds the memory down is no refusal',
    spt,
    [complaint(1, 'solo5-spt: adjusting memory to 33554432 bytes'), line(9, 'bye'), exit(10, 1)],
    'failed exit-status 10',
  ],
  ['spt: abort', spt, [banner, line(9, 'Solo5: solo5_abort() called'), exit(10, 255)], 'failed abort 10'],
  ['spt: `exit 255` is no abort', spt, [banner, line(9, ended(255)), exit(10, 255)], 'failed exit-status 10'],
  ['spt: the guest faults, and the process with it', spt, [banner, ready, killed(200, 'SIGSEGV')], 'failed trap 200'],
  ['spt: a system call that seccomp forbids', spt, [banner, ready, killed(200, 'SIGSYS')], 'failed trap 200'],
  ['unix: abort()', unix, [line(5, 'assertion failed'), killed(10, 'SIGABRT')], 'failed abort 10'],
  ['unix: stopped from outside', unix, [line(5, 'hello'), killed(10, 'SIGKILL')], 'failed monitor 10'],
  ['hvt: a trap that the bindings report', hvt, [banner, line(9, 'Solo5: trap: type=#PF ec=0x2'), line(9, 'Solo5: ABORT: cpu_x86_64.c:182: Fatal trap'), exit(10, 255)], 'failed trap 10'],
  ['virtio: QEMU’s 83 says nothing, the line does (0)', virtio, [banner, ready, line(200, ended(0)), exit(300, 83)], 'passed exited 300'],
  ['virtio: QEMU’s 83 says nothing, the line does (3)', virtio, [banner, ready, line(200, ended(3)), exit(300, 83)], 'failed exit-status 300'],
  ['virtio: no line tells, though the banner was there', virtio, [banner, ready, exit(300, 83)], 'failed unexpected-exit 300'],
  ['virtio: no line tells, and none is printed at all (quiet)', virtio, [ready, exit(300, 83)], 'skipped exited 300'],
  ['virtio: quiet, and nothing was printed at all', virtio, [exit(300, 83)], 'failed no-output 300'],
  ['virtio: a status that no guest gives is QEMU’s own', virtio, [banner, ready, exit(300, 7)], 'failed monitor 300'],
  ['virtio: QEMU is stopped from outside', virtio, [banner, ready, machine(200, 'quit'), exit(210, 0)], 'failed monitor 210'],
  ['virtio: quiet, and the expected line was seen', { ...virtio, ...waiting }, [ready, exit(300, 83)], 'passed ready 300'],
  ['virtio: quiet, and its status was asked for', { ...virtio, ...waiting, expectExit: 3 }, [ready, exit(300, 83)], 'failed unexpected-exit 300'],
  ['virtio: an exit line behind an unfinished line', virtio, [banner, line(9, `a last line without its end${ended(0)}`), exit(10, 83)], 'passed exited 10'],
  ['virtio: QEMU refuses the file', virtio, [complaint(1, 'qemu-system-x86_64: Error loading uncompressed kernel'), exit(2, 1)], 'failed monitor 2'],
  ['virtio: QEMU dies', virtio, [banner, ready, killed(200, 'SIGSEGV')], 'failed monitor 200'],
  ['Unikraft: a plain end, its status unknown', unikraft, [ready, exit(300, 0)], 'passed exited 300'],
  ['Unikraft: its crash status on x86_64', unikraft, [ready, exit(300, 85)], 'failed trap 300'],
  ['Unikraft: an end without a word', unikraft, [exit(300, 83)], 'failed no-output 300'],
  ['Unikraft: an end behind the firmware’s words alone', unikraft, [line(5, 'SeaBIOS (version 1.16.2)'), exit(300, 0)], 'failed no-output 300'],
  ['Unikraft: the banner is a sign of life', unikraft, [line(5, '                 Helene 0.18.0~6056466f'), exit(300, 0)], 'passed exited 300'],
  ['Unikraft: QEMU ends with 1 and no word', unikraft, [ready, exit(300, 1)], 'failed monitor 300'],
  ['Unikraft: a status that no guest gives is QEMU’s own', unikraft, [ready, exit(300, 7)], 'failed monitor 300'],
  ['Unikraft: a signal’s status as a shell gives it', unikraft, [ready, exit(300, 143)], 'failed monitor 300'],
  ['Unikraft: QEMU is stopped from outside', unikraft, [ready, machine(200, 'quit'), exit(210, 0)], 'failed monitor 210'],
  ['Unikraft: QEMU fails under a running guest', unikraft, [ready, complaint(200, 'qemu-system-x86_64: cannot write'), exit(300, 1)], 'failed monitor 300'],
  ['no marks: Solo5’s words count', unmarked, [ready, line(200, ended(3)), exit(210, 0)], 'failed exit-status 210'],
  ['no marks: Unikraft’s words count', unmarked, [ready, line(200, '[ 0.1] CRIT: Unikraft Crash - Kiviuq'), exit(210, 0)], 'failed trap 210'],
  ['the guest panics', virtio, [banner, ready, machine(200, 'panicked')], 'failed trap 200'],
  ['the guest restarts itself', virtio, [banner, line(9, 'again'), machine(20, 'reset'), exit(30, 0)], 'failed reboot-loop 30'],
  ['QEMU stops a guest under emulation', virtio, [banner, machine(20, 'stopped')], 'failed monitor 20'],
]

const success: readonly Row[] = [
  ['auto: alive after its first own line', virtio, [banner, ready], 'passed ready 3100'],
  ['auto: ends before it has settled', virtio, [banner, ready, line(200, ended(0)), exit(210, 83)], 'passed exited 210'],
  ['auto with expectations: settles from the last of them', { ...virtio, expect: [/port 80/, /port 443/] }, [line(100, 'port 443'), line(900, 'port 80')], 'passed ready 3900'],
  ['auto with expectations: any end before them fails', { ...virtio, expect: [/never/] }, [ready, line(200, ended(0)), exit(210, 83)], 'failed unexpected-exit 210'],
  ['auto with expectations: a line that never comes', { ...virtio, expect: [/never/] }, [banner, ready], 'failed timeout 60000'],
  ['exit: alive is not enough', { ...virtio, until: 'exit' }, [banner, ready], 'failed timeout 60000'],
  ['exit: a clean end', { ...virtio, until: 'exit' }, [banner, ready, line(9_000, ended(0)), exit(9_010, 83)], 'passed exited 9010'],
  ['exit with expectations: a clean end after them', { ...virtio, ...waiting, until: 'exit' }, [ready, line(9_000, ended(0)), exit(9_010, 83)], 'passed exited 9010'],
  ['running: alive', { ...virtio, until: 'running' }, [banner, ready], 'passed ready 3100'],
  ['running: a clean end fails', { ...virtio, until: 'running' }, [banner, ready, line(200, ended(0)), exit(210, 83)], 'failed unexpected-exit 210'],
  ['running: the banner is no output of its own', { ...virtio, until: 'running' }, [banner], 'failed no-output 60000'],
  ['running with expectations: settles from them', { ...virtio, ...waiting, until: 'running' }, [line(50, 'booting'), ready], 'passed ready 3100'],
  ['expect: the line and then silence', { ...virtio, ...waiting, until: 'expect' }, [banner, ready], 'passed ready 3100'],
  ['expect: a clean end within settle', { ...virtio, ...waiting, until: 'expect' }, [ready, line(200, ended(0)), exit(210, 83)], 'passed ready 210'],
  ['expect: a failing end within settle', { ...virtio, ...waiting, until: 'expect' }, [ready, line(200, ended(2)), exit(210, 83)], 'failed exit-status 210'],
  ['expect: a crash within settle', { ...virtio, ...waiting }, [ready, line(3_000, 'Solo5: trap: type=#PF'), exit(3_050, 83)], 'failed trap 3050'],
  ['expect: a crash after settle is not seen', { ...virtio, ...waiting }, [ready, line(3_200, 'Solo5: trap: type=#PF'), exit(3_250, 83)], 'passed ready 3100'],
  ['expect: a line counts once it is whole', { ...virtio, expect: [/^port \d$/] }, [unfinished(100, 'port 8'), line(200, 'port 80'), line(300, 'port 9')], 'passed ready 3300'],
  ['forbid: a line counts once it is whole', { ...virtio, forbid: [/errors: [1-9]$/] }, [unfinished(100, 'errors: 1'), line(200, 'errors: 1 % of none')], 'passed ready 3200'],
  ['expect-exit: the status that was asked for', { ...spt, expectExit: 63 }, [banner, line(9, ended(63)), exit(10, 63)], 'passed exited 10'],
  ['expect-exit: another one', { ...spt, expectExit: 63 }, [banner, line(9, ended(0)), exit(10, 0)], 'failed exit-status 10'],
  ['expect-exit: an exception whose status was asked for', { ...spt, expectExit: 2 }, [banner, line(9, dies), exit(10, 2)], 'passed exited 10'],
  ['expect-exit: alive is not enough', { ...spt, expectExit: 0 }, [banner, ready], 'failed timeout 60000'],
  ['expect-exit: the right status before the expected line', { ...spt, ...waiting, expectExit: 3 }, [banner, exit(10, 3)], 'failed unexpected-exit 10'],
  ['forbid: decides at once', { ...virtio, forbid: [/\[ERROR\]/] }, [ready, line(200, 'x [ERROR] y')], 'failed forbidden 200'],
  ['forbid: after settle it is too late', { ...virtio, forbid: [/\[ERROR\]/] }, [ready, line(3_200, '[ERROR]')], 'passed ready 3100'],
  ['forbid: wins over an expectation in the same line', { ...virtio, ...waiting, forbid: [/80/] }, [ready], 'failed forbidden 100'],
  ['settle 0: the sign itself decides', { ...virtio, ...waiting, settleMs: 0 }, [ready], 'passed ready 100'],
  ['a settle that ends after the timeout is cut by it', { ...virtio, ...waiting, timeoutMs: 2_000 }, [ready], 'failed timeout 2000'],
  ['silence', spt, [], 'failed no-output 60000'],
]

const lastWords: readonly Row[] = [
  ['Unikraft hangs after an exception: given up after 0.7 s', unikraft, [line(100, dies)], 'failed exception 800'],
  ['virtio hangs after an exception: given up after 3 s', virtio, [line(100, dies)], 'failed exception 3100'],
  ['spt hangs after an exception: given up after 3 s', spt, [line(100, dies)], 'failed exception 3100'],
  ['an exception with its end: told at the end', virtio, [line(100, dies), line(101, ended(2)), exit(110, 83)], 'failed exception 110'],
  ['a program that prints such words and ends well is fine', spt, [line(100, dies), exit(110, 0)], 'passed exited 110'],
  ['Unikraft: an exception and then the end of QEMU', unikraft, [line(100, dies), exit(200, 0)], 'failed exception 200'],
  ['abort() after OCaml’s last words is told by them', virtio, [line(100, 'Fatal error: exception Exit'), line(101, 'Solo5: solo5_abort() called'), exit(110, 83)], 'failed exception 110'],
  ['OCaml’s runtime gives up', unikraft, [line(100, 'Fatal error: out of memory')], 'failed abort 800'],
  ['a backtrace is no sign of life', unikraft, [line(100, dies), line(300, 'Raised at Dune__exe__Main in file "main.ml", line 3')], 'failed exception 800'],
  ['the first line of a backtrace, half of it, is no sign of life', unikraft, [line(100, dies), unfinished(300, 'Rai')], 'failed exception 800'],
  ['more output is a sign of life', unikraft, [line(100, dies), line(600, 'worker restarted')], 'passed ready 3100'],
  ['more output before the words is none', unikraft, [line(100, 'started'), line(2_000, dies)], 'failed exception 2700'],
  ['words within settle keep the guest from passing', virtio, [line(100, 'started'), line(3_000, dies)], 'failed exception 6000'],
  ['quoted words are somebody else’s', unikraft, [line(100, 'worker said "Fatal error: exception Not_found"')], 'passed ready 3100'],
  ['words in the middle of a line are the runtime’s when nothing quotes them', unikraft, [line(100, `progress 10%${dies}`)], 'failed exception 800'],
  ['words on a line that never ends', unikraft, [unfinished(100, dies)], 'failed exception 800'],
  ['half of the words, then all of them, are one death', virtio, [unfinished(100, 'Fatal error: ex'), line(180, dies)], 'failed exception 3180'],
  ['words that the time-out overtakes', { ...unikraft, timeoutMs: 1_000 }, [line(900, dies)], 'failed exception 1000'],
  ['an exit line, and QEMU stays: 3 s later it counts', virtio, [line(100, ended(0))], 'passed exited 3100'],
  ['an exit line that the time-out overtakes', { ...virtio, timeoutMs: 1_000 }, [line(100, 'x'), line(900, ended(3))], 'failed exit-status 1000'],
  ['a forged exit line and more output: alive', virtio, [line(100, ended(0)), line(200, 'still here')], 'passed ready 3200'],
  ['a forged exit line and more output: the true one counts', virtio, [line(100, ended(0)), line(200, 'x'), line(300, ended(3)), exit(310, 83)], 'failed exit-status 310'],
  ['a forged exit line and then nothing that tells', virtio, [banner, line(100, ended(0)), line(200, 'x'), exit(310, 83)], 'failed unexpected-exit 310'],
  ['a forged abort line and more output: alive', virtio, [line(100, 'peer: Solo5: solo5_abort() called'), line(200, 'still here')], 'passed ready 3100'],
  ['a trap’s register dump is no sign of life', virtio, [line(100, 'Solo5: Trap: EL1 Synchronous Abort caught'), line(101, 'Data Abort Address: 0x10')], 'failed trap 3100'],
]

const unfinishedLines: readonly Row[] = [
  ['the beginning of the banner is no output of its own', virtio, [unfinished(100, '            |   '), line(9_000, '            |      ___|')], 'passed ready 3100'],
  ['the beginning of the banner, finished in time, is none either', virtio, [unfinished(100, 'Solo5: Bin'), line(900, 'Solo5: Bindings version v0.12.1')], 'failed no-output 60000'],
  ['half a backend’s line', virtio, [unfinished(100, 'So'), line(900, 'Solo5: Bindings version v0.12.1')], 'failed no-output 60000'],
  ['a line inside of the banner', virtio, [line(1, '            |      ___|'), unfinished(100, '  __|  _ ')], 'failed no-output 60000'],
  ['a prompt counts from its first letter', virtio, [unfinished(100, '>'), unfinished(400, '> ')], 'passed ready 3100'],
  ['an exit line that is still growing is none', virtio, [line(50, 'x'), unfinished(100, `peer: ${ended(0)}`), line(200, `peer: ${ended(0)}, it said`)], 'passed ready 3050'],
]

const accelerators: readonly Row[] = [
  ['QEMU stops a guest under KVM', virtioKvm, [banner, machine(20, 'stopped')], 'skipped accelerator 20'],
  ['QEMU says that KVM fails', virtioKvm, [complaint(20, 'KVM internal error. Suberror: 1')], 'skipped accelerator 20'],
  ['the tender says that KVM fails', hvt, [banner, complaint(20, 'solo5-hvt: KVM: internal error exit: suberror=0x1'), exit(21, 1)], 'skipped accelerator 20'],
  ['the same words under emulation are the monitor’s', virtio, [complaint(20, 'qemu-system-x86_64: failed to set MSR 0x10a'), exit(21, 1)], 'failed monitor 21'],
  ['a guest that fell over did not find a broken KVM', hvt, [banner, ready, complaint(200, 'solo5-hvt: KVM: unhandled exit: exit_reason=0x8, rip=0x1'), exit(201, 1)], 'failed trap 201'],
  ['a warning about KVM is no failure of it', virtioKvm, [complaint(1, 'qemu-system-x86_64: warning: failed to set MSR 0x1'), ready, line(200, ended(0)), exit(210, 83)], 'passed exited 210'],
  ['the guest prints such words itself', virtioKvm, [line(9, 'KVM internal error. Suberror: 1'), line(10, ended(3)), exit(20, 83)], 'failed exit-status 20'],
  ['a guest that says nothing under KVM, where emulation may tell', virtioKvm, [], 'skipped accelerator 10000'],
  ['a guest that says nothing under KVM, and nothing else is left', { ...virtioKvm, mayFallBack: false }, [], 'failed no-output 60000'],
  ['a guest that spoke under KVM has the whole time', { ...virtioKvm, ...waiting }, [line(9_999, 'slow'), line(40_000, 'listening')], 'passed ready 43000'],
]

describe('how a guest ended', () => table(endings))
describe('what success is', () => table(success))
describe('last words', () => table(lastWords))
describe('lines that pause in the middle', () => table(unfinishedLines))
describe('an accelerator’s failure is not the guest’s', () => table(accelerators))

test('every reason that the judge can give is in the tables', () => {
  const shown = [...endings, ...success, ...lastWords, ...unfinishedLines, ...accelerators].map(([, , , right]) => right.split(' ')[1])
  // Decided before a guest is started: plan.ts and boot.ts.
  const elsewhere: readonly Reason[] = ['unsupported', 'not-asked']
  expect(new Set([...shown, ...elsewhere])).toEqual(new Set(reasons))
})

describe('the verdict', () => {
  test('stays after it was given', () => {
    const judge = new Judge({ ...virtio, forbid: [/no/] })
    const verdict = judge.see(line(10, 'no'))
    expect(verdict).toMatchObject({ verdict: 'failed', reason: 'forbidden' })
    expect(judge.see(line(20, ended(0)))).toBe(verdict)
    expect(judge.see(exit(30, 83))).toBe(verdict)
  })

  test('carries its evidence, its times and the status', () => {
    const rules = { ...spt, ...waiting }
    expect(judge(rules, [banner, ready, line(200, ended(0)), exit(210, 0)])).toEqual({
      verdict: 'passed',
      reason: 'ready',
      summary: 'seen `listening on port 80`',
      evidence: { line: 'listening on port 80', atMs: 100 },
      exitStatus: 0,
      readyMs: 100,
      bootMs: 100,
      atMs: 210,
    })
    expect(judge({ ...spt, expectExit: 3 }, [ready, line(200, ended(2)), exit(210, 2)])).toEqual({
      verdict: 'failed',
      reason: 'exit-status',
      summary: 'ended with status 2, not 3',
      evidence: { line: ended(2), atMs: 200 },
      exitStatus: 2,
      atMs: 210,
    })
  })

  test('of a refusing tender quotes it, and not its warnings', () => {
    const refusal = 'solo5-spt: Device \'service\' of type NET_BASIC declared but not attached.'
    const events = [complaint(1, 'solo5-spt: Warning: x'), complaint(2, refusal), complaint(3, 'solo5-spt: All declared'), exit(4, 1)]
    expect(judge(spt, events).evidence).toEqual({ line: refusal, atMs: 2 })
  })

  test('of a time-out names the last line and what was missing', () => {
    const { summary, evidence } = judge({ ...virtio, expect: [/port/, /never/] }, [ready, line(500, 'idle')])
    expect(summary).toBe('no line matched never within 60 s')
    expect(evidence).toEqual({ line: 'idle', atMs: 500 })
  })

  test('of a trap tells its first line', () => {
    const events = [line(9, 'Solo5: trap: type=#PF ec=0x2'), line(10, 'Solo5: trap: cr2=0x10'), line(11, 'Solo5: ABORT: x.c:1: Fatal trap'), exit(20, 83)]
    expect(judge(virtio, events).evidence?.line).toBe('Solo5: trap: type=#PF ec=0x2')
  })
})

test('the deadline is the nearest of all that time can decide', () => {
  const judge = new Judge({ ...virtioKvm, ...waiting })
  expect(judge.deadlineMs).toBe(10_000)
  judge.see(banner)
  expect(judge.deadlineMs).toBe(60_000)
  judge.see(ready)
  expect(judge.deadlineMs).toBe(3_100)
  judge.see(line(200, dies))
  expect(judge.deadlineMs).toBe(3_200)
  judge.see(line(300, 'alive'))
  expect(judge.deadlineMs).toBe(3_100)
})

describe('questions over the network', () => {
  const asked: Rules = { ...spt, probes: ['http://:80/', 'tcp://:443'] }
  table([
    ['all must hold, then it is watched', asked, [banner, answer(200, 0, true), answer(900, 1, true)], 'passed ready 3900'],
    ['no line of its own is needed', asked, [answer(200, 0, true), answer(900, 1, true)], 'passed ready 3900'],
    ['one that never holds', asked, [banner, ready, answer(200, 0, true), answer(900, 1, false)], 'failed timeout 60000'],
    ['an answer that holds at last', asked, [answer(200, 0, false), answer(300, 1, true), answer(400, 0, true)], 'passed ready 3400'],
    ['an answer that held is not taken back', asked, [answer(200, 0, true), answer(210, 0, false), answer(300, 1, true)], 'passed ready 3300'],
    ['a death after the last answer', asked, [answer(200, 0, true), answer(300, 1, true), line(900, dies), exit(910, 2)], 'failed exception 910'],
    ['an end before the last answer', asked, [banner, ready, answer(200, 0, true), exit(300, 0)], 'failed unexpected-exit 300'],
    ['a clean end after the last answer', asked, [answer(200, 0, true), answer(300, 1, true), exit(400, 0)], 'passed ready 400'],
    ['lines are asked for as well', { ...asked, expect: [/listening/] }, [answer(200, 0, true), answer(300, 1, true)], 'failed no-output 60000'],
    ['the last of lines and answers counts', { ...asked, expect: [/listening/] }, [answer(50, 0, true), answer(60, 1, true), ready], 'passed ready 3100'],
  ])

  test('the verdict shows the last answer of a question that failed', () => {
    const events = [banner, ready, answer(200, 0, true), answer(300, 1, false, 'timed out'), answer(900, 1, false, 'connection refused')]
    const { summary, evidence } = judge(asked, events)
    expect(summary).toBe('`tcp://:443` was not answered as asked within 60 s')
    expect(evidence).toEqual({ line: 'tcp://:443: connection refused', atMs: 900 })
  })

  test('boot and ready are told apart', () => {
    const { bootMs, readyMs, summary } = judge(asked, [banner, ready, answer(200, 0, true), answer(900, 1, true, 'connected')])
    expect({ bootMs, readyMs, summary }).toEqual({ bootMs: 100, readyMs: 900, summary: 'seen `tcp://:443: connected`' })
  })
})
