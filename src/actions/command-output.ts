// What the command line prints. With --json, standard output has exactly one JSON value when the process ends: the
// command's, with an `error` when it failed. Everything else goes to standard error.
import { skipReasons } from "../artifact/verdicts.js";
import { type Log, printedJson } from "../platform/log.js";
import { type ExitCode, Problem, remedyIn } from "../platform/problem.js";
import { type StreamName, streamLog } from "../platform/runner/standard-streams.js";
import { guardProcess } from "./main.js";

/** The options of the whole command line. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Why a command failed, as `--json` prints it. */
export interface CommandError {
  /** One word: that of a verdict (`timeout`), else `wrong-use`, `skipped`, `bug` or `failed`. */
  readonly reason: string;
  readonly sentence: string;
  /** The cause, where the sentence does not name it. */
  readonly because?: string;
  /** What to do, or what would be accepted; null if nothing is known. */
  readonly remedy: string | null;
  readonly exitCode: number;
}

let options: () => OutputOptions = () => ({});
/** What the command printed, with --json. */
let printed = "";
/** The first error, and its text in the log. */
let failure: unknown;
let logged: string | undefined;

/** Takes the options from here, once they are parsed. */
export function followOptions(given: () => OutputOptions): void {
  options = given;
}

/** Prints whole lines on standard output, guarded like the log; with --json one JSON value, when the process ends. */
export function print(text: string): void {
  if (isJson()) printed += text;
  else /* promise: printed-lines-are-guarded */ logOn("stdout").line(text.replace(/\n$/, ""));
}

export function isJson(): boolean {
  return options().json === true;
}

/** The log of a command, which gets everything that is printed from now on. */
export function createTerminalLog(): Log {
  const log = logOn(isJson() ? "stderr" : "stdout");
  guardProcess(log, isGitHub());
  if (!isJson()) return log;
  return {
    ...log,
    error: (text) => {
      logged ??= text;
      log.error(text);
    },
  };
}

export function logOn(stream: StreamName): Log {
  return streamLog(stream, isGitHub(), options().verbose === true);
}

/** Keeps the error that ends a command, for {@link endOutput}. */
export function keepFailure(error: unknown): void {
  failure ??= error;
}

/** Prints the JSON value of a process that ends with this status. */
export function endOutput(exitCode: number): void {
  if (!isJson()) return;
  const { value, lines } = valueOf(printed);
  logOn("stderr").untrusted(lines);
  const error = exitCode === 0 ? undefined : errorOf({ failure, logged, value, exitCode });
  const all = error === undefined ? value : { ...(Array.isArray(value) ? { value } : value), error };
  for (const line of printedJson(all).split("\n")) logOn("stdout").line(line);
}

/** The JSON value in what a command printed; commands that have none print lines for people. */
function valueOf(text: string): { readonly value: object; readonly lines: readonly string[] } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { value, lines: [] };
  } catch {
    // Lines for people.
  }
  return { value: {}, lines: text.split("\n").filter((line) => line !== "") };
}

/** What is known when a command ends with a failure. */
interface End {
  /** The error that ended it, if one did. */
  readonly failure: unknown;
  /** The first error in its log. */
  readonly logged: string | undefined;
  /** Its JSON value. */
  readonly value: object;
  readonly exitCode: number;
}

/** The error object of a failed command. */
export function errorOf({ failure: cause, logged: inLog, value, exitCode }: End): CommandError {
  const known = value as Readonly<Record<string, unknown>>;
  const text = (...names: readonly string[]) =>
    names.map((name) => known[name]).find((one) => typeof one === "string" && one !== "") as string | undefined;
  if (cause instanceof Problem) {
    const { do: remedy, accepted, because } = cause.facts;
    const told = [remedy ?? accepted ?? []].flat();
    return {
      reason: wordOf(exitCode),
      sentence: cause.message,
      ...(because === undefined ? {} : { because: [because].flat().join("\n") }),
      remedy: told.length === 0 ? null : told.join("\n"),
      exitCode,
    };
  }
  const sentence = inLog?.split("\n")[0] ?? text("summary") ?? "the command failed; the log says why";
  const remedy = (inLog === undefined ? undefined : remedyIn(inLog)) ?? text("remedy") ?? null;
  const reason = cause === undefined ? (text("verdict-reason", "reason") ?? wordOf(exitCode)) : "bug";
  return { reason, sentence, remedy, exitCode };
}

const words: Readonly<Record<number, string>> = { 1: "failed", 2: "wrong-use", 3: "skipped" };
const wordOf = (exitCode: number): string => words[exitCode] ?? "failed";

/** The exit status of a command that returned false: 3 when no image failed, and one was not booted. */
export function exitCodeOf(outputs: Readonly<Record<string, string>>): ExitCode {
  try {
    const judged = JSON.parse(outputs["verdicts"] ?? "[]") as { readonly verdict: string; readonly reason: string }[];
    const failed = judged.filter(({ verdict }) => verdict === "failed");
    return failed.length > 0 && failed.every(({ reason }) => skipReasons.includes(reason)) ? 3 : 1;
  } catch {
    return 1;
  }
}

function isGitHub(): boolean {
  return process.env["GITHUB_ACTIONS"] === "true";
}
