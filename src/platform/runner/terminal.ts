import { createInterface } from "node:readline/promises";

/** Asks a person one question, and returns the answer without whitespace around it: empty for Enter. */
export type Ask = (question: string) => Promise<string>;

/** Asks on the terminal; undefined where no person can answer: input or output is not a terminal, or this is a CI. */
export function terminalQuestions(environment: Readonly<Record<string, string | undefined>>): Ask | undefined {
  const isCi = (environment["CI"] ?? "") !== "";
  if (isCi || !process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return (await terminal.question(`${question} `)).trim();
    } finally {
      terminal.close();
    }
  };
}
