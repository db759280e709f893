import type { Rules } from "./rules.js";
import { Transcript } from "./transcript.js";
import type { Evidence } from "./verdict.js";
import type { ProbeAnswer } from "../probes/probe.js";
import type { ProbeReport } from "../report.js";

/** What a guest is judged by, and all that was seen of it so far. */
export class Findings {
  readonly transcript: Transcript;
  readonly asked: Asked;
  /** The VMM's first own line that is not a warning. */
  complaint: Evidence | undefined;
  /** The guest asked to be restarted, or fell over. */
  wasReset = false;
  /** QEMU was told from outside to end: nothing that the guest did. */
  wasStopped = false;

  constructor(readonly rules: Rules) {
    this.transcript = new Transcript(rules.words);
    this.asked = new Asked(rules);
  }

  /** Its backend's banner or a line of its own was seen. */
  get guestSpoke(): boolean {
    return this.transcript.bannerSeen || this.transcript.firstOwnLine !== undefined;
  }

  /** Something was seen that only the unikernel itself can have done. */
  get hasShownItself(): boolean {
    return this.asked.hasAnswered || this.transcript.firstOwnLine !== undefined;
  }
}

/** What did not happen: as a sentence, as the end of one, and what was seen of it at last. */
export interface Missing {
  readonly never: string;
  readonly before: string;
  readonly last?: Evidence;
}

/** What a guest was asked to show, and what of it was seen. */
export class Asked {
  private readonly seen: (Evidence | undefined)[];
  private readonly answers: (ProbeReport | undefined)[];

  constructor(private readonly rules: Pick<Rules, "until" | "expect" | "probes" | "expectExit">) {
    this.seen = rules.expect.map(() => undefined);
    this.answers = rules.probes.map(() => undefined);
  }

  read(evidence: Evidence): void {
    this.rules.expect.forEach((pattern, index) => {
      if (pattern.test(evidence.line)) this.seen[index] ??= evidence;
    });
  }

  /** The first answer that holds stays: what a server does once it must not do for ever. */
  answer(index: number, answer: ProbeAnswer, atMs: number): void {
    if (this.answers[index]?.holds !== true)
      this.answers[index] = { text: this.rules.probes[index] ?? "", ...answer, atMs };
  }

  /** The last answer to each probe that was answered at all. */
  get reports(): readonly ProbeReport[] {
    return this.answers.filter((answer) => answer !== undefined);
  }

  /** A probe was answered as asked. */
  get hasAnswered(): boolean {
    return this.reports.some(({ holds }) => holds);
  }

  /** Lines or answers were asked for, and not only an end. */
  get waitsForSigns(): boolean {
    const { expect, probes, until, expectExit } = this.rules;
    return expect.length + probes.length > 0 && until !== "exit" && expectExit === undefined;
  }

  /** The first of all that did not happen. */
  get missing(): Missing | undefined {
    const line = this.rules.expect.find((_, index) => this.seen[index] === undefined);
    if (line !== undefined) return { never: `no line matched ${line.source}`, before: `a line matched ${line.source}` };
    const index = this.answers.findIndex((answer) => answer?.holds !== true);
    if (index < 0) return undefined;
    const probe = `\`${this.rules.probes[index] ?? ""}\``;
    const last = evidenceOf(this.answers[index]);
    return {
      never: `${probe} was not answered as asked`,
      before: `${probe} was answered as asked`,
      ...(last && { last }),
    };
  }

  /** The latest of the lines and answers that were asked for. */
  get lastSign(): Evidence | undefined {
    const signs = [...this.seen, ...this.answers.map(evidenceOf)];
    return signs.reduce((last, sign) => (last && sign && last.atMs > sign.atMs ? last : (sign ?? last)), undefined);
  }
}

function evidenceOf(report: ProbeReport | undefined): Evidence | undefined {
  return report && { line: `${report.text}: ${report.said}`, atMs: report.atMs };
}
