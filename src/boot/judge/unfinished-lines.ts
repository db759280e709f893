import type { Evidence } from "./verdict.js";

/** A line that has not grown for this long is perhaps all that will come: a prompt. */
const restMs = 200;

/** Lines whose ends have not come, one of each stream, while no whole line has come. */
export class UnfinishedLines {
  private lines: readonly { readonly evidence: Evidence; readonly isTaken: boolean }[] = [];

  /** @returns false for what was there before: it has no new time. */
  add(evidence: Evidence): boolean {
    if (this.lines.some((known) => known.evidence.line === evidence.line)) return false;
    const others = this.lines.filter((known) => !evidence.line.startsWith(known.evidence.line));
    this.lines = [...others, { evidence, isTaken: false }];
    return true;
  }

  clear(): void {
    this.lines = [];
  }

  /** When the first of them counts as all that will come of it; Infinity when none is left to take. */
  get restedMs(): number {
    const first = this.lines.find(({ isTaken }) => !isTaken);
    return first === undefined ? Infinity : first.evidence.atMs + restMs;
  }

  /** What counts as whole lines now; each of them once. */
  take(): Evidence[] {
    const taken = this.lines.filter(({ isTaken }) => !isTaken).map(({ evidence }) => evidence);
    this.lines = this.lines.map(({ evidence }) => ({ evidence, isTaken: true }));
    return taken;
  }
}
