import { Problem } from "../../platform/problem.js";
import { dialects, firmware, landmark, runnersLine } from "./dialect.js";
import { anyOf } from "./vmm-words.js";

/** A prefix shows within this many lines, or the log has none. */
const mostLines = 10_000;
const longestPrefix = 256;
/** Landmarks that no unikernel prints itself. */
const certainLandmark = /^(?:Solo5: Bindings|SeaBIOS)/;
const isBlank = (line: string) => line.trim() === "" || runnersLine.test(line);
/** What GitHub's runner prints after a step, and before the next. */
const stepEnd =
  /^(?:(?:##\[error\]|Error: )Process completed with exit code \d|Post job cleanup\.$|Cleaning up orphan)/;
const nextStep = /^##\[group\]Run /;
/** The beginning of a boot. */
const beginning = anyOf(firmware.first, ...[dialects.solo5, dialects.unikraft].map(({ banner }) => banner.first));
/** A log of xenconsoled's begins thus at each boot. Also put in front of a console in a later step. */
export const newLog = "Logfile Opened";

/**
 * Reads a console through what a log put in front of each of its lines: times of any kind, journald's host and process,
 * docker compose's service, our own bar. The first line that shows what stood at its beginning shows the prefix. Once
 * there is one, lines without it are not of the console.
 */
export class PrefixReader {
  /** Lines that wait for the decision. */
  private waiting: string[] | undefined = [];
  private prefix: RegExp | undefined;
  private hasBegun = false;
  private isOver = false;

  /** @returns the lines of the console that can be read by now. @throws Problem for a prefix that cannot. */
  add(lines: readonly string[]): string[] {
    if (this.waiting === undefined) return lines.flatMap((line) => this.read(line));
    this.waiting.push(...lines);
    return this.decide(this.waiting.length >= mostLines);
  }

  /** No more lines follow. @returns the rest. */
  end(): string[] {
    return this.waiting === undefined ? [] : this.decide(true);
  }

  private decide(isLast: boolean): string[] {
    const lines = this.waiting ?? [];
    const found = prefixIn(lines.slice(0, mostLines), isLast);
    if (found === undefined) return [];
    this.waiting = undefined;
    this.prefix = found === "none" ? undefined : found;
    return lines.flatMap((line) => this.read(line));
  }

  private read(line: string): string[] {
    return this.withoutPrefix(line).flatMap((text) => {
      const begins = beginning.test(text);
      const isNext = begins && this.isOver && this.hasBegun;
      this.hasBegun ||= landmark.exec(text)?.index === 0;
      if (stepEnd.test(text) || (this.hasBegun && nextStep.test(text))) this.isOver = true;
      else if (begins) this.isOver = false;
      if (this.isOver || runnersLine.test(text)) return [];
      return isNext ? [newLog, text] : [text];
    });
  }

  private withoutPrefix(line: string): string[] {
    if (this.prefix === undefined) return [line];
    const found = this.prefix.exec(line);
    const text = found === null ? line : line.slice(found[0].length);
    const isConsoles = found === null ? landmark.exec(line)?.index === 0 : text.trim() !== "";
    return isConsoles ? [text] : [];
  }
}

/**
 * The prefix that the lines show. What decides does not depend on the lines after the next one.
 *
 * @returns undefined while more lines are needed.
 */
function prefixIn(lines: readonly string[], isLast: boolean): RegExp | "none" | undefined {
  for (const [index, line] of lines.entries()) {
    const mark = landmark.exec(line);
    if (mark === null) continue;
    const before = line.slice(0, mark.index);
    // Copies of Unikraft's log show a space for a NUL.
    if (before === "" || before === " ") return "none";
    const earlier = lines.slice(0, index).filter((other) => !isBlank(other));
    const next = lines.slice(index + 1).find((other) => !isBlank(other));
    if (next === undefined && !isLast) return undefined;
    const others = next === undefined ? earlier : [...earlier, next];
    const prefix = template(before.slice(0, longestPrefix));
    const has = (other: string) => prefix.test(other);
    const isJson = before.trimStart().startsWith("{");
    // Any program's log may have OCaml's words behind something.
    const isCommon = mark[0].startsWith("Fatal")
      ? /\d/.test(before) && others.every(has)
      : others.length === 0 || others.slice(next === undefined ? -1 : -2).some(has);
    if (isCommon && !isJson && before.length <= longestPrefix) return prefix;
    if (isJson || certainLandmark.test(mark[0])) throw unreadable(line, before);
  }
  return isLast ? "none" : undefined;
}

/**
 * Numbers and times, their padding, and names of months and days differ from line to line. Whitespace at the end is the
 * console's.
 */
function template(before: string): RegExp {
  const parts = before.match(/\d[\d.,:]*|\s{1,64}(?=\S)|[A-Z][a-z]{2}(?![a-z])|[^]/g) ?? [];
  const source = parts.map((part, index) => {
    if (/^\d/.test(part)) return String.raw`[\d.,:]{1,64}`;
    if (/^[A-Z][a-z]{2}$/.test(part)) return "[A-Z][a-z]{2}";
    const isPadding = /^\s+$/.test(part) && /^\d/.test(parts[index + 1] ?? "");
    return isPadding ? String.raw`\s{0,64}` : part.replace(/[.*+?^${}()|[\]\\/]/, (character) => `\\${character}`);
  });
  return new RegExp(`^${source.join("")}`);
}

function unreadable(line: string, before: string): Problem {
  return new Problem("this log has a prefix that I cannot read", {
    found: line,
    because: `\`${before}\` stands before the console’s own text, and the lines around it begin differently`,
    do: "remove what was put in front of each line, or explain the console itself: the file that `console-log` names",
  });
}
