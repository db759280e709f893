import { basename } from 'node:path'
import type { BootReport } from '../boot/report.js'
import { seconds } from '../platform/log.js'
import { type Facts, Problem } from '../platform/problem.js'
import { quote } from '../platform/process.js'
import type { Verdict } from '../boot/verdict.js'

const words: Readonly<Record<Verdict['verdict'], string>> = { passed: 'PASSED', failed: 'FAILED', skipped: 'SKIPPED' }
const ran = { kvm: 'KVM', tcg: 'emulated', native: 'native' } as const

/** The verdict as the log's last word: `PASSED  seen "listening" after 0.21 s (KVM)`. */
export function verdictLine({ verdict, attempts }: BootReport): string {
  const accelerator = attempts.at(-1)?.accelerator
  const when = verdict.bootMs ?? verdict.atMs
  const how = verdict.verdict === 'skipped' || accelerator === undefined ? '' : ` after ${seconds(when)} (${ran[accelerator]})`
  return `${words[verdict.verdict].padEnd(8)} ${verdict.summary}${how}`
}

/** What a person needs to act on a boot that failed. */
export function bootFailure(report: BootReport, againArguments: readonly string[]): Problem {
  const { verdict, attempts, consoleLog, imagePath } = report
  const name = basename(imagePath)
  const when = attempts.length === 0 ? 'before it was started' : `${seconds(verdict.atMs)} after start`
  const facts: Facts = {
    ...(verdict.evidence === undefined ? {} : { evidence: verdict.evidence.line }),
    ...(consoleLog === undefined ? {} : { console: [`last ${report.consoleEnd.length} lines:`, ...report.consoleEnd, `all of it: ${consoleLog}`] }),
    ...(verdict.remedy === undefined ? {} : { do: verdict.remedy }),
    again: ['unikernel-ci', 'boot', imagePath, ...againArguments].map(quote).join(' '),
  }
  return new Problem(`${name} failed ${when}: ${verdict.summary}`, facts)
}
