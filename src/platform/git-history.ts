import type { Context } from "./host.js";
import { Problem } from "./problem.js";
import { lastLines } from "./process/process.js";

/** Whether a text asks opam for sources from a repository on this machine, which must have its whole history. */
export const pinsLocalRepository = (text: string): boolean => /git\+file:/.test(text);

/**
 * Completes the history of a shallow clone: git does not fetch from one, and actions/checkout makes one.
 *
 * @param folder in a repository; nothing is done in any other.
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
      `${folder} was a shallow clone, and is pinned by \`git+file:\`: its whole history was fetched. \`fetch-depth: 0\` in the checkout step saves this`,
    );
    return;
  }
  throw new Problem(`${folder} is a shallow clone, and a pin takes sources from it (\`git+file:\`)`, {
    because: "git does not fetch from a shallow clone, and its whole history could not be fetched",
    evidence: lastLines(fetched.stderr, 5),
    do: "give the checkout step the whole history: `uses: actions/checkout@v5` with `fetch-depth: 0`",
  });
}
