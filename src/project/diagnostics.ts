import { type LinkError, LinkerReader } from "./linker-errors.js";

/** An error or warning of a compiler, a linker or a build tool, with its place in a source file if it names one. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** As printed: usually relative to {@link folder}. */
  readonly file?: string | undefined;
  /** The folder that make or dune has entered; undefined: the command's working directory. */
  readonly folder: string | undefined;
  /** `name.version` of the opam package whose build printed it: opam builds in a copy of the sources. */
  readonly package: string | undefined;
  /** Counted from 1; undefined where only the file is known. */
  readonly line?: number | undefined;
  readonly endLine?: number | undefined;
  /** Counted from 1; undefined when the place spans several lines. */
  readonly column?: number;
  readonly endColumn?: number;
  readonly message: string;
}

type Place = Omit<Diagnostic, "severity" | "message">;

/** ocamllex names one character, and it and ocamlyacc continue with the message. */
const header = /^File "([^"]+)", lines? (\d+)(?:-(\d+))?(?:, characters? (\d+)(?:-(\d+))?)?(?::(?: (.*))?)?$/s;
/** The source lines that follow a place, and the markers below them. */
const excerpt = /^\s*\d+ \||^\s+\^[\s^]*$|^\s*\.{3,}\s*$/;
/** In the code that menhir lets the compiler check: where an action comes from. */
const origin = /^\s*\d+ \| # (\d+) "([^"]+(?<!\.mock))"$/;
const verdict = /^(?:(Error)(?: \([^)]*\))?|Warning(?: \d+)?(?: \[[^\]]*\])?|Alert [^\s:]+):\s*(\S.*)?$/s;
/** dune, below the place of a rule: its command failed silently, or made another file than the committed one. */
const ofRule = /^(?:Command (?:exited with code|got signal) |diff --git |--- )/;
/** dune's errors without a place. */
const ofDune =
  /^Error: (?:Don't know how to build|No rule found for|Multiple rules generated for|Dependency cycle|Module) /;
const ofFindlib = /^ocamlfind: (?!\[WARNING\])(.*)$/;
/** gcc, clang, gas and gold; the latter two without a column. */
const gcc = /^(\S+?\.(?:[chsS]|cc|cpp|cxx|hh|hpp)):(\d+):(?:(\d+):)? (?:fatal )?([Ee]rror|[Ww]arning): (.*)$/s;
/** Ends a message, as a blank line does. */
const other = [
  /^(?:File "|Context: |-> required by |\[ERROR\]|Fatal error: |\(cd |(?:Entering|Leaving) directory |(?:Error|Warning|Alert)\b[^:]{0,80}:)/,
  // A line of another tool: `foo.c: In function`, `/usr/bin/ld: warning: ..`, `make: *** ..`.
  /^\S+?\.(?:[chsS]|cc|cpp|cxx|hh|hpp):/,
  /^(?:\S+[/-])?(?:ld(?:\.\w+)?|g?cc|g\+\+|clang|cc1|as|collect2|make(?:\[\d+\])?|ocaml[a-z]{1,12}(?:\.opt)?|menhir): /,
  // dune 2: `    gcc lib/s.o (exit 1)`, above a command in parentheses.
  /^ +[\w-]+ \S+(?: \(exit \d+\))$/,
  // The next command, as make prints it: a program, and somewhere an option.
  /^[\w./+-]+ (?:[^\s-]\S* )*--?[A-Za-z]/,
  /^(?:\S+\/)?(?:cp|mv|ln|rm|mkdir|install|touch|echo|cd|sh|dune|opam|make|ocaml\w+|menhir|cc|gcc|ar|ld) \S/,
];

/** A longer message is cut: an annotation shows no more, and a hostile program prints without end. */
const mostLines = 60;

/**
 * Reads the output of OCaml 4.14 to 5.5 (and so of ppx rewriters), ocamllex, menhir, dune 2 and 3, ocamlfind, gcc,
 * clang and GNU ld. The runner's problem matchers cannot: they match a fixed number of lines, but OCaml prints a
 * variable number of source lines before its message. Nor do they track the folder that `dune` or `make` is in.
 */
export class DiagnosticReader {
  private readonly folders: string[] = [];
  private package: string | undefined;
  private place: Place | undefined;
  /** The folder of the dune file that was named last: dune 3 runs gcc in it. dune 2 prints the folder. */
  private stanza = "";
  /** The place of the dune file that was named last: dune names the stanza whose command fails. */
  private rule: Place | undefined;
  private readonly linker = new LinkerReader();
  private open: { severity: Diagnostic["severity"]; place: Place; lines: string[] } | undefined;

  /**
   * @param text a line without its line end and colours.
   * @returns the diagnostics that this line completes: the one before it, a one-line one, or both.
   */
  line(text: string): Diagnostic[] {
    const line = this.unquoted(text);
    if (this.open !== undefined && line.trim() !== "" && !other.some((pattern) => pattern.test(line))) {
      if (this.open.lines.length < mostLines) this.open.lines.push(line);
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
      this.stanza = /^(.*\/)dune$/.exec(this.place.file ?? "")?.[1] ?? "";
      this.rule = /(?:^|\/)dune$/.test(this.place.file ?? "") ? this.place : undefined;
      const message = place[6];
      if (message !== undefined && message !== "") this.start(message, this.place);
      return [];
    }
    if (this.place !== undefined && (verdict.test(line) || ofRule.test(line))) {
      this.start(line, this.place);
      return [];
    }
    const from = this.place === undefined ? null : origin.exec(line);
    if (from !== null) this.place = { ...this.where(), file: from[2], line: Number(from[1]), endLine: Number(from[1]) };
    if (!excerpt.test(line)) this.place = undefined;
    this.follow(line);
    const ofC = gcc.exec(line);
    if (ofC !== null) return [this.ofC(ofC)];
    if (ofDune.test(line)) this.start(line, this.where());
    const findlib = ofFindlib.exec(line);
    if (findlib !== null) return [{ ...this.where(), severity: "error", message: line }];
    const link = this.linker.line(line);
    return link === undefined ? [] : [this.ofLinker(link)];
  }

  /** Lines may follow. */
  private start(line: string, place: Place): void {
    const found = verdict.exec(line);
    const isWarning = found === null ? /^warning/i.test(line) : found[1] === undefined;
    // An annotation shows its severity, so `Error:` is dropped; a prefix such as `Warning 8 [name]:` says more.
    const message = line.startsWith("Error:") ? (found?.[2] ?? "") : line;
    this.open = { severity: isWarning ? "warning" : "error", place, lines: [message] };
    this.place = undefined;
  }

  private placeOf([, file = "", line = "", lastLine, from, to]: RegExpExecArray): Place {
    const [first, last] = [Number(line), Number(lastLine ?? line)];
    // OCaml counts characters from 0, and its end is exclusive.
    const columns =
      from === undefined || first !== last
        ? {}
        : { column: Number(from) + 1, endColumn: Math.max(Number(to ?? from), Number(from) + 1) };
    return { ...this.where(), file, line: Math.max(first, 1), endLine: Math.max(last, first, 1), ...columns };
  }

  private ofC([, file = "", line = "", column, severity = "", message = ""]: RegExpExecArray): Diagnostic {
    const columns = column === undefined ? {} : { column: Number(column), endColumn: Number(column) };
    return {
      ...this.where(),
      line: Number(line),
      endLine: Number(line),
      ...columns,
      severity: severity.toLowerCase() === "error" ? "error" : "warning",
      file: file.startsWith("/") ? file : `${this.stanza}${file}`,
      message,
    };
  }

  private ofLinker({ file, line, message }: LinkError): Diagnostic {
    const place = file === undefined ? (this.rule ?? this.where()) : { ...this.where(), file, line, endLine: line };
    return { ...place, severity: "error", message };
  }

  private where() {
    return { folder: this.folders.at(-1), package: this.package };
  }

  private follow(line: string): void {
    const ran = /^\(cd (_build\/\S+) && /.exec(line)?.[1];
    if (ran !== undefined) this.stanza = `${ran}/`.replace(/^_build\/[^/]+\//, "");
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
