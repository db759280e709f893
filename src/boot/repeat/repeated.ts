import { rename, rm } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { readAgain } from "../../platform/files/removed.js";
import type { Context } from "../../platform/host.js";
import { attentionOnly } from "../../platform/log.js";
import { type BootRequest, checkRepeated } from "../boot-request.js";
import { bootImage, bootSeveral } from "../boot.js";
import { consolePath } from "../devices/devices.js";
import { Lines } from "../judge/lines.js";
import type { BootReport } from "../report.js";
import { firstDifference } from "./difference.js";
import { isHopeless, measured, repeatedVerdict } from "./repeated-verdict.js";

/**
 * Boots an image several times, and judges all of its boots together. The first boot decides how the others run: not at
 * all if it was skipped, as many at a time as there are cores, or half as many by emulation, which keeps more than one
 * core busy: the measured times should be the guest's and not its neighbours'.
 *
 * @param times 1 and more; 1 is a boot like any other.
 * @param boot replaced by tests.
 * @returns the report of the first boot that failed, or else of the first, with the verdict on all.
 * @throws Problem as {@link bootImage}, or when a boot would find what the one before wrote.
 */
export async function bootRepeatedly(
  context: Context,
  request: BootRequest,
  times: number,
  startMs = 0,
  boot: typeof bootImage = bootImage,
): Promise<BootReport> {
  checkRepeated(request, times);
  if (times === 1) return boot(context, request, startMs);
  const begun = performance.now();
  const first = await boot(context, { ...request, repetition: 1 }, startMs);
  const last = first.attempts.at(-1);
  if (last === undefined || first.verdict.verdict === "skipped") {
    const consoleLog = await keepConsole(context, request, first, []);
    return { ...first, ...(consoleLog === undefined ? {} : { consoleLog }) };
  }
  const isEmulated = last.accelerator === "tcg";
  // A KVM that failed the first boot would fail, slowly, every other.
  const again: BootRequest = isEmulated ? { ...request, accelerator: "tcg" } : request;
  const { cores } = context.host;
  const limit = Math.min(times - 1, Math.max(1, isEmulated ? Math.floor(cores / 2) : cores));
  context.log.fact("repeat", `${times - 1} more boots, ${limit} at a time`);
  const reports: BootReport[] = [first];
  const others = Array.from({ length: times - 1 }, (_, index) => async (own: Context) => {
    if (isHopeless(reports.map(({ verdict }) => verdict))) return undefined;
    const report = await boot(own, { ...again, repetition: index + 2 }, startMs);
    reports.push(report);
    return report;
  });
  const quiet = { ...context, log: attentionOnly(context.log) };
  const rest = await bootSeveral(quiet, others, limit);
  const all: [BootReport, ...BootReport[]] = [first, ...rest.filter((report) => report !== undefined)];
  const { decisive, verdict } = repeatedVerdict(all, times);
  const passed = all.find((report) => report.verdict.verdict === "passed");
  const difference =
    decisive.verdict.verdict === "failed" && passed !== undefined
      ? firstDifference(await linesOf(passed), await linesOf(decisive))
      : undefined;
  const consoleLog = await keepConsole(context, request, decisive, all);
  return {
    ...decisive,
    verdict,
    ...(consoleLog === undefined ? {} : { consoleLog }),
    repeats: { ...measured(all, times), ...(difference && { difference }) },
    span: { startMs, ms: Math.round(performance.now() - begun) },
  };
}

/** The console as {@link Lines} shows it; empty when it is not there. */
async function linesOf({ consoleLog }: BootReport): Promise<readonly string[]> {
  if (consoleLog === undefined) return [];
  const lines = new Lines();
  const whole = lines.add(await readAgain(consoleLog));
  return lines.unfinished === "" ? whole : [...whole, lines.unfinished];
}

/** Keeps only the console of the boot that is reported, under the name of a boot that is not repeated. */
async function keepConsole(
  context: Context,
  { imagePath, scenario }: BootRequest,
  reported: BootReport,
  all: readonly BootReport[],
): Promise<string | undefined> {
  for (const { consoleLog } of all)
    if (consoleLog !== undefined && consoleLog !== reported.consoleLog) await rm(consoleLog, { force: true });
  if (reported.consoleLog === undefined) return undefined;
  const path = consolePath(context, imagePath, scenario);
  await rename(reported.consoleLog, path);
  return path;
}
