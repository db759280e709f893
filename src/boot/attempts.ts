import { ConsoleFile } from "../platform/files/console-file.js";
import type { Context } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type BootRequest, guestOf } from "./boot-request.js";
import { consolePath } from "./devices/devices.js";
import { rulesFor, type Rules } from "./judge/rules.js";
import type { Verdict } from "./judge/verdict.js";
import { LiveConsole } from "./live-console.js";
import type { BootPlan } from "./plan.js";
import { ProcessorUse } from "./processor-use.js";
import { ensureProgram, startAttempt } from "./prepare.js";
import { interrogate } from "./probes/probing.js";
import type { Attempt, BootReport, ExpectedLine, ProbeReport } from "./report.js";
import { type AttemptPlan, type BootSite, type Refusal, describeAttempt } from "./vmms/vmm.js";
import type { VmmProcess } from "../platform/process/vmm-process.js";
import { type Interrogation, guestEvents } from "./guest-events.js";
import { GuestOutput } from "./guest-output.js";
import { judgeInSlices, Judge } from "./judge/judge.js";

type Outcome = Pick<BootReport, "verdict" | "attempts" | "expected" | "probes" | "consoleLog" | "consoleEnd">;

/** Tries the planned ways to run the image in order, until a verdict is about the image and not the accelerator. */
export async function tryAttempts(
  context: Context,
  request: BootRequest,
  site: BootSite,
  plan: BootPlan,
): Promise<Outcome> {
  const consoleLog = consolePath(context, request.imagePath, request.scenario, request.repetition);
  const attempts: Attempt[] = [];
  let last: AttemptResult | undefined;
  let { otherwise } = plan;
  for (const attempt of plan.attempts) {
    const mayFallBack = attempt !== plan.attempts.at(-1);
    let searchPath: string;
    try {
      searchPath = await ensureProgram(context, attempt, request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mayFallBack && request.accelerator === "auto") {
        context.log.fact("", `${describeAttempt(attempt)} is unavailable: ${error.message}`);
        continue;
      }
      // The earlier failure is the reason; a missing fallback is not the unikernel's fault.
      if (last === undefined) throw error;
      otherwise = withoutFallback(otherwise, error);
      break;
    }
    context.log.fact("machine", describeAttempt(attempt));
    last = await runAttempt(context, request, attempt, { site, searchPath, mayFallBack, consoleLog });
    const { program, accelerator, argv, inside } = attempt;
    attempts.push({ accelerator, monitor: program, argv, inCarrier: inside !== undefined, verdict: last.verdict });
    if (last.verdict.reason !== "accelerator") break;
    context.log.fact("", `${last.verdict.summary}${quoted(last.verdict)}`);
  }
  const verdict =
    last === undefined || last.verdict.reason === "accelerator"
      ? { ...last?.verdict, verdict: "skipped" as const, atMs: last?.verdict.atMs ?? 0, ...otherwise }
      : last.verdict;
  if (last === undefined) return { verdict, attempts, consoleEnd: [] };
  const { consoleEnd, vmmSaid, expected, probes } = last;
  return {
    verdict,
    attempts,
    consoleLog,
    consoleEnd: [...consoleEnd, ...vmmSaid],
    ...(expected.length === 0 ? {} : { expected }),
    ...(probes.length === 0 ? {} : { probes }),
  };
}

interface Run {
  readonly site: BootSite;
  readonly searchPath: string;
  readonly mayFallBack: boolean;
  readonly consoleLog: string;
}

async function runAttempt(
  context: Context,
  request: BootRequest,
  attempt: AttemptPlan,
  { site, searchPath, mayFallBack, consoleLog }: Run,
): Promise<AttemptResult> {
  const { program, accelerator, inside } = attempt;
  const rules = rulesFor(request, guestOf(request), {
    vmm: program,
    accelerator,
    mayFallBack,
    inHelperVm: inside !== undefined,
  });
  const timeoutMs = request.timeout * 1000;
  if (rules.timeoutMs !== timeoutMs) {
    const emulated = `(emulated: ${rules.timeoutMs / timeoutMs} x)`;
    context.log.fact(
      "timeout",
      `${seconds(rules.timeoutMs)} instead of ${seconds(timeoutMs)} ${emulated}, settle ${seconds(rules.settleMs)}`,
    );
  }
  const file = await ConsoleFile.create(consoleLog);
  const live = new LiveConsole(context.log, rules.timeoutMs);
  try {
    const process = await startAttempt(context, attempt, site, searchPath);
    return await judgeGuest(process, rules, file, interrogate(request.probe, site.devices), live);
  } finally {
    // A console that did not fit on the disk is a warning: the guest was judged by all that it printed.
    const incomplete = await file.close();
    if (incomplete !== undefined) context.log.warning(incomplete);
  }
}

function withoutFallback(refusal: Refusal, { message, facts }: Problem): Refusal {
  const remedy = [facts.do ?? []].flat().join("; ");
  return {
    ...refusal,
    summary: `${refusal.summary}; emulation is unavailable: ${message}`,
    remedy: remedy === "" ? refusal.remedy : remedy,
  };
}

function quoted({ evidence }: Verdict): string {
  return evidence === undefined ? "" : `: ${evidence.line}`;
}

export interface AttemptResult {
  readonly verdict: Verdict;
  readonly consoleEnd: readonly string[];
  readonly vmmSaid: readonly string[];
  readonly expected: readonly ExpectedLine[];
  readonly probes: readonly ProbeReport[];
}

/**
 * Watches a running VMM until its guest is judged, then ends it. The VMM is gone on return.
 *
 * @param file receives every byte of the console.
 * @param live shows the boot while it runs.
 */
export async function judgeGuest(
  vmm: VmmProcess,
  rules: Rules,
  file: ConsoleFile,
  interrogate?: Interrogation,
  live?: LiveConsole,
): Promise<AttemptResult> {
  const judge = new Judge(rules);
  const output = new GuestOutput(file, (lines) => live?.show(lines));
  const use = new ProcessorUse(vmm.usedMs, rules.settleMs);
  let verdict: Verdict | undefined;
  void Promise.resolve(vmm.begun).then(
    () => live?.begin(() => judge.waitsFor),
    () => undefined,
  );
  try {
    for await (const events of guestEvents(vmm, rules, output, () => judge.deadlineMs, interrogate)) {
      for (const { atMs } of events.slice(-1)) use.look(atMs);
      verdict = withUse(await judgeInSlices(judge, events), use);
      if (verdict !== undefined) break;
    }
  } finally {
    live?.end();
  }
  if (verdict === undefined) throw new Error("the judge made no decision at the end of a VMM");
  // Read only here: output that arrives until the VMM is gone belongs to the console.
  const { expected, reports } = judge.findings.asked;
  return { verdict, consoleEnd: output.consoleEnd, vmmSaid: output.vmmSaid, expected, probes: reports };
}

/** A guest that is still there passes or runs out of time the same way whether it waits or spins: that is only told. */
function withUse(verdict: Verdict | undefined, { busy }: ProcessorUse): Verdict | undefined {
  const isThere = verdict?.rule === "settle" || verdict?.rule === "timeout";
  return isThere && busy !== undefined ? { ...verdict, summary: `${verdict.summary}; ${busy}` } : verdict;
}
