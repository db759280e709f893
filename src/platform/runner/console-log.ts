import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { type Log, type SourcePlace, type Tone, seconds, visible } from "../log.js";

export interface LogOptions {
  /** For an Actions runner: groups, annotations and the guard against commands. */
  readonly gitHub: boolean;
  /** Takes whole lines. */
  readonly write: (text: string) => void;
  /** ANSI colours: see {@link wantsColour}. An Actions runner colours annotations and groups itself. */
  readonly colour: boolean;
  /** Show debug lines on a terminal. An Actions runner filters them itself. */
  readonly verbose: boolean;
}

const labelWidth = 12;
/** Before each line of another program: it reads as a quotation, and no runner takes such a line for a command. */
const gutter = /* promise: quotations-have-a-gutter */ "  | ";

const tones: Readonly<Record<Tone, number>> = { good: 32, bad: 31, open: 33 };

/** Whether the environment allows colours: https://no-color.org, and no dumb terminal. */
export function wantsColour({ NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>): boolean {
  return (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

/** The log of a run, for an Actions runner or a terminal. */
export function createLog(options: LogOptions): Log {
  return options.gitHub ? gitHubLog(options) : terminalLog(options);
}

function gitHubLog({ write, colour }: LogOptions): Log {
  const newToken = () => /* promise: stop-tokens-are-random */ randomBytes(16).toString("hex");
  // Our own lines contain names of files and words of users: the same guard, if one of them looks like a command.
  const writeLines = (lines: readonly string[]) => {
    const text = lines.map((line) => `${line}\n`).join("");
    write(/* promise: own-lines-are-no-commands */ lines.some(mayBeCommand) ? withoutCommands(text, newToken()) : text);
  };
  const command = (kind: "notice" | "warning" | "error" | "debug") => (text: string) => {
    write(workflowCommand(kind, /* promise: messages-are-visible */ visibleLines(text).join("\n")));
  };
  return {
    async group(title, body) {
      const start = performance.now();
      write(workflowCommand("group", visible(title)));
      try {
        return await body();
      } finally {
        writeLines([took(start)]);
        write(workflowCommand("endgroup"));
      }
    },
    fact: (label, text) => writeLines(factLines(label, text)),
    line: (text, tone) => writeLines(toned(visibleLines(text), colour ? tone : undefined)),
    untrusted: (lines) => {
      if (lines.length > 0) write(withoutCommands(quotation(lines), newToken()));
    },
    notice: command("notice"),
    warning: command("warning"),
    error: command("error"),
    annotate: (kind, place, text) =>
      write(
        workflowCommand(
          kind,
          /* promise: annotations-are-visible */ visibleLines(text).join("\n"),
          propertiesOf(place),
        ),
      ),
    debug: command("debug"),
  };
}

function terminalLog({ write, colour, verbose }: LogOptions): Log {
  const paint = (code: number, text: string) => (colour ? painted(code, text) : text);
  const writeLines = (lines: readonly string[]) => write(lines.map((line) => `${line}\n`).join(""));
  const labelled = (label: string, code: number) => (text: string) => {
    const [first = "", ...rest] = visibleLines(text);
    writeLines([`${paint(code, `${label}:`)} ${first}`, ...rest]);
  };
  return {
    async group(title, body) {
      const start = performance.now();
      writeLines([paint(1, `> ${visible(title)}`)]);
      try {
        return await body();
      } finally {
        writeLines([paint(2, took(start))]);
      }
    },
    fact: (label, text) => writeLines(factLines(label, text)),
    line: (text, tone) => writeLines(toned(visibleLines(text), colour ? tone : undefined)),
    untrusted: (lines) => {
      if (lines.length > 0) write(quotation(lines));
    },
    notice: labelled("Notice", 36),
    warning: labelled("Warning", 33),
    error: labelled("Error", 31),
    annotate: () => undefined,
    debug: (text) => {
      if (verbose) writeLines(visibleLines(text).map((line) => paint(2, line)));
    },
  };
}

function propertiesOf({ file, line, endLine, column, endColumn }: SourcePlace): Readonly<Record<string, string>> {
  const numbers = { line, endLine, col: column, endColumn };
  const known = Object.entries(numbers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return {
    ...(file === undefined ? {} : { file: /* promise: annotated-files-are-visible */ visible(file) }),
    ...Object.fromEntries(known),
  };
}

function painted(code: number, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

/** Colours the first word of the first line, after `visible` has escaped all foreign colours. */
function toned(lines: readonly string[], tone: Tone | undefined): readonly string[] {
  if (tone === undefined) return lines;
  return lines.map((line, index) => (index === 0 ? line.replace(/\S+/, (word) => painted(tones[tone], word)) : line));
}

/** The last line of a group. */
function took(start: number): string {
  return factLine("took", seconds(performance.now() - start));
}

function factLines(label: string, text: string): string[] {
  return visibleLines(text).map((line, index) => factLine(index === 0 ? visible(label) : "", line));
}

function factLine(label: string, text: string): string {
  return `  ${label.padEnd(labelWidth - 1)} ${text}`;
}

/** Consoles end their lines with CR LF: the CR is dropped. */
function quotation(lines: readonly string[]): string {
  return lines
    .map((line) => `${gutter}${/* promise: quotations-are-visible */ visible(line.replace(/(?<!\r)\r+$/, ""))}\n`)
    .join("");
}

/** Keeps the line feeds of our own texts; escapes every other control character. */
function visibleLines(text: string): string[] {
  return /* promise: own-lines-are-visible */ text.split("\n").map(visible);
}

/**
 * Workflow commands of the Actions runner: lines that it obeys instead of showing.
 * Not those of @actions/core, which writes only to `process.stdout`: a test could not collect its lines.
 */

/**
 * `::name key=value::data` as one line, for any `data` and values, with the escapes of @actions/core's command.ts.
 */
export function workflowCommand(name: string, data = "", properties: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(properties).map(
    ([key, value]) =>
      `${key}=${/* promise: properties-are-escaped */ escaped(value).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,
  );
  return `::${name}${pairs.length === 0 ? "" : ` ${pairs.join(",")}`}::${escaped(data)}\n`;
}

function escaped(text: string): string {
  return /* promise: command-data-is-escaped */ text
    .replaceAll("%", "%25")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A");
}

/**
 * Whether the runner, or a compatible one, could take this line for a command.
 *
 * `::name::` counts after leading whitespace, and the old form `##[name]` anywhere in a line:
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
function mayBeCommand(line: string): boolean {
  return (
    /* promise: indented-commands-are-commands */ line.trimStart().startsWith("::") ||
    /* promise: old-commands-are-commands */ line.includes("##[")
  );
}

/**
 * `text` (whole lines) with workflow commands switched off around it.
 *
 * @param token must be new and unguessable each time: a text with this token switches commands on again.
 */
function withoutCommands(text: string, token: string): string {
  return /* promise: commands-are-stopped */ `${workflowCommand("stop-commands", token)}${text}::${token}::\n`;
}
