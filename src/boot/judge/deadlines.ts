import type { Findings } from "./findings.js";
import type { Evidence } from "./verdict.js";

/**
 * A guest under a working KVM reaches its first line at once. One that says nothing for this long may be held up by a
 * KVM that runs guests hundreds of times too slowly (software nested virtualisation): emulation can tell.
 */
const silentKvmMs = 10_000;

/** What time decides, by what was seen so far, in milliseconds after the guest's start; Infinity: not that. */
export interface Deadlines {
  /** When a guest that has shown nothing of itself counts as held up by KVM. */
  readonly silentMs: number;
  /** When a guest that has said its last words counts as gone: what it said decides, not that its time ran out meanwhile. */
  readonly goneMs: number;
  /** When the first good sign is old enough. */
  readonly settledMs: number;
  /** When the time is over. */
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

/** Undefined while there is no good sign, or while the console says that it has ended. */
function settledMsOf(findings: Findings): number | undefined {
  const { settleMs, graceMs, exitReport } = findings.rules;
  const sign = goodSign(findings);
  const isContradicted =
    fatalWords(findings) !== undefined || (exitReport === "console" && findings.transcript.announcement !== undefined);
  if (sign === undefined || isContradicted) return undefined;
  // Words that do not decide must be outlived.
  return Math.max(sign.atMs + settleMs, (lastWords(findings)?.atMs ?? -Infinity) + Math.max(settleMs, graceMs));
}

/** What began to settle in time may go on, and so may what began to end. */
function limitMsOf(findings: Findings, goneMs: number | undefined, settledMs = 0): number {
  const { timeoutMs, settleMs, graceMs } = findings.rules;
  const sign = goodSign(findings);
  const limit = Math.max(timeoutMs, sign === undefined ? 0 : sign.atMs + settleMs, goneMs ?? 0);
  const words = lastWords(findings);
  const mayEnd = words !== undefined && words.atMs < limit && goneMs === undefined;
  return mayEnd ? Math.max(limit, words.atMs + graceMs, settledMs) : limit;
}

/** The latest words that tell of an end, while the guest is still there and shows no other sign of life. */
function lastWords({ transcript: { announcement, death } }: Findings): Evidence | undefined {
  return announcement?.evidence ?? death?.evidence;
}

/**
 * The words that decide though the guest is still there. Where its end would show, a guest that is there has not ended,
 * whatever stands in its log. An exit line tells of an end that shows at once: it never decides alone.
 */
function fatalWords({ rules, transcript: { announcement, death } }: Findings): Evidence | undefined {
  if (rules.mayHang && death !== undefined) return death.evidence;
  return rules.exitReport !== "status" && announcement !== undefined && announcement.kind !== "exit"
    ? announcement.evidence
    : undefined;
}

/** What there is of all that was asked of a guest that runs, if it came in time. */
function goodSign({ rules, transcript, asked }: Findings): Evidence | undefined {
  const { expectExit, until, timeoutMs } = rules;
  if (expectExit !== undefined || until === "exit" || asked.missing !== undefined) return undefined;
  const sign = asked.waitsForSigns ? asked.lastSign : transcript.firstOwnLine;
  return sign !== undefined && sign.atMs <= timeoutMs ? sign : undefined;
}
