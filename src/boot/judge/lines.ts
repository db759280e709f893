import { LineReader } from "../../platform/process/line-reader.js";
import type { Evidence } from "./verdict.js";

// ECMA-48: ESC [ parameters intermediates final (CSI), ESC ] ... BEL or ST (OSC), ESC with one more character.
// eslint-disable-next-line no-control-regex
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

// eslint-disable-next-line no-control-regex
const unfinishedEscape = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]*)$/;

/** Lines as a console shows them: free of escape sequences and NULs; empty ones are dropped. */
export class Lines {
  private readonly reader = new LineReader();

  add(chunk: Uint8Array): string[] {
    return this.reader
      .add(chunk)
      .map(plain)
      .filter((line) => line !== "");
  }

  get unfinished(): string {
    return plain(this.reader.unfinished.replace(unfinishedEscape, ""));
  }
}

function plain(line: string): string {
  return line.replace(escapeSequence, "").replaceAll("\0", "");
}

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
