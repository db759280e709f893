import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Log } from "../platform/log.js";
import { isOutside } from "./folder.js";

/** An error or warning of OCaml, dune or gcc, at its place in a source file. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** As it was printed: mostly relative to {@link folder}. */
  readonly file: string;
  /** The folder that make or dune said it entered; undefined: the one that the command was started in. */
  readonly folder: string | undefined;
  /** `name.version` of the opam package whose build printed it: its sources are a copy elsewhere. */
  readonly package: string | undefined;
  /** From 1, as editors count. */
  readonly line: number;
  readonly endLine: number;
  /** From 1; undefined where the place spans lines. */
  readonly column?: number;
  readonly endColumn?: number;
  readonly message: string;
}

type Place = Omit<Diagnostic, "severity" | "message">;

const header = /^File "([^"]+)", lines? (\d+)(?:-(\d+))?(?:, characters (\d+)-(\d+))?:?$/;
/** The lines of the source that follow a place, and the marks below them. */
const excerpt = /^\s*\d+ \||^\s+\^[\s^]*$|^\s*\.{3,}\s*$/;
const verdict = /^(?:(Error)(?: \([^)]*\))?|Warning \d+(?: \[[^\]]*\])?|Alert \S+?):\s*(.*)$/;
const gcc = /^(\S+?\.(?:[chSs])):(\d+):(\d+): (?:fatal )?(error|warning): (.*)$/;
/** What ends a message beside a blank line. */
const other = /^(?:File "|Context: |-> required by |make(?:\[\d+\])?: |\[ERROR\]|(?:Entering|Leaving) directory )/;

/**
 * Reads what OCaml 4.14 to 5.5, dune 2 and 3, and gcc print. A problem matcher of the runner's could not: a message of OCaml's stands
 * after as many lines of source as it is about, and a matcher takes a fixed number; nor does it know the folder that `dune`
 * or `make` is in.
 */
export class DiagnosticReader {
  private readonly folders: string[] = [];
  private package: string | undefined;
  private place: Place | undefined;
  /** The folder of the last place that no message followed: dune runs gcc in it. */
  private stanza = "";
  private open: { severity: Diagnostic["severity"]; place: Place; lines: string[] } | undefined;

  /**
   * @param text a line without its end and without colours.
   * @returns what this line completed: the diagnostic before it, one of one line, or both.
   */
  line(text: string): Diagnostic[] {
    const line = this.unquoted(text);
    if (this.open !== undefined && line.trim() !== "" && !other.test(line)) {
      this.open.lines.push(line);
      return [];
    }
    return [...this.end(), ...this.begin(line)];
  }

  /** What was not complete yet when the output ended. */
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
    const said = verdict.exec(line);
    if (said !== null && this.place !== undefined) {
      const [, error, message = ""] = said;
      // An annotation says itself that it is an error, but not of which warning it was made.
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
    // OCaml counts characters from 0, and the end is the one behind.
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

  /** opam prints the log of a package that does not build below a title, with `# ` before each line. */
  private unquoted(text: string): string {
    const failed = /^#=== ERROR while \S+ (\S+) =*#$/.exec(text)?.[1];
    if (failed !== undefined) this.package = failed;
    else if (!text.startsWith("#")) this.package = undefined;
    return this.package === undefined ? text : text.replace(/^# ?/, "");
  }
}

/** GitHub shows so many of each kind for a step, and drops the others: https://docs.github.com/en/actions/reference/limits */
const most = 10;

/** Sources that were pulled: what their compilers warn of is not the project's to mend. */
const foreign = /(?:^|\/)(?:duniverse|_opam|_build)\//;

export interface Sources {
  /** The folder of the repository, absolute. */
  readonly workspace: string;
  /** Where the command ran, absolute. */
  readonly cwd: string;
  /** The opam packages that are the project's own. */
  readonly packages: readonly string[];
}

/** Shows diagnostics at their lines: errors wherever they are in the repository, warnings of the project's own files. */
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
    // One file is compiled for several contexts.
    const mark = JSON.stringify([file, line, column, message]);
    if (file === undefined || shown.has(mark) || (severity === "warning" && foreign.test(file)) || room[severity] === 0)
      continue;
    shown.add(mark);
    room[severity] -= 1;
    const columns = column === undefined || endColumn === undefined ? {} : { column, endColumn };
    log.annotate(severity, { file, line, endLine, ...columns }, message);
  }
}

/** The file's path in the repository; undefined when it is none of it, or one that the build has made. */
function fileOf(
  diagnostic: Diagnostic,
  { workspace, cwd, packages }: Sources,
  exists: (path: string) => boolean,
): string | undefined {
  const { file, folder, package: built } = diagnostic;
  if (built !== undefined && !packages.includes(built.split(".")[0] ?? built)) return undefined;
  const path = resolve(cwd, folder ?? ".", file);
  return path === workspace || isOutside(workspace, path) || !exists(path) ? undefined : relative(workspace, path);
}
