import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { Problem, isMissing } from "../problem.js";
import { endWithUs, isEnding } from "./leftovers.js";
import { quote } from "./process.js";

/** A running program between two streams. */
export interface Filter {
  readonly input: Writable;
  readonly output: Readable;
  /**
   * Settles when the program has ended; rejects with a Problem that shows its errors, if it failed. Never settles when
   * this process is terminated meanwhile.
   */
  readonly ended: Promise<void>;
  /** Kills the program. */
  readonly stop: () => void;
}

/** The length of the kept end of its error stream, in characters. */
const keptCharacters = 4_000;

/** Starts a program between two streams. It ends with this process. */
export function openFilter(argv: readonly [string, ...string[]]): Filter {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const forget = child.pid === undefined ? () => undefined : endWithUs(child.pid);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-keptCharacters);
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
      const how = signal === null ? `exited with status ${code ?? ""}` : `was killed by ${signal}`;
      if (code === 0) resolve();
      else reject(new Problem(`${argv.map(quote).join(" ")} ${how}`, { evidence: errors.trim().split("\n") }));
    });
  });
  // A caller sees a failure in the streams first, and awaits the reason later.
  ended.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, ended, stop: () => void child.kill("SIGKILL") };
}
