import { describe, expect, test } from "vitest";
import { annotate } from "../../../src/project/annotate.js";
import { type Diagnostic, DiagnosticReader } from "../../../src/project/diagnostics.js";
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

test("output of another program after a place is not its message", () => {
  expect(
    read('File "bin/dune", line 1, characters 0-4:\n1 | (rule\n    ^^^^\nsomething else\nError: of a program\n'),
  ).toEqual([]);
});

// Real output of OCaml 4.14.2 and 4.13.1, dune 3.24.2, menhir 20220210, gcc 12.2 and ld 2.40, as in the tests above.
const at = (text: string) => told(text).map(({ at, severity, message }) => `${severity} ${at} ${message}`);
const mixed = (compiler: string) => `ocamlfind ocamlopt -w +32 -c a.mli a.ml
File "a.ml", line 1, characters 4-5:
1 | let x = 3
        ^
Warning 32 [unused-value-declaration]: unused value x.
${compiler}
make: *** [Makefile:5: foo.o] Error 1`;

test.each([
  ["a command", "cc -O2 -c -o foo.o foo.c\nfoo.c:3:1: error: unknown type name ‘foo’\n    3 | foo x;\n      | ^~~"],
  ["nothing", "foo.c:3:1: error: unknown type name ‘foo’\n    3 | foo x;\n      | ^~~"],
  ["a function’s name", "foo.c: In function ‘f’:\nfoo.c:3:1: error: unknown type name ‘foo’"],
  ["an exception", "Fatal error: exception Not_found\nfoo.c:3:1: error: unknown type name ‘foo’"],
  ["a linker’s warning", "/usr/bin/ld: warning: a.o: old\nfoo.c:3:1: error: unknown type name ‘foo’"],
  ["a compiler’s own error", "ocamlopt.opt: unknown option\nfoo.c:3:1: error: unknown type name ‘foo’"],
  ["a file’s name", "In file included from bar.c:2:\nfoo.c:3:1: error: unknown type name ‘foo’"],
  ["a command without options", "./configure.sh foo.c\ncp foo.c bar.c\nfoo.c:3:1: error: unknown type name ‘foo’"],
])("a C error after an OCaml warning and %s is an error of its own", (_, compiler) => {
  const [first, second, ...others] = at(mixed(compiler));
  expect(first).toMatch(/^warning a\.ml:1:1:5:5 Warning 32 \[unused-value-declaration\]: unused value x\.(?:\n|$)/);
  expect(first).not.toMatch(/foo\.c:3|Fatal|ld: |unknown option/);
  expect(second).toBe("error foo.c:3:3:1:1 unknown type name ‘foo’");
  expect(others).toEqual([]);
});

test("dune 2 prints the command of gcc, and its folder", () => {
  const text = `File "bin/l.ml", line 1, characters 8-28:
Warning 8 [partial-match]: this pattern-matching is not exhaustive.
Here is an example of a case that is not matched:
None
         gcc lib/s.o (exit 1)
(cd _build/default/lib && /usr/bin/gcc -O2 -fPIC -o s.o -c s.c)
s.c:1:1: error: unknown type name ‘foo’
    1 | foo x;
      | ^~~
         gcc t.o (exit 1)
(cd _build/default && /usr/bin/gcc -O2 -fPIC -o t.o -c t.c)
t.c:1:1: error: unknown type name ‘bar’`;
  expect(at(text)).toEqual([
    "warning bin/l.ml:1:1:9:28 Warning 8 [partial-match]: this pattern-matching is not exhaustive.\n" +
      "Here is an example of a case that is not matched:\nNone",
    "error lib/s.c:1:1:1:1 unknown type name ‘foo’",
    "error t.c:1:1:1:1 unknown type name ‘bar’",
  ]);
});

test("the text of a warning ends before the command that make prints next", () => {
  expect(at(mixed("cc -O2 -c -o foo.o foo.c"))).toEqual([
    "warning a.ml:1:1:5:5 Warning 32 [unused-value-declaration]: unused value x.",
  ]);
});

