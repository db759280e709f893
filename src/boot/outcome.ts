import type { Death } from './transcript.js'
import type { Evidence, Reason, RuleName, Verdict } from './verdict.js'

/** What is known beside the verdict itself. */
export interface VerdictFacts {
  readonly evidence?: Evidence | undefined
  readonly exitStatus?: number | undefined
  readonly bootMs?: number | undefined
  readonly remedy?: string | undefined
}

/** The verdict with what decided it, where it does not name that itself. */
export function by<V extends Verdict | undefined>(rule: RuleName, verdict: V): V {
  return verdict && { rule, ...verdict }
}

export function failed(reason: Reason, summary: string, atMs: number, facts: VerdictFacts): Verdict {
  const { evidence, exitStatus, remedy } = facts
  return { verdict: 'failed', reason, summary, atMs, ...present({ evidence, exitStatus, remedy }) }
}

/** The verdict that a guest’s last words give. */
export function died({ reason, summary, evidence }: Death, atMs: number, exitStatus?: number): Verdict {
  return { ...failed(reason, summary, atMs, { evidence, exitStatus }), rule: 'last-words' }
}

export function acceleratorFailed(summary: string, atMs: number, evidence: Evidence | undefined): Verdict {
  return { verdict: 'skipped', reason: 'accelerator', summary, atMs, ...present({ evidence }) }
}

type Present<Facts> = { [Name in keyof Facts]?: Exclude<Facts[Name], undefined> }

/** The facts that are known. */
export function present<Facts extends object>(facts: Facts): Present<Facts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Present<Facts>
}
