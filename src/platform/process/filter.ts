import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { isMissing, Problem } from "../problem.js";
import { endWithUs, isEnding } from "./leftovers.js";
import { quote } from "./process.js";

/** A program that reads bytes of ours and writes others. */
export interface Filter {
  readonly input: Writable;
  readonly output: Readable;
  /** Settles when it has ended: with a Problem that has its own words, unless it ended well; never when we are told to end meanwhile. */
  readonly ended: Promise<void>;
  /** Ends it where its work is not wanted any more. */
  readonly stop: () => void;
}

/** What is kept of its error stream, in characters. */
const keptCharacters = 4_000;

/** Starts a program between two streams. It ends with us. */
export function openFilter(argv: readonly [string, ...string[]]): Filter {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const forget = child.pid === undefined ? () => undefined : endWithUs(child.pid);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-keptCharacters);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (error) => {
      forget();
      reject(
        isMissing(error) ? new Problem(`${program} is not installed or not on PATH`, {}, { cause: error }) : error,
      );
    });
    child.once("close", (code, signal) => {
      forget();
      if (isEnding()) return;
      if (code === 0) resolve();
      else
        reject(
          new Problem(`${argv.map(quote).join(" ")} ended with ${signal ?? `status ${code ?? ""}`}`, {
            evidence: said.trim().split("\n"),
          }),
        );
    });
  });
  // Whoever uses the streams hears of a failure there first, and asks for the reason here.
  ended.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, ended, stop: () => void child.kill("SIGKILL") };
}