test("a message goes on in lines that begin at its left", () => {
  const text = `File "w.ml", line 1, characters 8-28:
Warning 8 [partial-match]: this pattern-matching is not exhaustive.
Here is an example of a case that is not matched:
None
File "w.ml", line 3, characters 8-17:
3 | let g = List.mapp
            ^^^^^^^^^
Error: Unbound value List.mapp
Hint: Did you mean map, map2 or mapi?`;
  expect(at(text)).toEqual([
    "warning w.ml:1:1:9:28 Warning 8 [partial-match]: this pattern-matching is not exhaustive.\n" +
      "Here is an example of a case that is not matched:\nNone",
    "error w.ml:3:3:9:17 Unbound value List.mapp\nHint: Did you mean map, map2 or mapi?",
  ]);
});

test.each([
  [
    "an assembler’s",
    "s.s: Assembler messages:\ns.s:1: Error: bad register name `%foo'",
    "s.s:1:1:: bad register name `%foo'",
  ],
  [
    "gold’s",
    "/w/main.c:2: error: undefined reference to 'nowhere'",
    "/w/main.c:2:2:: undefined reference to 'nowhere'",
  ],
  ["g++’s", "p.cpp:1:17: error: ‘x’ was not declared", "p.cpp:1:1:17:17 ‘x’ was not declared"],
  ["a missing header’s", "inc.c:1:10: fatal error: nosuch.h: No such file", "inc.c:1:1:10:10 nosuch.h: No such file"],
  [
    "a ppx rewriter’s",
    "File \"p.ml\", line 1, characters 10-16:\nError: Uninterpreted extension 'nosuch'.",
    "p.ml:1:1:11:16 Uninterpreted extension 'nosuch'.",
  ],
  ["ocamllex’s", 'File "l.mll", line 3, character 8: syntax error.', "l.mll:3:3:9:9 syntax error."],
  [
    "ocamlyacc’s",
    'File "y.mly", line 5: unterminated action\ns: A { 1 \n     ^',
    "y.mly:5:5:: unterminated action\ns: A { 1 \n     ^",
  ],
  ["menhir’s", 'File "p.mly", line 4, characters 5-6:\nError: B is undefined.', "p.mly:4:4:6:6 B is undefined."],
  [
    "a semantic action’s",
    'File "p__mock.ml.mock", lines 14-18, characters 5-13:\n14 | .....(\n15 | # 4 "p.mly"\n16 |       ( "x" )\n' +
      '17 | # 18 "p__mock.ml.mock"\n18 |      : \'tv_s)....\nError: This expression has type string',
    "p.mly:4:4:: This expression has type string",
  ],
  ["ocamlfind’s", "ocamlfind: Package `nosuch' not found", "::::: ocamlfind: Package `nosuch' not found"],
  [
    "dune’s of a rule",
    'File "dune", line 1, characters 0-42:\n1 | (rule (action (run false)))\n    ^^^^\nCommand exited with code 1.',
    "dune:1:1:1:42 Command exited with code 1.",
  ],
  [
    "dune’s without a place",
    "Error: Don't know how to build ./nothere.exe",
    "::::: Don't know how to build ./nothere.exe",
  ],
  [
    "dune’s of two rules",
    "Error: Multiple rules generated for _build/default/x:\n- dune:2\n- dune:1",
    "::::: Multiple rules generated for _build/default/x:\n- dune:2\n- dune:1",
  ],
  [
    "dune’s of a file that differs",
    'File "a", line 1, characters 0-0:\ndiff --git a/_build/default/a b/_build/default/b\n-x\n+y',
    "a:1:1:1:1 diff --git a/_build/default/a b/_build/default/b\n-x\n+y",
  ],
])("%s error", (_, text, wanted) => {
  expect(at(text)).toEqual([`error ${wanted}`.replace(":::::", "::::")]);
});

test("menhir’s warnings have no number; one without a place is not the text of the one before", () => {
  const text = `File "p.mly", line 1, characters 9-10:
Warning: the token B is unused.
Warning: 2 states have shift/reduce conflicts.
File "p.mly", line 4, characters 0-1:
Warning: symbol s is never accepted.`;
  expect(at(text)).toEqual([
    "warning p.mly:1:1:10:10 Warning: the token B is unused.",
    "warning p.mly:4:4:1:1 Warning: symbol s is never accepted.",
  ]);
});

