import type { VmmEnd } from "../../platform/process/vmm-process.js";
import { type Ending, announcedEnding, endingOf } from "./ending.js";
import type { Findings } from "./findings.js";
import type { Death } from "./transcript.js";
import type { Evidence, Reason, RuleName, Verdict } from "./verdict.js";

/** A verdict before the judge adds its time. */
export type Decision = Omit<Verdict, "atMs">;

export function decideEnd(findings: Findings, end: VmmEnd, atMs: number): Decision {
  const { rule, ending } = endingOf(end, findings);
  if (mayBeKvms(findings, ending)) {
    const evidence = findings.complaint ?? findings.transcript.lastLine;
    return by(rule, acceleratorFailed("the guest ended under KVM without a line of its own", evidence));
  }
  return by(rule, decisionOn(findings, ending, atMs));
}

/** Decides when the guest is still there although it printed its last words long ago. */
export function decideGone(findings: Findings, atMs: number): Decision {
  const { death, announcement, halted } = findings.transcript;
  const exited = announcement?.kind === "exit" && (findings.rules.exitReport === "none" || halted !== undefined);
  return death === undefined || exited
    ? by("end-line", decisionOn(findings, announcedEnding(announcement), atMs))
    : died(death);
}

/** A broken KVM may also end its guests; when emulation can settle it, the accelerator is blamed. */
function mayBeKvms({ rules, transcript, hasShownItself }: Findings, ending: Ending): boolean {
  const { accelerator, mayFallBack, expectExit = 0 } = rules;
  const hasSpoken = hasShownItself || transcript.announcement !== undefined || transcript.crash !== undefined;
  const isExpected = ending.kind === "exit" && ending.status === expectExit;
  return accelerator === "kvm" && mayFallBack && !hasSpoken && ending.kind !== "monitor" && !isExpected;
}

function decisionOn(findings: Findings, ending: Ending, atMs: number): Decision {
  const { death, afterDeath, lastLine } = findings.transcript;
  switch (ending.kind) {
    case "monitor":
      return failed("monitor", ending.summary, {
        evidence: ending.evidence,
        remedy: vmmRemedy(ending.evidence?.line) ?? vmmRemedy(ending.summary),
      });
    case "reset":
      if (death !== undefined) return died(death);
      return failed("reboot-loop", "the guest restarted itself", {
        evidence: lastLine,
        remedy: "on x86 a silent restart is a triple fault: look at the code that runs after the last line",
      });
    case "trap":
    case "abort":
      // OCaml's runtime may exit by abort(): its last words say more.
      return death === undefined
        ? failed(ending.kind, ending.summary, { evidence: ending.evidence ?? lastLine })
        : died(death);
    case "unstarted":
      return failed("no-output", "Unikraft could not start the program: main was never called", {
        evidence: ending.evidence,
        remedy: vmmRemedy(ending.evidence.line) ?? "increase `memory`; the lines before this one say what else failed",
      });
    case "exit":
      return onStatus(findings, ending.status, ending.evidence ?? lastLine, atMs);
    case "unknown":
      // An uncaught exception hangs or crashes Unikraft: a program that goes on and ends only logged the words.
      return death === undefined || (findings.rules.exitReport === "none" && afterDeath !== undefined)
        ? onUnknownEnd(findings, atMs)
        : died(death);
  }
}

function onStatus(findings: Findings, exitStatus: number, evidence: Evidence | undefined, atMs: number): Decision {
  const { expectExit } = findings.rules;
  const { death } = findings.transcript;
  if (exitStatus === (expectExit ?? 0))
    return onGoodEnd(findings, `exited with status ${exitStatus}`, { exitStatus, evidence }, atMs);
  if (death !== undefined) return died(death, exitStatus);
  const wanted = expectExit === undefined ? "" : `, not ${expectExit}`;
  return failed("exit-status", `exited with status ${exitStatus}${wanted}`, { evidence, exitStatus });
}

function onUnknownEnd(findings: Findings, atMs: number): Decision {
  const { exitReport, expect, expectExit } = findings.rules;
  const { bannerSeen, lastLine: evidence } = findings.transcript;
  // Unikraft's banner shows nothing of the program; Solo5's shows that its end should be there too.
  const spoke = exitReport === "none" ? findings.hasShownItself : findings.guestSpoke;
  if (!spoke) return failed("no-output", "exited without output of its own", { evidence });
  if (expectExit !== undefined) {
    return failed("unexpected-exit", `exited without reporting a status, and ${expectExit} was expected`, { evidence });
  }
  if (exitReport === "console") {
    // A guest that prints its banner prints its end too.
    if (bannerSeen) return failed("unexpected-exit", "exited without reporting a status", { evidence });
    if (expect.length === 0) {
      return {
        verdict: "skipped",
        reason: "exited",
        summary: "exited, and nothing shows whether it succeeded",
        remedy: "match a line of its output with `expect`, or remove `--solo5:quiet` from its arguments",
      };
    }
  }
  return onGoodEnd(findings, "exited, status unknown", { evidence }, atMs);
}

