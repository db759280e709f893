import { expect, test } from "vitest";
import { annotate, type Diagnostic, DiagnosticReader } from "../../../src/project/diagnostics.js";
import { collectingLog } from "../../collecting-log.js";

function read(text: string): Diagnostic[] {
  const reader = new DiagnosticReader();
  return [...text.split("\n").flatMap((line) => reader.line(line)), ...reader.end()];
}

const told = (text: string) =>
  read(text).map(({ file, line, endLine, column, endColumn, severity, message }) => ({
    at: [file, line, endLine, column, endColumn].join(":"),
    severity,
    message,
  }));

// Real output of OCaml 5.4.1, dune 3.24.2 and gcc 12.2.
test("an error with any number of source lines", () => {
  const text = `Context: solo5
File "bin/main.ml", line 1, characters 23-28:
1 | let () = print_endline Lib.x
                           ^^^^^
Error: The value Lib.x has type int but an expression was expected of type
         string`;
  expect(told(text)).toEqual([
    {
      at: "bin/main.ml:1:1:24:28",
      severity: "error",
      message: "The value Lib.x has type int but an expression was expected of type\n         string",
    },
  ]);
});

test("a place over several lines has no columns", () => {
  const text = `File "bin/main.ml", lines 3-5, characters 16-6:
3 | ................(
4 |     Lib.x +
5 |     1)
Error: This expression has type int but an expression was expected of type
         string`;
  expect(told(text)).toMatchObject([{ at: "bin/main.ml:3:5::", severity: "error" }]);
});

test("consecutive warnings, and a warning that is an error", () => {
  const text = `File "bin/main.ml", line 4, characters 8-28:
4 | let f = function Some x -> x
            ^^^^^^^^^^^^^^^^^^^^
Warning 8 [partial-match]: this pattern-matching is not exhaustive.
  Here is an example of a case that is not matched: None

File "bin/main.ml", line 2, characters 6-7:
2 |   let y = 3 in
          ^
Error (warning 26 [unused-var]): unused variable y.`;
  expect(told(text)).toEqual([
    {
      at: "bin/main.ml:4:4:9:28",
      severity: "warning",
      message:
        "Warning 8 [partial-match]: this pattern-matching is not exhaustive.\n" +
        "  Here is an example of a case that is not matched: None",
    },
    { at: "bin/main.ml:2:2:7:7", severity: "error", message: "Error (warning 26 [unused-var]): unused variable y." },
  ]);
});

test("an error without source lines, and one of a dune file, without dune’s explanation", () => {
  const text = `File "bin/main.ml", line 2, characters 0-0:
Error: Syntax error: operator expected.
File "bin/dune", line 1, characters 39-42:
1 | (executable (name main) (libraries lib lwt))
                                           ^^^
Error: Library "lwt" not found.
-> required by _build/solo5/bin/main.exe
-> required by alias default (context solo5)`;
  expect(told(text)).toEqual([
    { at: "bin/main.ml:2:2:1:1", severity: "error", message: "Syntax error: operator expected." },
    { at: "bin/dune:1:1:40:42", severity: "error", message: 'Library "lwt" not found.' },
  ]);
});

test("C stubs: gcc runs in the folder of their dune file", () => {
  const text = `File "bin/dune", line 1, characters 75-79:
1 | (executable (name main) (libraries lib) (foreign_stubs (language c) (names stub)))
                                                                               ^^^^
Context: solo5
stub.c: In function ‘f’:
stub.c:2:18: error: ‘x’ undeclared (first use in this function)
    2 | int f() { return x; }
      |                  ^
stub.c:2:18: note: each undeclared identifier is reported only once for each function it appears in`;
  expect(told(text)).toEqual([
    { at: "bin/stub.c:2:2:18:18", severity: "error", message: "‘x’ undeclared (first use in this function)" },
  ]);
});

test("a linker error and a backtrace have no place in a source file", () => {
  const text = `/usr/bin/ld: bin/.main.eobjs/native/dune__exe__Main.o: undefined reference to \`nowhere'
collect2: error: ld returned 1 exit status
File "caml_startup", line 1:
Error: Error during linking (exit code 1)
Fatal error: exception Failure("x")
Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33`;
  const diagnostics = read(text);
  expect(diagnostics).toHaveLength(1);
  expect(annotated(diagnostics, () => false)).toEqual([]);
});

test("output of another program after a place is not its message", () => {
  expect(
    read('File "bin/dune", line 1, characters 0-4:\n1 | (rule\n    ^^^^\nsomething else\nError: of a program\n'),
  ).toEqual([]);
});

const sources = { workspace: "/w", cwd: "/w/sub", packages: ["www"] };

function annotated(diagnostics: readonly Diagnostic[], exists: (path: string) => boolean = () => true): string[] {
  const lines: string[] = [];
  annotate(collectingLog(lines), sources, diagnostics, exists);
  return lines;
}

const error = (file: string, message = "bad") => `File "${file}", line 3, characters 4-9:\nError: ${message}\n\n`;
const warning = (file: string) => `File "${file}", line 3, characters 4-9:\nWarning 8 [partial-match]: bad\n\n`;

test("paths are relative to the project’s folder, or to the folder that make or dune has entered", () => {
  const text = [
    error("a.ml"),
    "make[1]: Entering directory '/w/sub/deep'\n",
    error("b.ml"),
    "make[1]: Leaving directory '/w/sub/deep'\n",
    error("c.ml"),
    "Entering directory '/w'\n",
    error("d.ml"),
  ].join("");
  expect(annotated(read(text))).toEqual([
    "error at sub/a.ml:3: bad",
    "error at sub/deep/b.ml:3: bad",
    "error at sub/c.ml:3: bad",
    "error at d.ml:3: bad",
  ]);
});

test("shows errors in duniverse without its warnings, but no file that is missing or outside the repository", () => {
  const text = [
    error("duniverse/lwt/src/lwt.ml"),
    warning("duniverse/lwt/src/lwt.ml"),
    warning("a.ml"),
    error("/usr/lib/x.ml"),
    error("../../x.ml"),
    error("made.ml"),
  ].join("");
  expect(annotated(read(text), (path) => !path.endsWith("made.ml"))).toEqual([
    "error at sub/duniverse/lwt/src/lwt.ml:3: bad",
    "warning at sub/a.ml:3: Warning 8 [partial-match]: bad",
  ]);
});

test("an error in two contexts is shown once, and at most as many as the runner keeps", () => {
  expect(annotated(read(`Context: solo5\n${error("a.ml")}${error("a.ml")}`))).toHaveLength(1);
  expect(annotated(read(Array.from({ length: 30 }, (_, index) => error("a.ml", `${index}`)).join("")))).toHaveLength(
    10,
  );
});

test("of opam’s log, only errors of the project’s own packages are shown", () => {
  const log = (name: string) => {
    const quoted = error("src/a.ml", name).trimEnd().replace(/^/gm, "# ");
    return `#=== ERROR while compiling ${name} ====#\n# context     2.1.2\n### output ###\n${quoted}\n# \n\n`;
  };
  expect(annotated(read(`${log("www.dev")}${log("lwt.5.9.1")}`))).toEqual(["error at sub/src/a.ml:3: www.dev"]);
});
