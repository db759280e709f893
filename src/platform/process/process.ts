import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { Problem, isMissing } from "../problem.js";
import { endWithUs, isEnding } from "./leftovers.js";
import { LineReader } from "./line-reader.js";

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the process; default: ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of its output and error stream as it arrives; long lines are cut. */
  readonly onLine?: (line: string) => void;
  /** Ends the program and its process group: first by SIGTERM, then by SIGKILL. */
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs programs to their end. */
export interface Processes {
  /**
   * Runs `argv` with an empty standard input, and keeps the end of its output. Never through a shell. The program ends
   * with this process; the promise never settles when this process is terminated meanwhile.
   *
   * @throws Problem when the program does not exist. A non-zero exit is an outcome, not an error: see {@link succeed}.
   */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<Outcome>;
}

export const processes: Processes = { run };

/** The end of a stream that is kept: a failure shows its last lines, and a build can print without end. */
const keptCharacters = 4 * 1024 * 1024;

/** How long to read after the end of a program: a program that it left in the background can hold its streams open. */
const readOnMs = 1_000;

/** How long a program has to end after SIGTERM. */
const graceMs = 2_000;

/**
 * Not by @actions/exec: it ends our process by EPIPE when a program ends before it has read an empty input; and without
 * an input it leaves the standard input open, so a program that reads it waits for ever.
 */
function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    if (isEnding()) return;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      // promise: programs-have-no-shell
      stdio: ["ignore", "pipe", "pipe"],
      // A new process group, but not for sudo: we cannot signal it, and it remembers a password for each terminal
      // (sudoers(5), timestamp_type).
      detached: program !== "sudo",
    });
    const forget = child.pid === undefined ? () => undefined : endWithUs(child.pid);
    const stopped = options.signal === undefined ? () => undefined : stopBy(options.signal, child);
    let letGo: NodeJS.Timeout | undefined;
    child.once("exit", () => {
      forget();
      stopped();
      letGo = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), readOnMs);
    });
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);
    child.once("error", (error) => {
      const isProgramMissing = isMissing(error) && (options.cwd === undefined || existsSync(options.cwd));
      reject(
        isProgramMissing ? new Problem(`${program} is not installed or not on PATH`, {}, { cause: error }) : error,
      );
    });
    child.once("close", (code, signal) => {
      clearTimeout(letGo);
      if (isEnding()) return;
      // As a shell does: 128 plus the signal's number.
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ argv, exitCode, stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

/** @returns a function to call when the program has ended: it kills the rest of a stopped program's group. */
function stopBy(signal: AbortSignal, child: ChildProcess): () => void {
  let kill: NodeJS.Timeout | undefined;
  const end = (how: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // The whole group has ended.
    }
  };
  const stop = () => {
    end("SIGTERM");
    kill = setTimeout(() => end("SIGKILL"), graceMs);
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => {
    signal.removeEventListener("abort", stop);
    clearTimeout(kill);
    if (signal.aborted) end("SIGKILL");
  };
}

function collect(stream: Readable, onLine: RunOptions["onLine"]): Tail {
  const tail = new Tail();
  stream.on("data", (chunk: Buffer) => tail.add(chunk));
  if (onLine === undefined) return tail;
  const lines = new LineReader();
  stream.on("data", (chunk: Buffer) => lines.add(chunk).forEach((line) => onLine(line)));
  // `close`, because a stream that was let go has no `end`.
  stream.once("close", () => lines.end().forEach((line) => onLine(line)));
  return tail;
}

class Tail {
  private chunks: Buffer[] = [];
  private length = 0;

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    // promise: kept-output-has-a-size
    while (this.length - (this.chunks[0]?.length ?? 0) > keptCharacters)
      this.length -= this.chunks.shift()?.length ?? 0;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }
}

/**
 * The outcome, if it is a success.
 *
 * @param doing the purpose of the command, for the problem: "installing solo5" gives "installing solo5 failed".
 * @throws Problem with the command, its status and its last lines.
 */
export function succeed(outcome: Outcome, doing: string): Outcome {
  if (outcome.exitCode === 0) return outcome;
  throw new Problem(`${doing} failed: ${outcome.argv[0] ?? ""} exited with status ${outcome.exitCode}`, {
    ...killedFact(outcome.exitCode),
    evidence: lastLines(`${outcome.stdout}\n${outcome.stderr}`, 30),
    again: outcome.argv.map(quote).join(" "),
  });
}

/** Why a killed program ended, which it cannot say itself, as a fact of a {@link Problem}. */
export function killedFact(exitCode: number): { readonly because?: string } {
  return exitCode === 128 + constants.signals.SIGKILL
    ? { because: "it was killed (SIGKILL), as Linux does when memory runs out" }
    : {};
}

/** The last `count` lines that are not empty or whitespace. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .slice(-count);
}

/** A word quoted for a POSIX shell, for commands that a person can copy. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