/** The guest exited well: checks what else was expected of it. */
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
  if (rules.until === "running") return failed("unexpected-exit", `${how}, but should have kept running`, facts);
  if (asked.waitsForSigns) return { ...ready(findings), exitStatus: facts.exitStatus };
  return { verdict: "passed", reason: "exited", summary: how, bootMs: transcript.firstOwnLine?.atMs ?? atMs, ...facts };
}

const unseen = "running, or ended without a word: Unikraft does not tell";

/** The guest showed all that was expected, or printed something of its own. */
export function ready({ transcript: { firstOwnLine, death }, asked, rules }: Findings): Decision {
  const evidence = asked.waitsForSigns ? asked.lastSign : firstOwnLine;
  const alive = rules.exitReport === "none" ? unseen : "running";
  const running = death === undefined ? alive : `still running after \`${death.evidence.line}\``;
  const summary = asked.waitsForSigns && evidence ? `seen \`${evidence.line}\`` : running;
  const bootMs = firstOwnLine?.atMs ?? evidence?.atMs;
  const readyMs = asked.waitsForSigns ? evidence?.atMs : undefined;
  return { verdict: "passed", reason: "ready", summary, evidence, bootMs, readyMs };
}

export function timedOut({ transcript, asked: { missing }, rules, complaint }: Findings): Decision {
  const { death, lastLine, firstOwnLine, announcement } = transcript;
  const evidence = missing?.last ?? death?.evidence ?? lastLine;
  const saidNothing = missing?.last === undefined && firstOwnLine === undefined && announcement === undefined;
  if (evidence === undefined || saidNothing)
    return failed("no-output", "no output of its own", { evidence: complaint ?? evidence });
  const never =
    missing?.never ?? (announcement === undefined ? "it did not exit" : "it announced its exit but did not exit");
  const limit = rules.isKept === true ? "" : ` within ${rules.timeoutMs / 1000} s`;
  const state = missing !== undefined && firstOwnLine !== undefined && rules.exitReport === "none" ? `; ${unseen}` : "";
  return failed("timeout", `${never}${limit}${state}`, { evidence });
}

export function died({ reason, summary, evidence }: Death, exitStatus?: number): Decision {
  return { ...failed(reason, summary, { evidence, exitStatus }), rule: "last-words" };
}

export function acceleratorFailed(summary: string, evidence: Evidence | undefined): Decision {
  return { verdict: "skipped", reason: "accelerator", summary, evidence };
}

export function failed(
  reason: Reason,
  summary: string,
  facts: Pick<Decision, "evidence" | "exitStatus" | "remedy">,
): Decision {
  return { verdict: "failed", reason, summary, ...facts };
}

/** Adds the rule to a decision that does not name one itself. */
export function by<D extends Decision | undefined>(rule: RuleName, decision: D): D {
  return decision && { rule, ...decision };
}

const newerQemu = "this QEMU lacks an option that the boot needs: install QEMU 6.2 or newer";

const remedies: readonly { readonly pattern: RegExp; readonly remedy: string }[] = [
  {
    // https://github.com/urunc-dev/urunc/issues/648
    pattern: /seccomp|killed by SIGSYS/i,
    remedy:
      "the container’s system call filter blocks the tender’s own: " +
      "run the job outside a container, or with `--security-opt seccomp=unconfined`",
  },
  {
    pattern: /declared but not attached|declared devices must be attached/,
    remedy: "the image’s manifest declares a device that was not attached: see the inputs `net` and `block`",
  },
  {
    pattern: /[Cc]ould not attach interface|\/dev\/net\/tun|could not configure \/dev\/net\/tun/,
    remedy: "the network interface could not be used; `net: user` needs no privileges",
  },
  {
    pattern: /Could not open block device|Could not determine capacity/,
    remedy: "check the files that the input `block` names",
  },
  {
    pattern: /unsupported machine type|[Ii]nvalid (?:parameter|option)|Parameter '.{0,200}' is unexpected/,
    remedy: newerQemu,
  },
  {
    pattern: /unable to find CPU model|is not a valid device model|Property '.{0,200}' not found/,
    remedy: newerQemu,
  },
  {
    pattern: /not for the solo5-\w+ target|unsupported ABI version|invalid (?:or unsupported )?executable|No Solo5 ABI/,
    remedy:
      "the tender rejected this image: check that its version is the solo5 that the image was linked with, " +
      "and that `memory` is enough",
  },
  {
    pattern: /^xc: error: panic: .*Invalid kernel/,
    remedy: "Xen found no PVH entry in this image: link it for xen, with `-z solo5-abi=xen`",
  },
  { pattern: /^loader: .*memory/, remedy: "increase `memory`" },
  { pattern: /^weak main\(\) called/, remedy: "the image has no `main`: link the program into it" },
  { pattern: /Could not set up host forwarding rule/, remedy: "another program uses this port of the machine" },
  {
    pattern: /[Cc]annot (?:set up guest memory|allocate)/,
    remedy: "this machine has less free memory than the guest was given: lower `memory`",
  },
];

/** @param line of a VMM that could not run an image. */
export function vmmRemedy(line: string | undefined): string | undefined {
  return line === undefined ? undefined : remedies.find(({ pattern }) => pattern.test(line))?.remedy;
}
