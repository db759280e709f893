import { type DialectWords, firmware, ocamlAfterDeath, ocamlDeath } from './dialect.js'
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
  lastLine: Evidence | undefined
  /** The end that the backend announced, while nothing of the unikernel's own came after it. */
  announcement: Announcement | undefined
  private firstWholeOwnLine: Evidence | undefined
  private wholeDeath: Death | undefined
  private bannerIsOpen = false
  /** What an unfinished line looks like so far: the rest of it may tell otherwise. */
  private open: { readonly ownLine?: Evidence | undefined; readonly death?: Death | undefined } = {}

  constructor(private readonly words: DialectWords) {}

  /** The first line that is neither firmware's nor the backend's. */
  get firstOwnLine(): Evidence | undefined {
    return this.firstWholeOwnLine ?? this.open.ownLine
  }

  /** The runtime's last words, while no sign of life came after them. */
  get death(): Death | undefined {
    return this.wholeDeath ?? this.open.death
  }

  /** Takes what there is of a line whose end has not come: perhaps last words, never a sign that earlier ones were not. */
  addUnfinished(evidence: Evidence): void {
    const text = evidence.line.replace(firmware.prefix, '')
    this.lastLine = evidence
    const announcement = this.announcementIn(text, evidence)
    if (announcement !== undefined) this.announce(announcement)
    const isOwn = announcement === undefined && !this.bannerIsOpen && this.isOutput(text)
    const ownLine = isOwn ? { ...evidence, atMs: this.open.ownLine?.atMs ?? evidence.atMs } : undefined
    this.open = { ownLine, death: isOwn ? deathIn(text, evidence) : undefined }
  }

  /** Takes a whole line. */
  add(evidence: Evidence): void {
    const text = evidence.line.replace(firmware.prefix, '')
    this.lastLine = evidence
    this.open = {}
    const announcement = this.announcementIn(text, evidence)
    if (announcement !== undefined) {
      if (this.isOutput(text)) this.firstWholeOwnLine ??= evidence
      this.announce(announcement)
      return
    }
    if (!this.isOwn(text)) return
    this.firstWholeOwnLine ??= evidence
    // A unikernel that runs on after announcing its end has not ended. A trap's report has lines without the backend's mark.
    if (this.announcement?.kind !== 'trap') this.announcement = undefined
    const death = deathIn(text, evidence)
    if (death !== undefined) this.wholeDeath ??= death
    else if (!ocamlAfterDeath.some((pattern) => pattern.test(text))) this.wholeDeath = undefined
  }

  private announce(announcement: Announcement): void {
    // A trap's report goes on with an abort's words: the trap is the cause and stays.
    if (this.announcement?.kind === 'trap' && announcement.kind !== 'exit') return
    this.announcement = announcement
  }

  private announcementIn(text: string, evidence: Evidence): Announcement | undefined {
    for (const { kind, pattern } of this.words.ends) {
      const match = pattern.exec(text)
      if (match !== null) return kind === 'exit' ? { kind, status: Number(match[1]), evidence } : { kind, evidence }
    }
    return undefined
  }

  private isOwn(text: string): boolean {
    const { banner } = this.words
    if (!this.bannerSeen && banner.first.test(text)) this.bannerIsOpen = true
    if (banner.last.test(text)) {
      this.bannerIsOpen = false
      this.bannerSeen = true
      return false
    }
    return !this.bannerIsOpen && this.isOutput(text)
  }

  /** Whether a line outside of the banner is the unikernel's own. */
  private isOutput(text: string): boolean {
    return text.trim() !== '' && ![...this.words.chrome, ...firmware.lines].some((pattern) => pattern.test(text))
  }
}

function deathIn(text: string, evidence: Evidence): Death | undefined {
  const death = ocamlDeath.find(({ pattern }) => pattern.test(text))
  return death && { reason: death.reason, summary: death.summary, evidence }
}
