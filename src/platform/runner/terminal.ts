import { createInterface } from "node:readline/promises";
import { isatty } from "node:tty";
import type { Approval } from "../host.js";
import type { Log } from "../log.js";

/** Asks a person one question, and returns the answer without whitespace around it: empty for Enter. */
export type Ask = (question: string) => Promise<string>;

/** Asks on the terminal; undefined where no person can answer: input or output is not a terminal, or this is a CI. */
export function terminalQuestions(
  log: Log,
  environment: Readonly<Record<string, string | undefined>>,
): Ask | undefined {
  const isCi = (environment["CI"] ?? "") !== "";
  if (isCi || !isatty(0) || !isatty(1)) return undefined;
  return async (question) => {
    log.line(question);
    const terminal = createInterface({ input: process.stdin });
    try {
      // The end of the input is Enter, too.
      return (await Promise.race([terminal.question(""), closed(terminal)])).trim();
    } finally {
      terminal.close();
    }
  };
}

const closed = (terminal: { once(event: "close", listener: () => void): unknown }): Promise<string> =>
  new Promise((resolve) => {
    terminal.once("close", () => {
      resolve("");
    });
  });

/**
 * Asks before each command that changes the machine, one question at a time. A command that was approved or declined is
 * not asked about again.
 *
 * @param ask undefined: nobody can answer.
 */
export function approvals(ask: Ask | undefined): Approval {
  const answers = new Map<string, Promise<boolean | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  return (command) => {
    const known = answers.get(command);
    if (known !== undefined) return known;
    const question = async () => {
      const answer = await ask?.(`Run \`${command}\`? [y/N]`);
      return answer === undefined ? undefined : /^y(?:es)?$/i.test(answer);
    };
    const answer = last.then(question);
    answers.set(command, answer);
    last = answer.catch(() => undefined);
    return answer;
  };
}
