import type { ConsoleDifference } from "../report.js";

/** Lines before the first difference that are shown. */
const before = 2;
/** Lines from it on. */
const after = 4;
/** Of each console: a guest can print without end. */
const mostLines = 100_000;

/**
 * Where two consoles of one image begin to differ. Times, addresses and durations do not count.
 *
 * @returns undefined for equal consoles.
 */
export function firstDifference(passed: readonly string[], failed: readonly string[]): ConsoleDifference | undefined {
  const most = Math.min(mostLines, Math.max(passed.length, failed.length));
  for (let at = 0; at < most; at++) {
    const [one, other] = [passed[at], failed[at]];
    if (one === other || (one !== undefined && other !== undefined && lasting(one) === lasting(other))) continue;
    const from = Math.max(0, at - before);
    const shown = (lines: readonly string[]) => lines.slice(from, at + after).map((line) => line.slice(0, longest));
    return { line: at + 1, from: from + 1, passed: shown(passed), failed: shown(failed) };
  }
  return undefined;
}

const longest = 500;

/** The part of a line that is the same in every boot. */
function lasting(line: string): string {
  return line
    .slice(0, longest)
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, "TIME")
    .replace(/\b\d\d:\d\d:\d\d(?:\.\d{1,9})?\b/g, "TIME")
    .replace(/^\[ {0,4}\d{1,12}\.\d{1,9}\]/, "TIME")
    .replace(/0x[0-9a-f]+|\b[0-9a-f]{8,16}\b/gi, "ADDRESS")
    .replace(/\b\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|Hz|kHz|MHz|GHz)\b/g, "DURATION")
    .trimEnd();
}
