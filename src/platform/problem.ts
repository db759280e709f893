import { didYouMean } from "./closest.js";

/**
 * The facts that follow the first line of a {@link Problem}, in this order.
 *
 * - `found`: the actual value or state
 * - `because`: the cause, when the first line does not name it
 * - `at`: the calls that led to it, the innermost first
 * - `evidence`, `console`: lines of a log or console that show it
 * - `accepted`: every value that would be right
 * - `do`: the remedy
 * - `again`: the command that reproduces it on the reader's machine
 */
const factLabels = ["found", "because", "at", "evidence", "console", "accepted", "do", "again"] as const;
export type FactLabel = (typeof factLabels)[number];
export type Facts = Readonly<Partial<Record<FactLabel, string | readonly string[]>>>;

/** A log that belongs to a problem but is too long to be one of its facts. */
export interface WholeLog {
  readonly title: string;
  /** Untrusted: another program's output, shown as a quotation. */
  readonly lines: readonly string[];
}

/**
 * The exit status of the command line: 1 for a failure, 2 for a wrong use (a value, an option or a place that cannot
 * work), 3 for what was skipped though it was required. docs/command-line.md has the table.
 */
export type ExitCode = 1 | 2 | 3;

/**
 * A failure that a person can act on, shown without a stack trace.
 * Any other error that reaches the top is reported as a defect of ours.
 */
export class Problem extends Error {
  readonly facts: Facts;
  readonly wholeLog: WholeLog | undefined;

  /** @param what one sentence without a full stop: what is wrong, and where. */
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

  /** See {@link ExitCode}. */
  get exitCode(): ExitCode {
    return 1;
  }

  /** Another problem of the same kind. */
  alike(
    what: string,
    facts: Facts = this.facts,
    options: ConstructorParameters<typeof Problem>[2] = { cause: this.cause, wholeLog: this.wholeLog },
  ): Problem {
    const Kind = this.constructor as typeof Problem;
    return new Kind(what, facts, options);
  }

  /**
   * The same problem with a path replaced that means nothing to a reader, such as a folder that is already gone.
   *
   * @param word the replacement.
   */
  without(path: string, word = "TOOLCHAIN"): Problem {
    const shown = <Text extends string | readonly string[]>(text: Text): Text =>
      (typeof text === "string"
        ? text.replaceAll(path, () => word)
        : text.map((line) => line.replaceAll(path, () => word))) as Text;
    const facts = Object.fromEntries(Object.entries(this.facts).map(([label, text]) => [label, shown(text)]));
    const whole = this.wholeLog && { title: this.wholeLog.title, lines: shown(this.wholeLog.lines) };
    return this.alike(shown(this.message), facts, { cause: this.cause, wholeLog: whole });
  }

  /** The sentence, then the facts, aligned. */
  override toString(): string {
    return [this.message, ...renderFacts(this.facts)].join("\n");
  }
}

/** A {@link Problem} of the command or the inputs, which nothing but another command or other inputs solves. */
export class WrongUse extends Problem {
  override get exitCode(): ExitCode {
    return 2;
  }
}

/** A {@link Problem} of something that was required and could not be done: it neither passed nor failed. */
export class RequiredSkip extends Problem {
  override get exitCode(): ExitCode {
    return 3;
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

/** The remedy in the text of a {@link Problem}. */
export function remedyIn(text: string): string | undefined {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("  do "));
  if (start === -1) return undefined;
  const more = lines.slice(start + 1).findIndex((line) => !line.startsWith(" ".repeat(labelWidth + 2)));
  const told = lines.slice(start, more === -1 ? undefined : start + 1 + more);
  return told.map((line) => line.slice(labelWidth + 2)).join("\n");
}

/** The message of any thrown value, for use in another message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error has one of these codes: a name of errno(3), or one of Node's. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Whether the cause of an error is a missing file. */
export const isMissing = (error: unknown): boolean => hasCode(error, "ENOENT");

/** Whether the cause of an error is a full disk. Such an error of an open file does not name the file. */
export const isDiskFull = (error: unknown): boolean => hasCode(error, "ENOSPC", "EDQUOT");

/** Whether the cause of an error is a missing permission. */
export const isNotAllowed = (error: unknown): boolean => hasCode(error, "EROFS", "EACCES", "EPERM");

/** A text that an input does not accept. The reader of all inputs adds the input's name. */
export class InputError extends Error {
  override readonly name = "InputError";

  /**
   * @param got the text, or the wrong line of it.
   * @param accepted the right values, as a phrase.
   * @param known all right values, if they are a closed list: the message names the closest one.
   */
  constructor(
    readonly got: string,
    readonly accepted: string,
    known: readonly string[] = [],
  ) {
    super(`${JSON.stringify(got)} is not accepted${didYouMean(got, known)}`);
  }
}
