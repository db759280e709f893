/**
 * What a {@link Problem} can say beside its first line; shown in this order.
 *
 * - `found`: what is there instead
 * - `because`: the cause, when the first line does not carry it
 * - `evidence`: lines of a log or console that show it
 * - `accepted`: everything that would have been right
 * - `do`: the remedy
 * - `again`: the command that shows the same thing on the reader's own machine
 */
const factLabels = ["found", "because", "evidence", "console", "accepted", "do", "again"] as const;
export type FactLabel = (typeof factLabels)[number];
export type Facts = Readonly<Partial<Record<FactLabel, string | readonly string[]>>>;

/** A log that belongs to a problem and is too long to be told with it. */
export interface WholeLog {
  readonly title: string;
  /** Of others: shown as a quotation. */
  readonly lines: readonly string[];
}

/**
 * A failure that a person can act on: it is shown as it is, without a stack trace.
 * Any other error that reaches the top is a defect of ours and is reported as one.
 */
export class Problem extends Error {
  readonly facts: Facts;
  readonly wholeLog: WholeLog | undefined;

  /** @param what one sentence without a final stop: what was wrong, and where. */
  constructor(
    what: string,
    facts: Facts = {},
    options: ErrorOptions & { readonly wholeLog?: WholeLog | undefined } = {},
  ) {
    super(what, options);
    this.name = "Problem";
    this.facts = facts;
    this.wholeLog = options.wholeLog;
  }

  /**
   * The same without a path of ours that is gone, or means nothing, when a person reads of it.
   *
   * @param word in its place.
   */
  without(path: string, word = "TOOLCHAIN"): Problem {
    const shown = <Text extends string | readonly string[]>(text: Text): Text =>
      (typeof text === "string"
        ? text.replaceAll(path, word)
        : text.map((line) => line.replaceAll(path, word))) as Text;
    const facts = Object.fromEntries(Object.entries(this.facts).map(([label, text]) => [label, shown(text)]));
    const whole = this.wholeLog && { title: this.wholeLog.title, lines: shown(this.wholeLog.lines) };
    return new Problem(shown(this.message), facts, { cause: this.cause, wholeLog: whole });
  }

  /** The problem as a person reads it: the sentence, then its facts, aligned. */
  override toString(): string {
    return [this.message, ...renderFacts(this.facts)].join("\n");
  }
}

const labelWidth = 11;

function renderFacts(facts: Facts): string[] {
  return factLabels.flatMap((label) => {
    const value = facts[label];
    const lines = value === undefined ? [] : typeof value === "string" ? value.split("\n") : value;
    return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(labelWidth)}${line}`);
  });
}

/** The message of anything thrown, for use inside another message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error is one of these of the system: errno(3), or a code of Node's own. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Whether an error says that there is no such file. */
export const isMissing = (error: unknown): boolean => hasCode(error, "ENOENT");

/** Whether an error says that a disk has no space left. Writing to an open file fails so without naming it. */
export const isDiskFull = (error: unknown): boolean => hasCode(error, "ENOSPC", "EDQUOT");

/** Whether an error says that we may not do this there. */
export const isNotAllowed = (error: unknown): boolean => hasCode(error, "EROFS", "EACCES", "EPERM");

/** Text that an input does not accept. Whoever reads all inputs adds the input's name. */
export class InputError extends Error {
  override readonly name = "InputError";

  /**
   * @param got the text, or the line of it that is wrong.
   * @param accepted what would have been right, as a phrase.
   */
  constructor(
    readonly got: string,
    readonly accepted: string,
  ) {
    super(`${JSON.stringify(got)} is not accepted`);
  }
}
