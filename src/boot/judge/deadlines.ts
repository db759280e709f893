import type { Findings } from "./findings.js";
import type { Evidence } from "./verdict.js";

/**
 * A guest under a working KVM prints its first line at once. A guest that is silent for this long may have a KVM that
 * is hundreds of times too slow (software nested virtualisation): emulation can settle it.
 */
const silentKvmMs = 10_000;

/** When time decides, after what was seen so far: milliseconds after the guest's start; Infinity for never. */
export interface Deadlines {
  readonly silentMs: number;
  /** When a guest that printed its last words counts as gone: those decide, even if the time limit passed meanwhile. */
  readonly goneMs: number;
  readonly settledMs: number;
  readonly limitMs: number;
}

export function deadlinesOf(findings: Findings): Deadlines {
  const goneMs = goneMsOf(findings);
  const settledMs = settledMsOf(findings);
  return {
    silentMs: silentMsOf(findings),
    goneMs: goneMs ?? Infinity,
    settledMs: settledMs ?? Infinity,
    limitMs: limitMsOf(findings, goneMs, settledMs),
  };
}

function silentMsOf({ rules, transcript, hasShownItself }: Findings): number {
  const { accelerator, mayFallBack, timeoutMs } = rules;
  const mayTell = accelerator === "kvm" && mayFallBack && !hasShownItself && transcript.announcement === undefined;
  return mayTell ? Math.min(silentKvmMs, timeoutMs / 2) : Infinity;
}

function goneMsOf(findings: Findings): number | undefined {
  const { graceMs, timeoutMs } = findings.rules;
  const words = fatalWords(findings);
  if (words === undefined) return undefined;
  return words.atMs < timeoutMs ? Math.min(words.atMs + graceMs, timeoutMs) : words.atMs + graceMs;
}

/** Undefined without a good sign, or while the console announces an end. */
function settledMsOf(findings: Findings): number | undefined {
  const { settleMs, graceMs, exitReport } = findings.rules;
  const sign = goodSign(findings);
  const isContradicted =
    fatalWords(findings) !== undefined || (exitReport === "console" && findings.transcript.announcement !== undefined);
  if (sign === undefined || isContradicted) return undefined;
  // A guest must outlive words that do not decide.
  return Math.max(sign.atMs + settleMs, (lastWords(findings)?.atMs ?? -Infinity) + Math.max(settleMs, graceMs));
}

/** A guest that began to settle or to end in time may continue past the timeout. */
function limitMsOf(findings: Findings, goneMs: number | undefined, settledMs = 0): number {
  const { timeoutMs, settleMs, graceMs } = findings.rules;
  const sign = goodSign(findings);
  const limit = Math.max(timeoutMs, sign === undefined ? 0 : sign.atMs + settleMs, goneMs ?? 0);
  const words = lastWords(findings);
  const mayEnd = words !== undefined && words.atMs < limit && goneMs === undefined;
  return mayEnd ? Math.max(limit, words.atMs + graceMs, settledMs) : limit;
}

/** The latest words that announce an end, while the guest is still there without another sign of life. */
function lastWords({ transcript: { announcement, death } }: Findings): Evidence | undefined {
  return announcement?.evidence ?? death?.evidence;
}

/**
 * Words that decide although the guest is still there. If its end would show, a guest that is still there has not
 * ended, whatever its log says. The end after an exit line shows at once: only Unikraft's own log decides alone.
 */
function fatalWords({ rules, transcript }: Findings): Evidence | undefined {
  const { announcement, death, halted, afterDeath } = transcript;
  const { exitReport } = rules;
  if (rules.mayHang && death !== undefined) return death.evidence;
  if (rules.isKept === true && exitReport === "console") {
    if (halted !== undefined) return halted;
    if (death !== undefined && afterDeath === undefined) return death.evidence;
  }
  return exitReport === "none" || (exitReport === "console" && announcement?.kind !== "exit")
    ? announcement?.evidence
    : undefined;
}

function goodSign({ rules, transcript, asked }: Findings): Evidence | undefined {
  const { expectExit, until, timeoutMs } = rules;
  if (expectExit !== undefined || until === "exit" || asked.missing !== undefined) return undefined;
  const sign = asked.waitsForSigns ? asked.lastSign : transcript.firstOwnLine;
  return sign !== undefined && sign.atMs <= timeoutMs ? sign : undefined;
}
