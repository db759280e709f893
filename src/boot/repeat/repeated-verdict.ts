import { median } from "../../platform/statistics.js";
import type { Verdict } from "../judge/verdict.js";
import type { BootReport, Repeats } from "../report.js";

type Judged = Pick<BootReport, "verdict">;

/** An image that has failed so often and never passed has failed: its other boots would only take time. */
const enoughFailures = 5;

/** Whether further boots would change nothing but a number. */
export function isHopeless(verdicts: readonly Verdict[]): boolean {
  return verdicts.length >= enoughFailures && verdicts.every(({ verdict }) => verdict === "failed");
}

/**
 * One verdict on several boots of one image: `flaky` if some passed and some failed.
 *
 * @param boots in their order, at least one.
 * @param times how many were asked for: fewer are there when further ones were hopeless.
 * @returns the boot that stands for all, and the verdict.
 */
export function repeatedVerdict<Boot extends Judged>(
  boots: readonly [Boot, ...Boot[]],
  times: number,
): { readonly decisive: Boot; readonly verdict: Verdict } {
  const of = (kind: Verdict["verdict"]) => boots.filter(({ verdict }) => verdict.verdict === kind);
  const [passed, failed, skipped] = [of("passed"), of("failed"), of("skipped")];
  const decisive = failed[0] ?? skipped[0] ?? boots[0];
  const { verdict } = decisive;
  const say = (reason: Verdict["reason"], said: string, times: Partial<Verdict> = {}) => ({
    decisive,
    verdict: { ...verdict, reason, summary: said, ...times },
  });
  const all = boots.length;
  if (failed.length > 0 && passed.length > 0) {
    const why = counted(failed.map(({ verdict }) => verdict.reason));
    return say("flaky", `flaky: failed ${failed.length} of ${all} boots (${why}), first: ${verdict.summary}`);
  }
  if (failed.length > 0) {
    const left = times - all;
    const notStarted = left === 0 ? "" : ` (the other ${left} were not started)`;
    return say(verdict.reason, `failed ${failed.length} of ${all} boots${notStarted}, first: ${verdict.summary}`);
  }
  if (skipped.length > 0)
    return say(verdict.reason, `${skipped.length} of ${all} boots have no verdict: ${verdict.summary}`);
  return say(verdict.reason, `passed ${all} of ${all} boots: ${verdict.summary}`, {
    bootMs: middle(boots, "bootMs"),
    readyMs: middle(boots, "readyMs"),
  });
}

/** `timeout`, or `timeout 2, trap 1` */
function counted(reasons: readonly string[]): string {
  const distinct = [...new Set(reasons)];
  if (distinct.length === 1) return distinct.join("");
  return distinct.map((reason) => `${reason} ${reasons.filter((one) => one === reason).length}`).join(", ");
}

function middle(boots: readonly Judged[], time: "bootMs" | "readyMs"): number | undefined {
  const times = boots.flatMap(({ verdict }) => verdict[time] ?? []);
  return times.length === 0 ? undefined : Math.round(median(times));
}

/**
 * What is measured of several boots. Only boots that passed, and that ran as the first of them did, are compared:
 * another accelerator has other times.
 */
export function measured(boots: readonly BootReport[], times: number): Repeats {
  const of = (kind: Verdict["verdict"]) => boots.filter(({ verdict }) => verdict.verdict === kind);
  const way = ({ attempts }: BootReport) => JSON.stringify([attempts.at(-1)?.monitor, attempts.at(-1)?.accelerator]);
  const passed = of("passed");
  const [first] = passed;
  const alike = passed.filter((boot) => first !== undefined && way(boot) === way(first));
  return {
    asked: times,
    passed: passed.length,
    failed: of("failed").length,
    skipped: of("skipped").length,
    bootMs: alike.flatMap(({ verdict }) => verdict.bootMs ?? []),
    readyMs: alike.flatMap(({ verdict }) => verdict.readyMs ?? []),
  };
}
