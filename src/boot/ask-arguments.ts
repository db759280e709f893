import { join } from "node:path";
import { readAgain } from "../platform/files/removed.js";
import { ConsoleFile } from "../platform/files/console-file.js";
import type { Context } from "../platform/host.js";
import { messageOf } from "../platform/problem.js";
import { argumentRemedy, lacksArguments, readArguments } from "./help-page.js";
import { judgeGuest } from "./attempts.js";
import { type BootRequest, guestOf } from "./boot-request.js";
import { Lines } from "./judge/lines.js";
import { exitReportOf, rulesFor } from "./judge/rules.js";
import { ensureProgram, startAttempt } from "./prepare.js";
import type { BootReport } from "./report.js";
import type { AttemptPlan, BootSite } from "./vmms/vmm.js";

/** A help takes milliseconds, and seconds in a helper VM. */
const limitMs = 10_000;

/** More than any help: a guest can print without end. */
const mostMiB = 1;

type Outcome = Pick<BootReport, "verdict" | "attempts" | "consoleEnd">;

/**
 * For a boot that failed because the unikernel lacks arguments: asks the image for its help in a boot of its own, and
 * names the arguments in the verdict's remedy. Nothing else of the outcome changes, whatever happens.
 *
 * @param plan the ways to run the image with given arguments: the last one that was tried is taken again.
 * @param folder for the console of that boot.
 */
export async function withAskedArguments<Of extends Outcome>(
  context: Context,
  request: BootRequest,
  site: BootSite,
  plan: (site: BootSite) => readonly AttemptPlan[],
  folder: string,
  outcome: Of,
  withinMs = limitMs,
): Promise<Of> {
  const { verdict, attempts, consoleEnd } = outcome;
  const last = attempts.at(-1);
  const isAbout = verdict.verdict === "failed" && lacksArguments(verdict.exitStatus, consoleEnd);
  if (!isAbout || last === undefined || request.args.some((word) => word.startsWith("--help"))) return outcome;
  const asking = { ...site, args: ["--help=plain"] };
  const again = plan(asking).find(
    ({ program, accelerator, inside }) =>
      program === last.monitor && accelerator === last.accelerator && (inside !== undefined) === last.inCarrier,
  );
  const help =
    again === undefined
      ? []
      : await helpOf(context, request, again, asking, join(folder, "help.log"), withinMs).catch((error: unknown) => {
          context.log.debug(`the image was not asked for its help: ${messageOf(error)}`);
          return [];
        });
  const canCheckHelp = exitReportOf(guestOf(request)) !== "none";
  const remedy = argumentRemedy(readArguments(consoleEnd, help), canCheckHelp);
  return remedy === undefined ? outcome : { ...outcome, verdict: { ...verdict, remedy } };
}

async function helpOf(
  context: Context,
  request: BootRequest,
  attempt: AttemptPlan,
  site: BootSite,
  path: string,
  withinMs: number,
): Promise<readonly string[]> {
  const { program: vmm, accelerator, inside } = attempt;
  const asked = { ...request, until: "exit", expect: [], forbid: [], probe: [], expectExit: undefined } as const;
  const machine = { vmm, accelerator, mayFallBack: false, inHelperVm: inside !== undefined };
  const rules = { ...rulesFor(asked, guestOf(request), machine), timeoutMs: withinMs };
  const searchPath = await ensureProgram(context, attempt, request);
  const file = await ConsoleFile.create(path, mostMiB);
  context.log.fact("arguments", "asked the image for its --help, in a boot of its own");
  try {
    await judgeGuest(await startAttempt(context, attempt, site, searchPath), rules, file);
  } finally {
    await file.close();
  }
  return new Lines().add(await readAgain(path));
}
