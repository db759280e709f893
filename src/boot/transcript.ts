import { type DialectWords, firmware, ocamlBacktrace, ocamlDeath } from './dialect.js'
import type { Evidence, Reason } from './verdict.js'

/** How the backend announced the guest's end. */
export type Announcement =
  | { readonly kind: 'exit'; readonly status: number; readonly evidence: Evidence }
  | { readonly kind: 'abort' | 'trap'; readonly evidence: Evidence }

/** The last words of OCaml's runtime. */
export interface Death {
  readonly reason: Reason & ('exception' | 'abort')
  readonly summary: string
  readonly evidence: Evidence
}

/** What has been said on a console so far, sorted by who said it and what it means. */
export class Transcript {
  /** The backend's banner was seen whole: its other lines are not hidden. */
  bannerSeen = false
  /** The first line that is neither firmware's nor the backend's. */
  firstOwnLine: Evidence | undefined
  lastLine: Evidence | undefined
  /** The end that the backend announced, while nothing of the unikernel's own came after it. */
  announcement: Announcement | undefined
  /** The runtime's last words, while no sign of life came after them. */
  death: Death | undefined
  private bannerIsOpen = false

  constructor(private readonly words: DialectWords) {}

  add(evidence: Evidence): void {
    const text = evidence.line.replace(firmware.prefix, '')
    this.lastLine = evidence
    const announcement = this.announcementIn(text, evidence)
    if (announcement !== undefined) {
      if (!text.startsWith('Solo5: ')) this.firstOwnLine ??= evidence
      // A trap's report goes on with an abort's words: the trap is the cause and stays.
      if (!(this.announcement?.kind === 'trap' && announcement.kind === 'abort')) this.announcement = announcement
      return
    }
    if (!this.isOwn(text)) return
    this.firstOwnLine ??= evidence
    // A trap's report has lines without the backend's mark; a unikernel that runs on after announcing an exit has not ended.
    if (this.announcement?.kind === 'exit') this.announcement = undefined
    const death = ocamlDeath.find(({ pattern }) => pattern.test(text))
    if (death !== undefined) this.death ??= { reason: death.reason, summary: death.summary, evidence }
    else if (!ocamlBacktrace.test(text)) this.death = undefined
  }

  private announcementIn(text: string, evidence: Evidence): Announcement | undefined {
    for (const { kind, pattern } of this.words.ends) {
      const match = pattern.exec(text)
      if (match !== null) return kind === 'exit' ? { kind, status: Number(match[1]), evidence } : { kind, evidence }
    }
    return undefined
  }

  private isOwn(text: string): boolean {
    const { banner, chrome } = this.words
    if (!this.bannerSeen && banner.first.test(text)) this.bannerIsOpen = true
    if (banner.last.test(text)) {
      this.bannerIsOpen = false
      this.bannerSeen = true
      return false
    }
    if (this.bannerIsOpen || text.trim() === '') return false
    return ![...chrome, ...firmware.lines].some((pattern) => pattern.test(text))
  }
}
