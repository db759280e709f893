import { constants } from 'node:os'
import { monitorWords } from './dialect.js'
import { Judge, type GuestEvent, type Rules } from './judge.js'
import { Lines } from './lines.js'
import type { Verdict } from './verdict.js'

/** How a console that lies on disk came to its end. `stopped`: the guest was still there and was stopped by somebody. */
export type TranscriptEnd = { readonly kind: 'exit'; readonly status: number } | { readonly kind: 'stopped' }

/** `timeout` of coreutils ends with this when it had to stop the monitor. */
const statusOfTimeout = 124

/**
 * Takes the end off a kept console whose last line tells it: `[exit=139]`, `[exit=124 wall_ms=4008]`, as in the consoles
 * of our tests.
 */
export function splitTranscript(bytes: Uint8Array): { readonly console: Uint8Array; readonly end?: TranscriptEnd } {
  const found = /(?:^|\n)(\[exit=(\d{1,3})[^\]\n]*\]\s*)$/.exec(Buffer.from(bytes).toString('latin1'))
  if (found === null) return { console: bytes }
  const status = Number(found[2])
  const console = bytes.subarray(0, bytes.length - (found[1]?.length ?? 0))
  return { console, end: status === statusOfTimeout ? { kind: 'stopped' } : { kind: 'exit', status } }
}

/**
 * The verdict for a console on disk. Such a file has no times: all lines count as read at once, then time passes.
 *
 * @param console the console, in which the monitor's own lines may stand too.
 * @param end a monitor's exit status as a shell gives it: above 128 it died of a signal.
 */
export function explainConsole(console: Uint8Array, end: TranscriptEnd, rules: Rules): Verdict {
  const judge = new Judge(rules)
  const lines = new Lines()
  const all = [...lines.add(console), lines.unfinished].filter((line) => line !== '')
  for (const text of all) judge.see({ kind: monitorWords.test(text) ? 'monitor' : 'console', text, atMs: 0 })
  let verdict = end.kind === 'exit' ? judge.see(exitEvent(end.status, rules)) : undefined
  while (verdict === undefined) verdict = judge.see({ kind: 'clock', atMs: judge.deadlineMs })
  return verdict
}

function exitEvent(status: number, rules: Rules): GuestEvent {
  const signal = rules.exitReport === 'status' || status === 128 + constants.signals.SIGABRT ? signalOf(status) : undefined
  return { kind: 'exit', code: signal === undefined ? status : null, signal: signal ?? null, atMs: 0 }
}

function signalOf(status: number): NodeJS.Signals | undefined {
  const names = Object.keys(constants.signals) as NodeJS.Signals[]
  return names.find((name) => constants.signals[name] === status - 128)
}
