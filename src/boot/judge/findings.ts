import type { ProbeAnswer } from "../probes/probe.js";
import type { ExpectedLine, ProbeReport } from "../report.js";
import type { Rules } from "./rules.js";
import { Transcript } from "./transcript.js";
import type { Evidence } from "./verdict.js";

export class Findings {
  readonly transcript: Transcript;
  readonly asked: Asked;
  /** The VMM's first own line that is not a warning. */
  complaint: Evidence | undefined;
  /** The guest asked for a restart, or had a triple fault. */
  wasReset = false;
  /** Something outside told QEMU to exit. */
  wasStopped = false;
  /** The VMM's line about the signal that stopped it. */
  stopLine: Evidence | undefined;

  constructor(readonly rules: Rules) {
    this.transcript = new Transcript(rules.words);
    this.asked = new Asked(rules);
  }

  /** It printed its backend's banner or a line of its own. */
  get guestSpoke(): boolean {
    return this.transcript.bannerSeen || this.transcript.firstOwnLine !== undefined;
  }

  /** The unikernel itself printed a line or answered a probe. */
  get hasShownItself(): boolean {
    return this.asked.hasAnswered || this.transcript.firstOwnLine !== undefined;
  }
}

/** An unmet expectation: as a sentence, as the end of one, and the last answer. */
export interface Missing {
  /** `listening` between backticks, or an answer. */
  readonly what: string;
  readonly never: string;
  readonly before: string;
  readonly last?: Evidence;
}

export class Asked {
  private readonly seen: (Evidence | undefined)[];
  private readonly answers: (ProbeReport | undefined)[];

  constructor(private readonly rules: Pick<Rules, "until" | "expect" | "probes" | "expectExit">) {
    this.seen = rules.expect.map(() => undefined);
    this.answers = rules.probes.map(() => undefined);
  }

  /** @returns whether the line is expected. */
  read(evidence: Evidence): boolean {
    const matched = this.rules.expect.map((pattern) => pattern.test(evidence.line));
    matched.forEach((holds, index) => {
      if (holds) this.seen[index] ??= evidence;
    });
    return matched.includes(true);
  }

  /** The first answer that holds stays: a server need not repeat it for ever. */
  answer(index: number, answer: ProbeAnswer, atMs: number): void {
    if (this.answers[index]?.holds !== true)
      this.answers[index] = { text: this.rules.probes[index] ?? "", ...answer, atMs };
  }

  get expected(): readonly ExpectedLine[] {
    return this.rules.expect.map(({ source }, index) => ({ pattern: source, seen: this.seen[index] !== undefined }));
  }

  get reports(): readonly ProbeReport[] {
    return this.answers.filter((answer) => answer !== undefined);
  }

  get hasAnswered(): boolean {
    return this.reports.some(({ holds }) => holds);
  }

  /** Lines or answers are expected of a running guest, not only its exit. */
  get waitsForSigns(): boolean {
    const { expect, probes, until, expectExit } = this.rules;
    return expect.length + probes.length > 0 && until !== "exit" && expectExit === undefined;
  }

  get missing(): Missing | undefined {
    const line = this.rules.expect.find((_, index) => this.seen[index] === undefined);
    if (line !== undefined) {
      const { source } = line;
      return { what: `\`${source}\``, never: `no line matched ${source}`, before: `a line matched ${source}` };
    }
    const index = this.answers.findIndex((answer) => answer?.holds !== true);
    if (index < 0) return undefined;
    const probe = `\`${this.rules.probes[index] ?? ""}\``;
    const last = evidenceOf(this.answers[index]);
    return {
      what: `an answer to ${probe}`,
      never: `${probe} was not answered as expected`,
      before: `${probe} was answered as expected`,
      ...(last && { last }),
    };
  }

  /** The latest of the expected lines and answers. */
  get lastSign(): Evidence | undefined {
    const signs = [...this.seen, ...this.answers.map(evidenceOf)];
    return signs.reduce((last, sign) => (last && sign && last.atMs > sign.atMs ? last : (sign ?? last)), undefined);
  }
}

function evidenceOf(report: ProbeReport | undefined): Evidence | undefined {
  return report && { line: `${report.text}: ${report.said}`, atMs: report.atMs };
}
