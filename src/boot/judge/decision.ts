import type { Findings } from "./findings.js";
import type { Death } from "./transcript.js";
import type { Evidence, Reason, RuleName, Verdict } from "./verdict.js";
import type { VmmEnd } from "../../platform/process/vmm-process.js";
import { vmmRemedy } from "../remedies.js";
import { type Ending, announcedEnding, endingOf } from "./ending.js";
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

/** What is decided when the VMM has ended. */
export function decideEnd(findings: Findings, end: VmmEnd, atMs: number): Decision {
  const { rule, ending } = endingOf(end, findings);
  if (mayBeKvms(findings, ending)) {
    return by(
      rule,
      acceleratorFailed(
        "the guest ended under KVM without a line of its own",
        findings.complaint ?? findings.transcript.lastLine,
      ),
    );
  }
  return by(rule, decisionOn(findings, ending, atMs));
}

/** What is decided when the guest is still there, though its last words were said long ago. */
export function decideGone(findings: Findings, atMs: number): Decision {
  const { death, announcement } = findings.transcript;
  return death === undefined ? by("end-line", decisionOn(findings, announcedEnding(announcement), atMs)) : died(death);
}

/** A KVM that fails its guests may also end them; where emulation can tell, it is asked. */
function mayBeKvms({ rules, transcript, hasShownItself }: Findings, ending: Ending): boolean {
  const { accelerator, mayFallBack, expectExit = 0 } = rules;
  const hasSpoken = hasShownItself || transcript.announcement !== undefined || transcript.crash !== undefined;
  const isExpected = ending.kind === "exit" && ending.status === expectExit;
  return accelerator === "kvm" && mayFallBack && !hasSpoken && ending.kind !== "monitor" && !isExpected;
}

function decisionOn(findings: Findings, ending: Ending, atMs: number): Decision {
  const { death, lastLine } = findings.transcript;
  switch (ending.kind) {
    case "monitor":
      return failed("monitor", ending.summary, {
        evidence: ending.evidence,
        remedy: vmmRemedy(ending.evidence?.line),
      });
    case "reset":
      if (death !== undefined) return died(death);
      return failed("reboot-loop", "the guest restarted itself", {
        evidence: lastLine,
        remedy: "on x86 a restart without a word is a triple fault: look at what runs after the last line",
      });
    case "trap":
    case "abort":
      // OCaml's runtime may end by abort(): its last words say more.
      return death === undefined
        ? failed(ending.kind, ending.summary, { evidence: ending.evidence ?? lastLine })
        : died(death);
    case "exit":
      return onStatus(findings, ending.status, ending.evidence ?? lastLine, atMs);
    case "unknown":
      return death === undefined ? onUnknownEnd(findings, atMs) : died(death);
  }
}

function onStatus(findings: Findings, exitStatus: number, evidence: Evidence | undefined, atMs: number): Decision {
  const { expectExit } = findings.rules;
  const { death } = findings.transcript;
  if (exitStatus === (expectExit ?? 0))
    return onGoodEnd(findings, `ended with status ${exitStatus}`, { exitStatus, evidence }, atMs);
  if (death !== undefined) return died(death, exitStatus);
  const wanted = expectExit === undefined ? "" : `, not ${expectExit}`;
  return failed("exit-status", `ended with status ${exitStatus}${wanted}`, { evidence, exitStatus });
}

function onUnknownEnd(findings: Findings, atMs: number): Decision {
  const { exitReport, expect, expectExit } = findings.rules;
  const { bannerSeen, lastLine: evidence } = findings.transcript;
  if (!findings.guestSpoke) return failed("no-output", "ended without output of its own", { evidence });
  if (expectExit !== undefined) {
    return failed("unexpected-exit", `ended, and nothing tells whether with status ${expectExit}`, { evidence });
  }
  if (exitReport === "console") {
    // Who prints its banner prints its end too.
    if (bannerSeen) return failed("unexpected-exit", "ended without the line that tells how", { evidence });
    if (expect.length === 0) {
      return {
        verdict: "skipped",
        reason: "exited",
        summary: "ended, and nothing tells how",
        remedy: "ask for a line of its own with `expect`, or leave `--solo5:quiet` out of its arguments",
      };
    }
  }
  return onGoodEnd(findings, "ended, its status is unknown", { evidence }, atMs);
}

/** The guest ended as it should; what else was asked of it? */
function onGoodEnd(
  findings: Findings,
  how: string,
  facts: Pick<Decision, "evidence" | "exitStatus">,
  atMs: number,
): Decision {
  const { asked, transcript, rules } = findings;
  const { missing } = asked;
  if (missing !== undefined) {
    return failed("unexpected-exit", `${how} before ${missing.before}`, {
      ...facts,
      evidence: missing.last ?? transcript.lastLine,
    });
  }
  if (rules.until === "running") return failed("unexpected-exit", `${how}, and should run on`, facts);
  if (asked.waitsForSigns) return { ...ready(findings), exitStatus: facts.exitStatus };
  return { verdict: "passed", reason: "exited", summary: how, bootMs: transcript.firstOwnLine?.atMs ?? atMs, ...facts };
}
