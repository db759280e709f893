import type { Context } from "./host.js";
import { Problem } from "./problem.js";
import { lastLines } from "./process/process.js";

/** Whether a text pins opam sources to a repository on this machine, which then needs its full history. */
export const pinsLocalRepository = (text: string): boolean => /git\+file:/.test(text);

/**
 * Completes the history of a shallow clone: actions/checkout makes one, and git does not fetch from one.
 *
 * @param folder in a repository; any other folder is left alone.
 * @throws Problem that says what to change in the checkout step, when the rest cannot be fetched.
 */
export async function completeHistory(
  { log, processes }: Pick<Context, "log" | "processes">,
  folder: string,
  env: Record<string, string>,
): Promise<void> {
  const git = (...args: string[]) =>
    processes.run(["git", "-C", folder, ...args], { env: { ...env, GIT_TERMINAL_PROMPT: "0" } });
  const shallow = await git("rev-parse", "--is-shallow-repository");
  if (shallow.stdout.trim() !== "true") return;
  const fetched = await git("fetch", "--unshallow", "--quiet");
  if (fetched.exitCode === 0) {
    log.notice(
      `fetched the full history of ${folder}, a shallow clone that a \`git+file:\` pin refers to; ` +
        "`fetch-depth: 0` in the checkout step avoids this",
    );
    return;
  }
  throw new Problem(`${folder} is a shallow clone, and a \`git+file:\` pin refers to it`, {
    because: "git does not fetch from a shallow clone, and fetching its full history failed",
    evidence: lastLines(fetched.stderr, 5),
    do: "check out the full history: `uses: actions/checkout@v5` with `fetch-depth: 0`",
  });
}
