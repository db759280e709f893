import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { findProgram } from "../../platform/process/programs.js";
import type { OpamRepository } from "../toolchain.js";
import { type MachineFailure, ofGit, unreachable, whyUnreachable } from "./machine.js";
import { explainMachine } from "./machine-advice.js";

/** Seconds and tries for one server: at most 20 s in all. opam itself gives curl 20 minutes, and git no limit. */
export interface Patience {
  readonly tries: number;
  readonly secondsPerTry: number;
}

const patience: Patience = { tries: 3, secondsPerTry: 6 };

/**
 * Checks that the servers of opam repositories answer, whatever they answer: opam reports everything else.
 * Uses the programs that opam will use, and so the same proxies.
 *
 * @param env the environment of opam.
 * @throws Problem `opam.ocaml.org cannot be reached`.
 */
export async function checkReachable(
  context: Pick<Context, "processes">,
  repositories: readonly Pick<OpamRepository, "url">[],
  env: Readonly<Record<string, string>>,
  limits = patience,
): Promise<void> {
  const failures = await Promise.all(repositories.map(({ url }) => whyNot(context, url, env, limits)));
  const failure = failures.find((one) => one !== undefined);
  if (failure === undefined) return;
  const { what, because, evidence, remedy } = explainMachine(failure);
  throw new Problem(what, { because, found: evidence, do: remedy });
}

async function whyNot(
  { processes }: Pick<Context, "processes">,
  url: string,
  env: Readonly<Record<string, string>>,
  { tries, secondsPerTry }: Patience,
): Promise<MachineFailure | undefined> {
  const [, git, address = ""] = /^(git\+)?(https?:\/\/[^#]+)/.exec(url) ?? [];
  const program = git === undefined ? "curl" : "git";
  if (!URL.canParse(address) || findProgram(program, env["PATH"]) === undefined) return undefined;
  if (program === "curl") {
    const limits = ["--retry", String(tries - 1), "--retry-delay", "1", "--max-time", String(secondsPerTry)];
    const ask = ["curl", "--silent", "--head", "--output", "/dev/null", ...limits, "--", address] as const;
    const why = whyUnreachable(program, (await processes.run(ask, { env })).exitCode);
    return why === undefined ? undefined : unreachable(address, why);
  }
  const signal = AbortSignal.timeout(tries * secondsPerTry * 1000);
  const { exitCode, stderr } = await processes.run(["git", "ls-remote", "--quiet", address, "HEAD"], {
    env: { ...env, GIT_TERMINAL_PROMPT: "0" },
    signal,
  });
  if (exitCode === 0) return undefined;
  const why = signal.aborted
    ? "it does not answer in time"
    : ofGit(/ unable to access '[^']+': (.*)/.exec(stderr)?.[1]);
  return why === undefined ? undefined : unreachable(address, why);
}
