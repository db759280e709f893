import { type DialectWords, firmware, ocamlAfterDeath, ocamlDeath, ocamlDeaths } from "./dialect.js";
import type { Evidence, Reason } from "./verdict.js";

export type Announcement =
  | { readonly kind: "exit"; readonly status: number; readonly evidence: Evidence }
  | { readonly kind: "abort" | "trap" | "unstarted"; readonly evidence: Evidence };

export interface Death {
  readonly reason: Reason & ("exception" | "abort");
  readonly summary: string;
  readonly evidence: Evidence;
}

/**
 * Output this soon after last words belongs to them: further lines of an exception, registers. Without times
 * (`explain`), or for thousands of lines, their number decides.
 */
const burst = { ms: 100, lines: 50 } as const;

/** The console so far, sorted by source and meaning. */
export class Transcript {
  /** The backend's whole banner was seen, so its other lines are visible too. */
  bannerSeen = false;
  lastLine: Evidence | undefined;
  /** The announced end, until a sign of life follows. */
  announcement: Announcement | undefined;
  /** The backend's last crash line, until output follows its dump. */
  crash: Evidence | undefined;
  /** The backend's last line, after which the processor rests for ever. */
  halted: Evidence | undefined;
  /** The latest line of the unikernel after the runtime's last words that does not belong to those. */
  afterDeath: Evidence | undefined;
  private firstWholeOwnLine: Evidence | undefined;
  private wholeDeath: Death | undefined;
  private bannerIsOpen = false;
  /** The firmware has begun, and not yet handed over. */
  private firmwareIsOpen = false;
  /** The meaning of an unfinished line so far: its rest may change it. */
  private open: { readonly ownLine?: Evidence | undefined; readonly death?: Death | undefined } = {};
  private lastWords = { atMs: -Infinity, lines: 0 };

  constructor(private readonly words: DialectWords) {}

  get firstOwnLine(): Evidence | undefined {
    return this.firstWholeOwnLine ?? this.open.ownLine;
  }

  /** The runtime's last words, until a sign of life follows. */
  get death(): Death | undefined {
    return this.wholeDeath ?? this.open.death;
  }

  /** Takes an unfinished line: it may be last words, but never refutes earlier ones. */
  addUnfinished(evidence: Evidence): void {
    const text = evidence.line.replace(firmware.prefix, "");
    this.lastLine = evidence;
    const announcement = this.announcementIn(text, evidence);
    if (announcement !== undefined) this.announce(announcement);
    const isOpen = this.bannerIsOpen || (this.firmwareIsOpen && text === evidence.line);
    const isOwn = announcement === undefined && !isOpen && this.isOutput(text);
    const ownLine = isOwn ? { ...evidence, atMs: this.open.ownLine?.atMs ?? evidence.atMs } : undefined;
    this.open = { ownLine, death: isOwn ? deathIn(text, evidence) : undefined };
  }

  add(evidence: Evidence): void {
    const logAt = this.words.glued?.exec(evidence.line)?.index ?? 0;
    if (logAt === 0) this.addLine(evidence);
    else {
      this.addLine({ ...evidence, line: evidence.line.slice(0, logAt) });
      this.addLine({ ...evidence, line: evidence.line.slice(logAt) });
    }
  }

  private addLine(evidence: Evidence): void {
    const text = evidence.line.replace(firmware.prefix, "");
    this.lastLine = evidence;
    this.open = {};
    this.lastWords.lines += 1;
    this.lookForCrash(text, evidence);
    if (this.words.halted?.test(text) === true) this.halted = evidence;
    const announcement = this.announcementIn(text, evidence);
    if (announcement !== undefined) {
      if (this.isOutput(text)) this.firstWholeOwnLine ??= evidence;
      this.announce(announcement);
      return;
    }
    if (this.followBanner(text, text !== evidence.line) || !this.isOutput(text)) return;
    this.firstWholeOwnLine ??= evidence;
    this.halted = undefined;
    const death = deathIn(text, evidence);
    const isLife = death === undefined && !ocamlAfterDeath.some((pattern) => pattern.test(text));
    // After an exit or an abort a guest prints nothing more; a trap's report has lines without the backend's mark.
    if (this.announcement?.kind !== "trap") this.announcement = undefined;
    if (death !== undefined && this.wholeDeath === undefined) {
      this.wholeDeath = death;
      this.beginBurst(evidence.atMs);
    }
    if (death !== undefined) this.afterDeath = undefined;
    else if (isLife && this.wholeDeath !== undefined) this.afterDeath = evidence;
    if (isLife) this.showLife(evidence.atMs);
  }

  /**
   * The guest showed that it lives. Output within the burst of its last words does not count.
   *
   * @param atMs Infinity for a sign that proves it however soon it came.
   */
  showLife(atMs: number): void {
    if (this.isInBurst(atMs)) return;
    this.wholeDeath = undefined;
    this.announcement = undefined;
    this.open = { ...this.open, death: undefined };
  }

  private lookForCrash(text: string, evidence: Evidence): void {
    if (this.words.crash?.test(text) === true) {
      this.crash = evidence;
      this.beginBurst(evidence.atMs);
    } else {
      const isDump = this.words.dump?.test(text) ?? false;
      const goesOn = !isDump && this.isOutput(text);
      if (goesOn || !this.isInBurst(evidence.atMs)) this.crash = undefined;
    }
  }

  private announce(announcement: Announcement): void {
    // A trap's report continues with an abort's words: the trap is the cause and stays.
    if (this.announcement?.kind === "trap" && announcement.kind !== "exit") return;
    // Unikraft's own main() returns a failure when the program has none.
    if (this.announcement?.kind === "unstarted" && announcement.kind === "exit") return;
    this.announcement = announcement;
    this.beginBurst(announcement.evidence.atMs);
  }

  private beginBurst(atMs: number): void {
    this.lastWords = { atMs, lines: 0 };
  }

  private isInBurst(atMs: number): boolean {
    return atMs - this.lastWords.atMs <= burst.ms && this.lastWords.lines <= burst.lines;
  }

  private announcementIn(text: string, evidence: Evidence): Announcement | undefined {
    for (const { kind, pattern } of this.words.ends) {
      const match = pattern.exec(text);
      if (match === null) continue;
      if (kind !== "exit") return { kind, evidence };
      return { kind, status: Number(match.slice(1).join("")), evidence };
    }
    return undefined;
  }

  private followBanner(text: string, isHandover: boolean): boolean {
    const { first, last } = this.words.banner;
    const isLast = last.test(text);
    // What precedes the firmware or the banner in a saved console was not the guest's.
    const isStart = isLast || isHandover || first.test(text) || firmware.first.test(text);
    if (!this.bannerSeen && isStart) this.firstWholeOwnLine = undefined;
    this.firmwareIsOpen = !isLast && !isHandover && (this.firmwareIsOpen || firmware.first.test(text));
    this.bannerIsOpen =
      !isLast && (this.bannerIsOpen || (!this.bannerSeen && (first.test(text) || firmware.loader.test(text))));
    this.bannerSeen ||= isLast;
    return this.bannerIsOpen || this.firmwareIsOpen || isLast;
  }

  private isOutput(text: string): boolean {
    return text.trim() !== "" && !this.words.chrome.some((pattern) => pattern.test(text));
  }
}

function deathIn(text: string, evidence: Evidence): Death | undefined {
  const words = ocamlDeaths(text);
  const death = ocamlDeath.find((known) =>
    words.some(({ begins, rest }) => (begins || !known.begins) && known.pattern.test(rest)),
  );
  return death && { reason: death.reason, summary: death.summary, evidence };
}
