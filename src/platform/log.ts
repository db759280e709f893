/** The log of a run. Actions runners and terminals have their own form (`createLog`); tests collect lines. */
export interface Log {
  /** Its lines appear once the work is done. */
  readonly isHeldBack?: true;
  /**
   * One step of the run: its title, the lines of `body`, then how long it took. Groups do not nest. A group is closed
   * also when `body` throws.
   */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** A short label and its text, aligned with the other facts of the group. */
  fact(label: string, text: string): void;
  /** A line without a label. A tone colours its first word. */
  line(text: string, tone?: Tone): void;
  /** Lines of a guest or another program: control characters are made visible, workflow commands inert. */
  untrusted(lines: readonly string[]): void;
  /** Worth a look, but nothing to do now. An annotation where the host has them, like the next two. */
  notice(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  /**
   * A compiler's message, for hosts that show it next to its source, if it has one. Does nothing on others: the log
   * already has the compiler's own lines.
   */
  annotate(kind: "error" | "warning", place: SourcePlace, text: string): void;
  /** Shown only on request (`RUNNER_DEBUG=1`, `--verbose`). */
  debug(text: string): void;
}

/** Green, red and yellow, where there are colours. */
export type Tone = "good" | "bad" | "open";

/** A place in a source file, empty for a message without one; lines and columns count from 1. */
export interface SourcePlace {
  /** Relative to the repository's folder. */
  readonly file?: string;
  readonly line?: number | undefined;
  readonly endLine?: number | undefined;
  readonly column?: number;
  readonly endColumn?: number;
}

/** A log for work that runs in parallel with other work: it holds its lines back until `flush`. */
export function bufferedLog(log: Log): { readonly log: Log; readonly flush: () => void } {
  const held: (() => void)[] = [];
  const later =
    <Words extends unknown[]>(write: (...words: Words) => void) =>
    (...words: Words) =>
      void held.push(() => write(...words));
  return {
    log: {
      isHeldBack: true,
      group: (title, body) => {
        held.push(() => log.line(title));
        return body();
      },
      fact: later((label: string, text: string) => log.fact(label, text)),
      line: later((text: string, tone?: Tone) => log.line(text, tone)),
      untrusted: later((lines: readonly string[]) => log.untrusted(lines)),
      notice: later((text: string) => log.notice(text)),
      warning: later((text: string) => log.warning(text)),
      error: later((text: string) => log.error(text)),
      annotate: later((...words: Parameters<Log["annotate"]>) => log.annotate(...words)),
      debug: later((text: string) => log.debug(text)),
    },
    flush: () => {
      for (const write of held.splice(0)) write();
    },
  };
}

/** A log of work whose usual lines nobody needs: only notices, warnings, errors and debug lines are kept. */
export function attentionOnly(log: Log): Log {
  const drop = () => undefined;
  return { ...log, group: (_, body) => body(), fact: drop, line: drop, untrusted: drop };
}

/**
 * Escapes every control character, so that a terminal shows `\x1b[2J` instead of clearing its screen.
 *
 * These are C0 (with CR, LF and NUL, but not the tab), DEL, C1, the line and paragraph separators, and the characters
 * that reorder text (https://trojansource.codes). The result is one line for every reader.
 */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const invisible = /* promise: invisible-characters */ /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * JSON for standard output and for files that a workflow can print: a log that shows it finds no workflow command in
 * it (no line begins with `::`), and a terminal nothing to obey. It parses to the same value.
 */
export function printedJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return /* promise: printed-json-is-plain */ text.replace(
    /#(?=\[)|(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The columns of a terminal that nobody has made wider. */
export const terminalWidth = 80;

const gap = "  ";

/**
 * Rows for a terminal: each column as wide as its widest cell.
 *
 * @param most the length of a line. The widest columns are narrowed to it, and their cells continue on lines of their
 *   own; a word stays whole.
 */
export function aligned(rows: readonly (readonly string[])[], most = Number.POSITIVE_INFINITY): string[] {
  const widest = (lengthOf: (cell: string) => number) =>
    rows.reduce<number[]>((all, cells) => cells.map((cell, at) => Math.max(all[at] ?? 0, lengthOf(cell))), []);
  const widths = widest((cell) => cell.length);
  const least = widest((cell) => Math.max(...cell.split(" ").map((word) => word.length)));
  const room = most - gap.length * (widths.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const spare = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const at = spare.indexOf(Math.max(...spare));
    if (spare[at] === undefined || spare[at] === 0) break;
    widths[at] = spare[at] - 1;
  }
  return rows.flatMap((cells) => {
    const wrapped = cells.map((cell, at) => wrap(cell, widths[at] ?? 0));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((lines, at) => (lines[line] ?? "").padEnd(widths[at] ?? 0))
        .join(gap)
        .trimEnd(),
    );
  });
}

/** A text in lines of at most `width` characters, unless a word is longer. */
export function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** At most `most` names, then `and N more`. */
export function firstOf(names: readonly string[], most: number): string[] {
  return [...names.slice(0, most), ...(names.length > most ? [`and ${names.length - most} more`] : [])];
}

/** A duration for a person: `0.31 s`, `24.8 s`, `3 min 12 s`. */
export function seconds(ms: number): string {
  const value = ms / 1000;
  if (value < 1) return `${value.toFixed(2)} s`;
  if (value < 120) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}

/** A number of bytes for a person, in decimal units like those of package managers: `1.9 MB`, `12.0 kB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(bytes < 99_500 ? 1 : 0)} kB`;
  if (bytes < 999_500_000) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
