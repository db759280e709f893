import { ConsoleFile } from "../platform/files/console-file.js";
import { readAgain } from "../platform/files/removed.js";
import type { Context } from "../platform/host.js";
import { judgeGuest } from "./attempts.js";
import { type BootRequest, guestOf } from "./boot-request.js";
import { Lines } from "./judge/lines.js";
import { rulesFor } from "./judge/rules.js";
import { ensureProgram, startAttempt } from "./prepare.js";
import type { Attempt } from "./report.js";
import type { AttemptPlan, BootSite } from "./vmms/vmm.js";

/** More than any help or backtrace: a guest can print without end. */
const mostMiB = 1;

/** The plan that runs an image the way an attempt ran it. */
export function sameWay(plans: readonly AttemptPlan[], last: Attempt | undefined): AttemptPlan | undefined {
  return plans.find(
    ({ program, accelerator, inside }) =>
      program === last?.monitor && accelerator === last.accelerator && (inside !== undefined) === last.inCarrier,
  );
}

/**
 * Boots until the guest exits, in a boot of its own that decides nothing.
 *
 * @param path of a file for its console.
 * @param environment additional variables of the VMM, which is the guest itself where that is a process.
 * @returns the lines of its console.
 * @throws Problem when it cannot start.
 */
export async function bootAgain(
  context: Context,
  request: BootRequest,
  attempt: AttemptPlan,
  site: BootSite,
  {
    path,
    withinMs,
    environment = {},
  }: { readonly path: string; readonly withinMs: number; readonly environment?: NodeJS.ProcessEnv },
): Promise<readonly string[]> {
  const { program: vmm, accelerator, inside } = attempt;
  const asked = { ...request, until: "exit", expect: [], forbid: [], probe: [], expectExit: undefined } as const;
  const machine = { vmm, accelerator, mayFallBack: false, inHelperVm: inside !== undefined };
  const rules = { ...rulesFor(asked, guestOf(request), machine), timeoutMs: withinMs };
  const searchPath = await ensureProgram(context, attempt, request);
  const file = await ConsoleFile.create(path, mostMiB);
  try {
    await judgeGuest(await startAttempt(context, attempt, site, searchPath, environment), rules, file);
  } finally {
    await file.close();
  }
  return new Lines().add(await readAgain(path));
}
