import type { Log } from "../src/platform/log.js";

/** Keeps what is logged as lines, each with what it is in front. */
export function collectingLog(lines: string[]): Log {
  const say = (text: string) => void lines.push(text);
  return {
    group: (title, body) => {
      say(`> ${title}`);
      return body();
    },
    fact: (label, text) => say(`${label}: ${text}`),
    line: say,
    untrusted: (quoted) => void lines.push(...quoted),
    notice: (text) => say(`notice: ${text}`),
    warning: (text) => say(`warning: ${text}`),
    error: (text) => say(`error: ${text}`),
    annotate: (kind, { file, line }, text) => say(`${kind} at ${file}:${line}: ${text}`),
    debug: () => undefined,
  };
}
