import type { Image } from '../image/image.js'
import { Problem } from '../platform/problem.js'
import type { Target } from '../target/target.js'
import { anyDialect, dialects } from './dialect.js'
import type { Rules } from './judge.js'
import type { AttemptPlan } from './plan.js'

/** What a person may ask of a boot: the inputs of the same names. */
export interface Expectations {
  readonly until: Rules['until']
  /** Seconds. */
  readonly settle: number
  /** Seconds. */
  readonly timeout: number
  readonly expect: readonly RegExp[]
  readonly forbid: readonly RegExp[]
  readonly expectExit?: number | undefined
}

/**
 * Refuses what could never be judged, before anything is started.
 *
 * @throws Problem
 */
export function checkExpectations(asked: Expectations, target: Target): void {
  if (asked.until === 'expect' && asked.expect.length === 0) {
    throw new Problem('input until: `expect` waits for lines, and input expect is empty', {
      do: 'give `expect`, or set `until: running`',
    })
  }
  if (asked.expectExit === undefined) return
  if (asked.until === 'running') {
    throw new Problem('input expect-exit asks for an end, and `until: running` for none', {
      do: 'leave one of the two out',
    })
  }
  if (target.exitReport === 'none') {
    throw new Problem(`input expect-exit: nothing tells the exit status of ${target.name}`, {
      because: 'its monitor ends the same way whatever status the unikernel gave',
      do: 'ask for a line on the console with `expect`',
    })
  }
}

/**
 * What this try is judged by.
 *
 * @param mayFallBack another try follows when the accelerator of this one fails.
 */
export function rulesFor(
  asked: Expectations,
  { target, image }: { readonly target: Target; readonly image: Image },
  attempt: AttemptPlan,
  mayFallBack: boolean,
): Rules {
  // A kernel without marks may speak as any backend does, and only its own words tell how it ended.
  const isMarked = image.system.kind !== 'unmarked'
  return {
    words: isMarked ? dialects[target.dialect] : anyDialect(),
    exitReport: isMarked ? target.exitReport : 'console',
    monitor: attempt.monitor,
    accelerator: attempt.accelerator,
    mayFallBack,
    until: asked.until,
    settleMs: asked.settle * 1000,
    timeoutMs: asked.timeout * 1000,
    expect: asked.expect,
    forbid: asked.forbid,
    expectExit: asked.expectExit,
  }
}
