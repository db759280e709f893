import { join } from "node:path";
import type { Context } from "../platform/host.js";
import { messageOf } from "../platform/problem.js";
import { argumentRemedy, lacksArguments, readArguments } from "./help-page.js";
import { bootAgain, sameWay } from "./boot-again.js";
import { type BootRequest, guestOf } from "./boot-request.js";
import { exitReportOf } from "./judge/rules.js";
import type { BootReport } from "./report.js";
import type { AttemptPlan, BootSite } from "./vmms/vmm.js";

/** A help takes milliseconds, and seconds in a helper VM. */
const limitMs = 10_000;

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
  const again = sameWay(plan(asking), last);
  if (again !== undefined) context.log.fact("arguments", "asked the image for its --help, in a boot of its own");
  const help =
    again === undefined
      ? []
      : await bootAgain(context, request, again, asking, { path: join(folder, "help.log"), withinMs }).catch(
          (error: unknown) => {
            context.log.debug(`the image was not asked for its help: ${messageOf(error)}`);
            return [];
          },
        );
  const canCheckHelp = exitReportOf(guestOf(request)) !== "none";
  const remedy = argumentRemedy(readArguments(consoleEnd, help), canCheckHelp);
  return remedy === undefined ? outcome : { ...outcome, verdict: { ...verdict, remedy } };
}
