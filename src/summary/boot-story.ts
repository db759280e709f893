import { basename } from "node:path";
import { howItRan } from "../artifact/verdicts.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { frameText } from "../boot/crash/frames.js";
import type { BootReport } from "../boot/report.js";
import { type Log, type Tone, seconds } from "../platform/log.js";
import { type Facts, Problem } from "../platform/problem.js";

const words: Readonly<Record<Verdict["verdict"], string>> = { passed: "PASSED", failed: "FAILED", skipped: "SKIPPED" };

const tones: Readonly<Record<Verdict["verdict"], Tone>> = { passed: "good", failed: "bad", skipped: "open" };

/** Logs the verdict in its colour. */
export function tellVerdict(log: Log, report: BootReport, name?: string): void {
  log.line(`  ${verdictLine(report, name)}`, tones[report.verdict.verdict]);
}

/**
 * The last line of a boot in the log: `PASSED   http: seen "listening" after 0.21 s (KVM)`.
 *
 * @param shown the boot's name; empty when it is the only one.
 */
export function verdictLine({ scenario, verdict, attempts }: BootReport, shown = scenario ?? ""): string {
  const attempt = attempts.at(-1);
  const when = verdict.readyMs ?? verdict.bootMs ?? verdict.atMs;
  const how =
    verdict.verdict === "skipped" || attempt === undefined ? "" : ` after ${seconds(when)} (${howItRan(attempt)})`;
  const name = shown === "" ? "" : `${shown}: `;
  return `${words[verdict.verdict].padEnd(8)} ${name}${verdict.summary}${how}`;
}

/**
 * The error of a failed boot: its text is the scenario's only annotation.
 *
 * @param again the command that repeats the boot.
 * @param name of the image.
 */
export function bootFailure(report: BootReport, again: string, name?: string): Problem {
  const { verdict, attempts, consoleLog, crash } = report;
  const when = attempts.length === 0 ? "before it started" : `${seconds(verdict.atMs)} after start`;
  const facts: Facts = {
    ...(crash === undefined ? {} : { at: crash.frames.map(frameText) }),
    ...(verdict.evidence === undefined ? {} : { evidence: verdict.evidence.line }),
    ...(consoleLog === undefined ? {} : { console: consoleLog }),
    ...(verdict.remedy === undefined ? {} : { do: verdict.remedy }),
    again,
  };
  return new Problem(`${subject(report, name)} failed ${when}: ${verdict.summary}`, facts);
}

/** The warning about a skipped boot; undefined when it was not skipped, or the user asked to skip it. */
export function skippedWarning(report: BootReport, name?: string): string | undefined {
  const { verdict, reason, summary, remedy } = report.verdict;
  if (verdict !== "skipped" || reason === "not-asked") return undefined;
  const what = report.attempts.length === 0 || reason === "accelerator" ? "was not booted" : "has no verdict";
  return `${subject(report, name)} ${what}: ${[summary, ...(remedy === undefined ? [] : [remedy])].join("; ")}`;
}

/** `www.hvt`, `www.hvt (scenario help)` */
function subject({ imagePath, scenario }: BootReport, name = basename(imagePath)): string {
  return scenario === undefined ? name : `${name} (scenario ${scenario})`;
}