describe("an error of the linker", () => {
  const end = "collect2: error: ld returned 1 exit status";

  test("is at its source line", () => {
    const text = `/usr/bin/ld: /tmp/cc0S0Jo4.o: in function \`main':
/w/main.c:2: undefined reference to \`nowhere'\n${end}`;
    expect(at(text)).toEqual(["error /w/main.c:2:2:: undefined reference to `nowhere'"]);
  });

  test.each([
    ["sub/main.o", "main.c", "sub/main.c"],
    ["/tmp/ccRpvnuG.o", "main.c", "main.c"],
    ["main.o", "main.c", "main.c"],
  ])("is in the source of an object file without debug information: %s", (object, source, file) => {
    const text = `/usr/bin/ld: ${object}: in function \`main':
${source}:(.text+0x5): undefined reference to \`nowhere'`;
    expect(at(text)).toEqual([`error ${file}:::: undefined reference to \`nowhere'`]);
  });

  test("is at the stanza of dune where the linker names no source, and once", () => {
    const text = `File "bin/dune", line 1, characters 18-19:
1 | (executable (name m))
                      ^
/usr/bin/ld: .m.eobjs/native/dune__exe__M.o: in function \`camlDune__exe__M__entry':
/workspace_root/bin/m.ml:2: undefined reference to \`st'
/usr/bin/ld: .m.eobjs/native/dune__exe__M.o: in function \`camlDune__exe__M':
:(.data+0x18): undefined reference to \`st'
/usr/bin/ld: r.o: relocation R_X86_64_32 against undefined symbol \`far' can not be used when making a shared object
/usr/bin/ld: cannot find -lnosuch: No such file or directory
${end}
File "caml_startup", line 1:
Error: Error during linking (exit code 1)`;
    const annotated = at(text).map((line) => line.replace(/ when making.*/, ""));
    expect(annotated).toEqual([
      "error /workspace_root/bin/m.ml:2:2:: undefined reference to `st'",
      "error bin/dune:1:1:19:19 relocation R_X86_64_32 against undefined symbol `far' can not be used",
      "error bin/dune:1:1:19:19 cannot find -lnosuch: No such file or directory",
      "error caml_startup:1:1:: Error during linking (exit code 1)",
    ]);
  });

  test("has no place where nothing names one", () => {
    const text =
      "/usr/lib/gcc-cross/aarch64-linux-gnu/bin/ld: two.o:(.data+0x0): " +
      "multiple definition of `a'; one.o:(.data+0x0): first defined here";
    expect(annotated(read(text))).toEqual([
      "error at undefined:undefined: multiple definition of `a'; one.o:(.data+0x0): first defined here",
    ]);
  });

  test("is not in a program’s output, in a warning of the linker, or in a backtrace", () => {
    const text = `my program: undefined reference to \`x'
/usr/bin/ld: warning: amd64.o: missing .note.GNU-stack section implies executable stack
Fatal error: exception Failure("x")
Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33`;
    expect(read(text)).toEqual([]);
  });
});

test("copies of the sources are shown at their sources", () => {
  const existing = ["/w/sub/lib/s.c", "/w/sub/m.ml", "/w/sub/_build/default/made.c"];
  const text = [
    "/w/sub/_build/default/lib/s.c:4:1: error: a\n",
    "/w/sub/_build/.sandbox/0a1b2c/solo5/lib/s.c:5:1: error: b\n",
    '\nFile "_build/solo5/m.ml", lines 3-4, characters 2-5:\nError: c\n\n',
    "/workspace_root/m.ml:2:1: error: no such extension\n",
    "/opt/root/t/.opam-switch/build/www.dev/lib/s.c:6:1: error: d\n",
    "/opt/root/t/.opam-switch/build/lwt.5/lib/s.c:7:1: error: e\n",
    "/w/sub/_build/default/made.c:8:1: error: f\n",
    "ld: m.o: in function `f':\n/workspace_root/m.ml:9: undefined reference to `x'\n",
  ].join("");
  expect(annotated(read(text), (path) => existing.includes(path))).toEqual([
    "error at sub/lib/s.c:4: a",
    "error at sub/lib/s.c:5: b",
    "error at sub/m.ml:3: c",
    "error at sub/lib/s.c:6: d",
    "error at sub/_build/default/made.c:8: f",
    "error at sub/m.ml:9: undefined reference to `x'",
  ]);
});

test("a message of many lines is cut", () => {
  const [only] = read(`File "a.ml", line 1, characters 0-1:\nError: x\n${"  more\n".repeat(10_000)}`);
  expect(only?.message.split("\n")).toHaveLength(60);
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
