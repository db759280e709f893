import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Log } from "../platform/log.js";
import { isOutside } from "./folder.js";

/** An error or warning of OCaml, dune or gcc, with its place in a source file. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** As printed: usually relative to {@link folder}. */
  readonly file: string;
  /** The folder that make or dune has entered; undefined: the command's working directory. */
  readonly folder: string | undefined;
  /** `name.version` of the opam package whose build printed it: opam builds in a copy of the sources. */
  readonly package: string | undefined;
  /** Counted from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Counted from 1; undefined when the place spans several lines. */
  readonly column?: number;
  readonly endColumn?: number;
  readonly message: string;
}

type Place = Omit<Diagnostic, "severity" | "message">;

const header = /^File "([^"]+)", lines? (\d+)(?:-(\d+))?(?:, characters (\d+)-(\d+))?:?$/;
/** The source lines that follow a place, and the markers below them. */
const excerpt = /^\s*\d+ \||^\s+\^[\s^]*$|^\s*\.{3,}\s*$/;
const verdict = /^(?:(Error)(?: \([^)]*\))?|Warning \d+(?: \[[^\]]*\])?|Alert [^\s:]+):\s*(\S.*)?$/s;
const gcc = /^(\S+?\.(?:[chSs])):(\d+):(\d+): (?:fatal )?(error|warning): (.*)$/s;
/** Ends a message, as a blank line does. */
const other = /^(?:File "|Context: |-> required by |make(?:\[\d+\])?: |\[ERROR\]|(?:Entering|Leaving) directory )/;

/**
 * Reads the output of OCaml 4.14 to 5.5, dune 2 and 3, and gcc. The runner's problem matchers cannot: they match a
 * fixed number of lines, but OCaml prints a variable number of source lines before its message. Nor do they track the
 * folder that `dune` or `make` is in.
 */
export class DiagnosticReader {
  private readonly folders: string[] = [];
  private package: string | undefined;
  private place: Place | undefined;
  /** The folder of the dune file that was named last: dune runs gcc in it. */
  private stanza = "";
  private open: { severity: Diagnostic["severity"]; place: Place; lines: string[] } | undefined;

  /**
   * @param text a line without its line end and colours.
   * @returns the diagnostics that this line completes: the one before it, a one-line one, or both.
   */
  line(text: string): Diagnostic[] {
    const line = this.unquoted(text);
    if (this.open !== undefined && line.trim() !== "" && !other.test(line)) {
      this.open.lines.push(line);
      return [];
    }
    return [...this.end(), ...this.begin(line)];
  }

  /** The diagnostic that was still open when the output ended. */
  end(): Diagnostic[] {
    const { open } = this;
    this.open = undefined;
    return open === undefined ? [] : [{ ...open.place, severity: open.severity, message: open.lines.join("\n") }];
  }

  private begin(line: string): Diagnostic[] {
    const place = header.exec(line);
    if (place !== null) {
      this.place = this.placeOf(place);
      this.stanza = /^(.*\/)dune$/.exec(this.place.file)?.[1] ?? "";
      return [];
    }
    const found = verdict.exec(line);
    if (found !== null && this.place !== undefined) {
      const [, error, message = ""] = found;
      // An annotation shows its severity, so `Error:` is dropped; a prefix such as `Warning 8 [name]:` says more.
      this.open = {
        severity: error === undefined ? "warning" : "error",
        place: this.place,
        lines: [line.startsWith("Error:") ? message : line],
      };
      this.place = undefined;
      return [];
    }
    if (!excerpt.test(line)) this.place = undefined;
    this.follow(line);
    const ofC = gcc.exec(line);
    return ofC === null ? [] : [this.ofC(ofC)];
  }

  private placeOf([, file = "", line = "", lastLine, from, to]: RegExpExecArray): Place {
    const [first, last] = [Number(line), Number(lastLine ?? line)];
    // OCaml counts characters from 0, and its end is exclusive.
    const columns =
      from === undefined || to === undefined || first !== last
        ? {}
        : { column: Number(from) + 1, endColumn: Math.max(Number(to), Number(from) + 1) };
    return { ...this.where(), file, line: Math.max(first, 1), endLine: Math.max(last, first, 1), ...columns };
  }

  private ofC([, file = "", line = "", column = "", severity = "", message = ""]: RegExpExecArray): Diagnostic {
    const place = { line: Number(line), endLine: Number(line), column: Number(column), endColumn: Number(column) };
    return {
      ...this.where(),
      ...place,
      severity: severity === "error" ? "error" : "warning",
      file: file.startsWith("/") ? file : `${this.stanza}${file}`,
      message,
    };
  }

  private where() {
    return { folder: this.folders.at(-1), package: this.package };
  }

  private follow(line: string): void {
    const [, move, folder = ""] =
      /^(?:make(?:\[\d+\])?: )?(Entering|Leaving) directory [`'‘](.*)['’]$/.exec(line) ?? [];
    if (move === "Entering") this.folders.push(folder);
    else if (move === "Leaving") this.folders.pop();
  }

  /** opam prints the log of a failed package below a title, with `# ` before each line. */
  private unquoted(text: string): string {
    const failed = /^#=== ERROR while \S+ (\S+) =*#$/.exec(text)?.[1];
    if (failed !== undefined) this.package = failed;
    else if (!text.startsWith("#")) this.package = undefined;
    return this.package === undefined ? text : text.replace(/^# ?/, "");
  }
}

/** Per step, GitHub shows this many errors and warnings each: https://docs.github.com/en/actions/reference/limits */
const most = 10;

/** Dependencies' sources, whose warnings the project cannot fix. */
const foreign = /(?:^|\/)(?:duniverse|_opam|_build)\//;

export interface Sources {
  /** The folder of the repository, absolute. */
  readonly workspace: string;
  /** Where the command ran, absolute. */
  readonly cwd: string;
  /** The opam packages that are the project's own. */
  readonly packages: readonly string[];
}

/** Annotates source lines: errors anywhere in the repository, warnings only in the project's own files. */
export function annotate(
  log: Log,
  sources: Sources,
  diagnostics: readonly Diagnostic[],
  exists: (path: string) => boolean = existsSync,
): void {
  const shown = new Set<string>();
  const room = { error: most, warning: most };
  for (const diagnostic of diagnostics) {
    const file = fileOf(diagnostic, sources, exists);
    const { severity, message, line, endLine, column, endColumn } = diagnostic;
    // A file can be compiled for several contexts.
    const mark = JSON.stringify([file, line, column, message]);
    if (file === undefined || shown.has(mark) || (severity === "warning" && foreign.test(file)) || room[severity] === 0)
      continue;
    shown.add(mark);
    room[severity] -= 1;
    const columns = column === undefined || endColumn === undefined ? {} : { column, endColumn };
    log.annotate(severity, { file, line, endLine, ...columns }, message);
  }
}

/** The file's path in the repository; undefined when it is outside, does not exist, or belongs to another package. */
function fileOf(
  diagnostic: Diagnostic,
  { workspace, cwd, packages }: Sources,
  exists: (path: string) => boolean,
): string | undefined {
  const { file, folder, package: built } = diagnostic;
  if (built !== undefined && !packages.includes(built.split(".")[0] ?? built)) return undefined;
  const path = resolve(cwd, folder ?? ".", file);
  return path === workspace || /* promise: annotations-are-inside */ isOutside(workspace, path) || !exists(path)
    ? undefined
    : relative(workspace, path);
}
