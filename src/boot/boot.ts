import { mkdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { addressArgumentsOf } from "../image/image.js";
import { readAgain } from "../platform/files/removed.js";
import type { Context } from "../platform/host.js";
import { bufferedLog } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { withAskedArguments } from "./ask-arguments.js";
import { tryAttempts } from "./attempts.js";
import { type BootRequest, checkedRequest } from "./boot-request.js";
import { type Crash, crashText } from "./crash/frames.js";
import { locateCrash } from "./crash/locate.js";
import { addressArguments } from "./devices/addresses.js";
import { withDevices } from "./devices/attach.js";
import { withRoomFor } from "./devices/device-plan.js";
import type { Verdict } from "./judge/verdict.js";
import { planBoot } from "./plan.js";
import { ensureIsolation, ensurePing, lookAtMachine, placesFor } from "./prepare.js";
import type { BootReport } from "./report.js";
import type { BootSite } from "./vmms/vmm.js";
import { vmmsOf } from "./vmms/vmms.js";

/**
 * Boots an image and judges it: with the best accelerator first, and with the next when the accelerator failed rather
 * than the image. Leaves nothing behind but the console.
 *
 * @param startMs milliseconds since the step began, for the report.
 * @throws Problem when the boot cannot be tried as asked: wrong inputs, an image of another target, no VMM.
 */
export async function bootImage(context: Context, asked: BootRequest, startMs = 0): Promise<BootReport> {
  const request = checkedRequest(asked);
  if (request.boot === "skip") return notAsked(request, "`boot: skip`");
  const begun = performance.now();
  // An image that cannot run here is skipped before anything is made.
  const bare = { imagePath: request.imagePath, args: request.args, devices: [], places: await placesFor(context, "") };
  const machine = await lookAtMachine(context, request, bare);
  const { attempts, otherwise } = planBoot(request, bare, machine);
  if (attempts.length === 0) return unstarted(request, { verdict: "skipped", atMs: 0, ...otherwise });
  await ensurePing(context, request);
  await ensureIsolation(context, request);
  const known = request.image.system.kind === "process" ? [] : addressArgumentsOf(await readAgain(request.imagePath));
  const outcome = await withDevices(context, request, known, async ({ devices, folder }) => {
    const address = addressArguments(devices, request.args, known);
    if (address.story !== undefined) context.log.fact("address", address.story);
    const site = {
      imagePath: await pathWithoutWhitespace(request, folder),
      args: [...address.words, ...request.args],
      devices,
      places: await placesFor(context, folder),
    };
    const plan = planBoot(request, site, machine);
    const waysOf = (one: BootSite) => withRoomFor(devices, planBoot(request, one, machine).attempts);
    const judged = await tryAttempts(context, request, site, { ...plan, attempts: waysOf(site) });
    const outcome = await withAskedArguments(context, request, site, waysOf, folder, judged);
    const crash = await locateCrash(context, request, site, machine, outcome);
    return crash === undefined ? outcome : { ...outcome, crash, verdict: inPlace(outcome.verdict, crash) };
  });
  const span = { startMs, ms: Math.round(performance.now() - begun) };
  return { ...subjectOf(request), ...outcome, verdict: asAsked(outcome.verdict, request), span };
}

/** The report of an image whose boot was not asked for: skipped, or failed if a boot is required. */
export function notAsked(request: BootRequest, summary: string): BootReport {
  return unstarted(request, { verdict: "skipped", reason: "not-asked", summary, atMs: 0 });
}

function unstarted(request: BootRequest, verdict: Verdict): BootReport {
  return { ...subjectOf(request), verdict: asAsked(verdict, request), attempts: [], consoleEnd: [] };
}

function subjectOf({ imagePath, image, scenario }: BootRequest): Pick<BootReport, "imagePath" | "image" | "scenario"> {
  return { imagePath, image, ...(scenario === undefined ? {} : { scenario }) };
}

/** `the processor trapped in Main.handle (main.ml:42)` */
const inPlace = (verdict: Verdict, crash: Crash): Verdict => ({
  ...verdict,
  summary: `${verdict.summary} ${crashText(crash)}`,
});

/** A skip fails a boot that was required, or that required KVM. */
function asAsked(verdict: Verdict, asked: Pick<BootRequest, "boot" | "accelerator">): Verdict {
  if (verdict.verdict !== "skipped") return verdict;
  const isFailure = asked.boot === "required" || (asked.accelerator === "kvm" && verdict.reason === "accelerator");
  return isFailure ? { ...verdict, verdict: "failed" } : verdict;
}

/**
 * QEMU for x86 puts the image's path in front of the guest's arguments, and the guest splits both at whitespace.
 *
 * @returns the image's path, or a link to it in `folder` when the VMM would split the path.
 */
async function pathWithoutWhitespace({ imagePath, target }: BootRequest, folder: string): Promise<string> {
  const splits = vmmsOf(target).some(({ splitsPath }) => splitsPath === true);
  if (!splits || !/\s/.test(imagePath)) return imagePath;
  if (/\s/.test(folder)) {
    throw new Problem("both the image’s path and the folder for a link to it contain whitespace", {
      found: [imagePath, folder],
      because: "QEMU puts the path in front of the unikernel’s arguments, which are split at whitespace",
      do: "move the image to a path without whitespace",
    });
  }
  const link = join(folder, "image", basename(imagePath).replace(/\s/g, "-"));
  await mkdir(join(folder, "image"));
  await symlink(imagePath, link);
  return link;
}

/**
 * Runs boots side by side, at most `limit` at a time. The log of each appears in one piece when it ends; a single boot
 * logs as it goes.
 *
 * @param boots each gets the context that it logs to.
 * @returns their reports, in the order of `boots`.
 * @throws the first failure, once all have ended: no VMM is left behind.
 */
export async function bootSeveral<Report>(
  context: Context,
  boots: readonly ((context: Context) => Promise<Report>)[],
  limit: number,
): Promise<readonly Report[]> {
  const outcomes: PromiseSettledResult<Report>[] = [];
  const waiting = boots.entries();
  const work = async () => {
    for (const [index, boot] of waiting) {
      const { log, flush } =
        boots.length === 1 ? { log: context.log, flush: () => undefined } : bufferedLog(context.log);
      const [outcome] = await Promise.allSettled([boot({ ...context, log })]);
      outcomes[index] = outcome;
      flush();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, boots.length)) }, work));
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
