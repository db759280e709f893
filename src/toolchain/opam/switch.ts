import { completeHistory } from "../../platform/git-history.js";
import type { Context } from "../../platform/host.js";
import { Problem, WrongUse } from "../../platform/problem.js";
import { type Outcome, type RunOptions, lastLines, quote, succeed } from "../../platform/process/process.js";
import { switchName } from "../environment.js";
import type { OpamPin, OpamRepository } from "../toolchain.js";
import type { OpamPlace } from "./advice.js";
import { explainOpam } from "./opam-problem.js";

/** Runs opam with these arguments, in a root of its own. */
export type Opam = (
  args: readonly string[],
  watch?: Pick<RunOptions, "onLine" | "signal" | "whole">,
) => Promise<Outcome>;

/** Creates the root and its empty switch, with these repositories; the first takes precedence. */
export async function createSwitch(
  run: Opam,
  repositories: readonly Pick<OpamRepository, "name" | "url">[],
  place: OpamPlace,
): Promise<void> {
  const step = async (doing: string, ...args: string[]) => succeedOpam(await run(args), doing, place);
  const [first, ...others] = repositories;
  if (first === undefined) throw new WrongUse("input opam-repositories is empty", { accepted: "`name: url` lines" });
  const options = ["--bare", "--no-setup", "--disable-sandboxing", "--bypass-checks"];
  await step(`reading the opam repository ${first.url}`, "init", ...options, first.name, first.url);
  for (const { name, url } of others) {
    await step(`reading the opam repository ${url}`, "repository", "add", "--dont-select", name, url);
  }
  const names = repositories.map(({ name }) => name).join(",");
  await step("creating the switch", "switch", "create", switchName, "--empty", `--repositories=${names}`);
}

/** Pins packages in the switch, and installs nothing. */
export async function addPins(
  context: Context,
  run: Opam,
  pins: readonly OpamPin[],
  place: OpamPlace,
  env: Record<string, string>,
): Promise<void> {
  const step = async (doing: string, ...args: string[]) => succeedOpam(await run(args), doing, place);
  for (const pin of pins) {
    const local = /^git\+file:\/\/(\/[^#]*)/.exec(pin.url)?.[1];
    if (local !== undefined) await completeHistory(context, local, env);
    await step(`pinning ${pin.package} to ${pin.url}`, "pin", "add", "--no-action", pin.package, pin.url);
    // For a repository on this machine, opam 2.1 first reads the opam file in the work tree, not that of the commit.
    if (local !== undefined)
      await step(`reading ${pin.package} at ${pin.url}`, "update", "--development", pin.package.replace(/\..*/, ""));
  }
}

/** The versions of packages that the repositories of the switch have, each as `name.version`. */
export async function availablePackages(run: Opam, names: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await run(["list", "-A", "--all-versions", "--short", "--columns=package", ...names], {
    whole: true,
  });
  return new Set(stdout.split(/\s+/));
}

/** As {@link succeed}, with the cause that opam's output shows, or else its own error line. */
export async function succeedOpam(outcome: Outcome, doing: string, place: OpamPlace): Promise<void> {
  if (outcome.exitCode === 0) return;
  const [, ...args] = outcome.argv;
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  const again = ["opam", ...args].map(quote).join(" ");
  const explained = await explainOpam({ ...place, output, root: undefined });
  if (explained !== undefined) throw new Problem(`${doing} failed: ${explained.what}`, { ...explained.facts, again });
  const lines = lastLines(output, 30);
  const telling = lines.findIndex((line) => line.startsWith("[ERROR] "));
  if (telling === -1) succeed({ ...outcome, argv: ["opam", ...args] }, doing);
  throw new Problem(`${doing} failed: ${lines[telling]?.slice("[ERROR] ".length) ?? ""}`, {
    evidence: lines.slice(telling),
    again,
  });
}
