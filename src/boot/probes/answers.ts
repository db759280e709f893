import type { DnsAnswer } from "../../platform/ask/dns.js";
import type { HttpAnswer } from "../../platform/ask/http.js";
import { visible } from "../../platform/log.js";
import { OutOfTime, withinTime } from "../../platform/time-limit.js";
import type { DnsProbe, HttpProbe, ProbeAnswer } from "./probe.js";

const shownCharacters = 200;
/** A body of 64 kB takes milliseconds, unless the pattern backtracks exponentially. */
const longestMatchMs = 1_000;

/** Redirects are not followed. */
export function judgeHttp(
  { status: wanted, body: pattern }: HttpProbe,
  { status, body, bytes, end }: HttpAnswer,
): ProbeAnswer {
  const isWanted = wanted === undefined ? status >= 200 && status <= 399 : status === wanted;
  if (!isWanted) return fails(`status ${status}, wanted ${wanted ?? "200 to 399"}${shown(body)}`);
  if (end === "broken") return fails(`status ${status}, and the body broke off after ${bytes} bytes${shown(body)}`);
  const read = { whole: `${bytes} bytes`, cut: `more than ${bytes} bytes`, open: `${bytes} bytes and no end yet` }[end];
  const matches = pattern === undefined || matchesInTime(pattern, body);
  if (pattern === undefined || matches === true) return { holds: true, said: `status ${status}, ${read}` };
  const how =
    matches === undefined
      ? `could not be matched against /${pattern.source}/ within ${longestMatchMs / 1000} s (nested repetition)`
      : `did not match /${pattern.source}/`;
  return fails(`the body (${read}) ${how}${shown(body)}`);
}

/** @returns undefined when matching takes too long. */
function matchesInTime(pattern: RegExp, body: string): boolean | undefined {
  try {
    return /* promise: answer-patterns-have-a-time */ withinTime(longestMatchMs, () => pattern.test(body));
  } catch (error) {
    if (error instanceof OutOfTime) return undefined;
    throw error;
  }
}

export function judgeDns({ name, type }: DnsProbe, { code, records, truncated }: DnsAnswer): ProbeAnswer {
  if (code !== "NOERROR") return fails(`${code} for ${name} ${type}`);
  const found = records.filter((record) => record.type === type);
  if (found.length > 0) {
    const data = visible(found.map((record) => record.data).join(", "));
    return { holds: true, said: `${type} ${data.slice(0, shownCharacters)}` };
  }
  const others = [...new Set(records.map((record) => record.type))].join(", ");
  const instead = truncated ? "the answer is truncated" : others === "" ? "the answer is empty" : `only ${others}`;
  return fails(`no ${type} record for ${name}: ${instead}`);
}

function fails(said: string): ProbeAnswer {
  return { holds: false, said };
}

/** The beginning of a body on one line, to end a sentence. */
function shown(body: string): string {
  const text = visible(
    body
      .slice(0, 4 * shownCharacters)
      .replace(/\s+/g, " ")
      .trim(),
  );
  return text === "" ? "" : `: ${text.slice(0, shownCharacters)}`;
}
