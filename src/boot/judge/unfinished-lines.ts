import type { Evidence } from "./verdict.js";

/** A line that has not grown for this long may be complete: a prompt. */
const restMs = 200;

/** The unfinished lines of all streams, at most one each, since the last whole line. */
export class UnfinishedLines {
  private lines: readonly { readonly evidence: Evidence; readonly isTaken: boolean }[] = [];

  /** @returns false for a known line, which keeps its time. */
  add(evidence: Evidence): boolean {
    if (this.lines.some((known) => known.evidence.line === evidence.line)) return false;
    const others = this.lines.filter((known) => !evidence.line.startsWith(known.evidence.line));
    this.lines = [...others, { evidence, isTaken: false }];
    return true;
  }

  clear(): void {
    this.lines = [];
  }

  /** When the first line counts as complete; Infinity when no line is left to take. */
  get restedMs(): number {
    const first = this.lines.find(({ isTaken }) => !isTaken);
    return first === undefined ? Infinity : first.evidence.atMs + restMs;
  }

  /** The lines that count as complete now; each only once. */
  take(): Evidence[] {
    const taken = this.lines.filter(({ isTaken }) => !isTaken).map(({ evidence }) => evidence);
    this.lines = this.lines.map(({ evidence }) => ({ evidence, isTaken: true }));
    return taken;
  }
}
