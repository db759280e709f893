import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { addressArgumentsOf } from "../image/mirage-arguments.js";
import type { Context } from "../platform/host.js";
import { tryAttempts } from "./attempts.js";
import { type BootRequest, checkedRequest } from "./boot-request.js";
import { addressArguments } from "./devices/addresses.js";
import { withDevices } from "./devices/attach.js";
import { withRoomFor } from "./devices/device-count.js";
import { pathWithoutBlanks } from "./image-path.js";
import type { Verdict } from "./judge/verdict.js";
import { planBoot } from "./plan.js";
import { ensurePing, lookAtMachine, placesFor } from "./prepare.js";
import type { BootReport } from "./report.js";

/**
 * Boots an image and judges it: by the best accelerator first, and by the next one when that one, and not the image,
 * failed. Nothing is left of it but its console.
 *
 * @param startMs milliseconds since the step began, for the report.
 * @throws Problem when the boot cannot be tried as asked: wrong inputs, the image of another target, no VMM.
 */
export async function bootImage(context: Context, asked: BootRequest, startMs = 0): Promise<BootReport> {
  const request = checkedRequest(asked);
  const { imagePath, image, scenario } = request;
  const about = { imagePath, image, ...(scenario === undefined ? {} : { scenario }) };
  const unstarted = (verdict: Verdict): BootReport => ({
    ...about,
    verdict: asAsked(verdict, request),
    attempts: [],
    consoleEnd: [],
  });
  if (request.boot === "skip") {
    return unstarted({ verdict: "skipped", reason: "not-asked", summary: "`boot: skip`", atMs: 0 });
  }
  const begun = performance.now();
  // Whether there is a way at all is known before anything is made.
  const bare = { imagePath, args: request.args, devices: [], places: await placesFor(context, "") };
  const machine = await lookAtMachine(context, request, bare);
  const { attempts, otherwise } = planBoot(request, bare, machine);
  if (attempts.length === 0) return unstarted({ verdict: "skipped", atMs: 0, ...otherwise });
  await ensurePing(context, request);
  const known = image.system.kind === "process" ? [] : addressArgumentsOf(await readFile(imagePath));
  const outcome = await withDevices(context, request, known, async ({ devices, folder }) => {
    const address = addressArguments(devices, request.args, known);
    if (address.story !== undefined) context.log.fact("address", address.story);
    const site = {
      imagePath: await pathWithoutBlanks(request, folder),
      args: [...address.words, ...request.args],
      devices,
      places: await placesFor(context, folder),
    };
    const plan = planBoot(request, site, machine);
    return tryAttempts(context, request, site, { ...plan, attempts: withRoomFor(devices, plan.attempts) });
  });
  const span = { startMs, ms: Math.round(performance.now() - begun) };
  return { ...about, ...outcome, verdict: asAsked(outcome.verdict, request), span };
}

/** A skip is a failure to who asked for exactly this. */
function asAsked(verdict: Verdict, asked: Pick<BootRequest, "boot" | "accelerator">): Verdict {
  if (verdict.verdict !== "skipped") return verdict;
  const isFailure = asked.boot === "required" || (asked.accelerator === "kvm" && verdict.reason === "accelerator");
  return isFailure ? { ...verdict, verdict: "failed" } : verdict;
}
