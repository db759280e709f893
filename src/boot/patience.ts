import type { Asked } from './asked.js'
import type { Rules } from './rules.js'
import type { Transcript } from './transcript.js'
import type { Evidence } from './verdict.js'

/**
 * A guest under a working KVM reaches its first line at once. One that says nothing for this long may be held up by a
 * KVM that runs guests hundreds of times too slowly (software nested virtualisation): emulation can tell.
 */
const silentKvmMs = 10_000

/** What time decides, by what was seen so far: until when a guest is waited for, and for what. */
export class Patience {
  constructor(
    private readonly rules: Rules,
    private readonly transcript: Transcript,
    private readonly asked: Asked,
    /** Whether it did something that only the unikernel itself can have done. */
    private readonly hasShownItself: () => boolean,
  ) {}

  /** When a guest that has shown nothing of itself counts as held up by KVM. */
  get silentMs(): number | undefined {
    const { accelerator, mayFallBack, timeoutMs } = this.rules
    const mayTell = accelerator === 'kvm' && mayFallBack && !this.hasShownItself() && this.transcript.announcement === undefined
    return mayTell ? Math.min(silentKvmMs, timeoutMs / 2) : undefined
  }

  /** The latest words that tell of an end, while the guest is still there and shows no other sign of life. */
  private get lastWords(): Evidence | undefined {
    const { death, announcement } = this.transcript
    return announcement?.evidence ?? death?.evidence
  }

  /**
   * The words that decide though the guest is still there. Where its end would show, a guest that is there has not ended,
   * whatever stands in its log. An exit line tells of an end that shows at once: it never decides alone.
   */
  private get fatalWords(): Evidence | undefined {
    const { death, announcement } = this.transcript
    if (this.rules.mayHang && death !== undefined) return death.evidence
    return this.rules.exitReport !== 'status' && announcement !== undefined && announcement.kind !== 'exit'
      ? announcement.evidence
      : undefined
  }

  /** When a guest that has said its last words counts as gone: what it said decides, not that its time ran out meanwhile. */
  get goneMs(): number | undefined {
    const { graceMs, timeoutMs } = this.rules
    const words = this.fatalWords
    if (words === undefined) return undefined
    return words.atMs < timeoutMs ? Math.min(words.atMs + graceMs, timeoutMs) : words.atMs + graceMs
  }

  /** When the first good sign is old enough; undefined while there is none, or while the console says that it has ended. */
  get settledMs(): number | undefined {
    const { settleMs, graceMs, exitReport } = this.rules
    const sign = this.goodSign()
    const isContradicted = this.fatalWords !== undefined || (exitReport === 'console' && this.transcript.announcement !== undefined)
    if (sign === undefined || isContradicted) return undefined
    // Words that do not decide must be outlived.
    return Math.max(sign.atMs + settleMs, (this.lastWords?.atMs ?? -Infinity) + Math.max(settleMs, graceMs))
  }

  /** When the time is over: what began to settle in time may go on, and so may what began to end. */
  get limitMs(): number {
    const { timeoutMs, settleMs, graceMs } = this.rules
    const sign = this.goodSign()
    const limit = Math.max(timeoutMs, sign === undefined ? 0 : sign.atMs + settleMs, this.goneMs ?? 0)
    const words = this.lastWords
    return words !== undefined && words.atMs < limit && this.goneMs === undefined
      ? Math.max(limit, words.atMs + graceMs, this.settledMs ?? 0)
      : limit
  }

  /** What there is of all that was asked of a guest that runs, if it came in time. */
  private goodSign(): Evidence | undefined {
    const { expectExit, until, timeoutMs } = this.rules
    if (expectExit !== undefined || until === 'exit' || this.asked.missing !== undefined) return undefined
    const sign = this.asked.waitsForSigns ? this.asked.lastSign : this.transcript.firstOwnLine
    return sign !== undefined && sign.atMs <= timeoutMs ? sign : undefined
  }
}
