import type { Findings } from "./findings.js";
import type { Death } from "./transcript.js";
import type { Evidence, Reason, RuleName, Verdict } from "./verdict.js";

/** A verdict before the judge puts its time to it. */
export type Decision = Omit<Verdict, "atMs">;

/** The decision with what it rests on, where it does not name that itself. */
export function by<D extends Decision | undefined>(rule: RuleName, decision: D): D {
  return decision && { rule, ...decision };
}

export function failed(
  reason: Reason,
  summary: string,
  facts: Pick<Decision, "evidence" | "exitStatus" | "remedy">,
): Decision {
  return { verdict: "failed", reason, summary, ...facts };
}

/** The guest’s last words tell why it ended. */
export function died({ reason, summary, evidence }: Death, exitStatus?: number): Decision {
  return { ...failed(reason, summary, { evidence, exitStatus }), rule: "last-words" };
}

export function acceleratorFailed(summary: string, evidence: Evidence | undefined): Decision {
  return { verdict: "skipped", reason: "accelerator", summary, evidence };
}

/** What was asked for was there, or it printed something of its own. */
export function ready({ transcript: { firstOwnLine, death }, asked }: Findings): Decision {
  const evidence = asked.waitsForSigns ? asked.lastSign : firstOwnLine;
  const running = death === undefined ? "running" : `running on after \`${death.evidence.line}\``;
  const summary = asked.waitsForSigns && evidence ? `seen \`${evidence.line}\`` : running;
  const bootMs = firstOwnLine?.atMs ?? evidence?.atMs;
  const readyMs = asked.waitsForSigns ? evidence?.atMs : undefined;
  return { verdict: "passed", reason: "ready", summary, evidence, bootMs, readyMs };
}

export function timedOut({ transcript, asked: { missing }, rules }: Findings): Decision {
  const { death, lastLine, firstOwnLine, announcement } = transcript;
  const evidence = missing?.last ?? death?.evidence ?? lastLine;
  const saidNothing = missing?.last === undefined && firstOwnLine === undefined && announcement === undefined;
  if (evidence === undefined || saidNothing) return failed("no-output", "no output of its own", { evidence });
  const never =
    missing?.never ?? (announcement === undefined ? "it did not end" : "it announced its end and did not end");
  return failed("timeout", `${never} within ${rules.timeoutMs / 1000} s`, { evidence });
}
