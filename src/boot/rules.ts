import { Problem } from '../platform/problem.js'
import type { ExitReport, Target } from '../target/target.js'
import { anyDialect, dialects } from './dialect.js'
import type { Rules } from './judge.js'

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

/** What will be booted, as far as its rules depend on it. */
export interface Guest {
  readonly target: Target
  /**
   * The image carries its backend's marks. A kernel without any may speak as any backend does, and only its own words
   * tell how it ended.
   */
  readonly isMarked: boolean
}

function exitReportOf({ target, isMarked }: Guest): ExitReport {
  return isMarked ? target.exitReport : 'console'
}

/**
 * Refuses what could never be judged, before anything is started.
 *
 * @throws Problem
 */
export function checkExpectations(asked: Expectations, guest: Guest): void {
  if (asked.until === 'expect' && asked.expect.length === 0) {
    throw new Problem('input until: `expect` waits for lines, and input expect is empty', {
      do: 'give `expect`, or set `until: running`',
    })
  }
  if (asked.until !== 'exit' && asked.expectExit === undefined && asked.settle >= asked.timeout) {
    throw new Problem(`input settle (${asked.settle} s) must be less than input timeout (${asked.timeout} s)`, {
      because: 'a guest that runs is watched for `settle` seconds before it passes',
      do: 'set `settle` lower or `timeout` higher',
    })
  }
  if (asked.expectExit === undefined) return
  if (asked.until === 'running') {
    throw new Problem('input expect-exit asks for an end, and `until: running` for none', {
      do: 'leave one of the two out',
    })
  }
  if (exitReportOf(guest) === 'none') {
    throw new Problem(`input expect-exit: nothing tells the exit status of ${guest.target.name}`, {
      because: 'its monitor ends the same way whatever status the unikernel gave',
      do: 'ask for a line on the console with `expect`',
    })
  }
}

/** What a boot is judged by. */
export function rulesFor(
  asked: Expectations,
  guest: Guest,
  machine: Pick<Rules, 'monitor' | 'accelerator' | 'mayFallBack'>,
): Rules {
  return {
    words: guest.isMarked ? dialects[guest.target.dialect] : anyDialect(),
    exitReport: exitReportOf(guest),
    ...machine,
    until: asked.until,
    settleMs: asked.settle * 1000,
    timeoutMs: asked.timeout * 1000,
    expect: asked.expect,
    forbid: asked.forbid,
    expectExit: asked.expectExit,
  }
}
