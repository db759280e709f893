/** What a line says about the work: green, red and yellow, where there are colours. */
export type Tone = "good" | "bad" | "open";

/** A place in a source file; lines and columns count from 1. */
export interface SourcePlace {
  /** Relative to the repository's folder. */
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
  readonly column?: number;
  readonly endColumn?: number;
}

/**
 * Where the story of a run is told. The Actions runner and a terminal each have an implementation (`createLog`);
 * tests collect lines.
 */
export interface Log {
  /**
   * One step of the story: `title`, what `body` logs, then how long it took.
   * Groups do not nest. The group is closed also when `body` throws.
   */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** A fact, aligned with the others of its group: a short label, its text, and at most one more column. */
  fact(label: string, text: string): void;
  /** A line as it is; with a tone, its first word is in the colour of that. */
  line(text: string, tone?: Tone): void;
  /** Lines that somebody else wrote (a guest, a failed tool): control characters are made visible, commands inert. */
  untrusted(lines: readonly string[]): void;
  /** Worth a look, nothing to do now: an annotation where the host has them. */
  notice(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  /**
   * What a compiler said of a source file, where the host shows such things beside the source. Elsewhere it is nothing:
   * the compiler's own lines were told.
   */
  annotate(kind: "error" | "warning", place: SourcePlace, text: string): void;
  /** Only shown when the user asked for it (`RUNNER_DEBUG=1`, `--verbose`). */
  debug(text: string): void;
}

/** Rows for a terminal: each column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (most, cells) => cells.map((cell, column) => Math.max(most[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The first of many names, and how many more there are. */
export function firstOf(names: readonly string[], most: number): string[] {
  return [...names.slice(0, most), ...(names.length > most ? [`and ${names.length - most} more`] : [])];
}

/** Seconds with one or two digits after the point, as the log shows durations: `0.31 s`, `24.8 s`, `3 min 12 s`. */
export function seconds(ms: number): string {
  const value = ms / 1000;
  if (value < 1) return `${value.toFixed(2)} s`;
  if (value < 120) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}

/** A number of bytes as a person reads it, decimal units as in package managers: `1.9 MB`, `12 kB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(bytes < 99_500 ? 1 : 0)} kB`;
  if (bytes < 999_500_000) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/**
 * A log that keeps what it is told, for work that runs beside other work: its lines are told together, when `flush` is
 * called.
 */
export function bufferedLog(log: Log): { readonly log: Log; readonly flush: () => void } {
  const told: (() => void)[] = [];
  const later =
    <Words extends unknown[]>(say: (...words: Words) => void) =>
    (...words: Words) =>
      void told.push(() => say(...words));
  return {
    log: {
      group: (title, body) => {
        told.push(() => log.line(title));
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
      for (const say of told.splice(0)) say();
    },
  };
}

/**
 * A text in which every control character is written out: `\x1b[2J` instead of a cleared screen.
 *
 * Covered are C0 (with CR, LF and NUL; not the tab), DEL, C1, the line and paragraph separators, and the characters that
 * reorder what a reader sees (https://trojansource.codes). What comes out is one line whatever reads it.
 */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const invisible = /* promise: invisible-characters */ /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
