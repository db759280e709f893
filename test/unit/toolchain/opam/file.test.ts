import { describe, expect, test } from "vitest";
import { listsOf, parseOpamFile, stringsOf } from "../../../../src/toolchain/opam/file.js";
import { processorMs } from "../../../processor-time.js";

const file = parseOpamFile(`opam-version: "2.0"  # a comment: "not a field"
(* license: "none" (* nor: "this" *) license: "none" *)
description: """\\
Says "license: GPL" in a text."""
license: ["MIT" "BSD-3-clause"]
depends: [
  "ocaml" {>= "4.13.0" & < "5.0"}
  "conf-libseccomp" {build & os = "linux"}
]
available: arch = "x86_64" & (os = "linux" | os = "freebsd")
build: [make "V=1"]
url {
  src: "https://example.org/a\\"b.tar.gz"
  checksum: [
    "sha256=00"
    "md5=11"
  ]
}
extra-source "gen.ml" { src: "https://example.org/gen.ml" }
flags: plugin {?x}
x-list: [["a" "b" ["c"]] ["d" "e"]]
`);

describe("a file", () => {
  test("has strings, lists and sections", () => {
    expect(stringsOf(file, "license")).toEqual(["MIT", "BSD-3-clause"]);
    expect(stringsOf(file, "url.src")).toEqual(['https://example.org/a"b.tar.gz']);
    expect(stringsOf(file, "url.checksum")).toEqual(["sha256=00", "md5=11"]);
    expect(stringsOf(file, "extra-source.src")).toEqual(["https://example.org/gen.ml"]);
    expect(stringsOf(file, "depends")).toEqual(["ocaml", "conf-libseccomp"]);
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((text) => ({ kind: "string", text }));
    expect(listsOf(file, "x-list")).toEqual([
      [a, b, { kind: "list", values: [c] }],
      [d, e],
    ]);
  });

  test("keeps operators, variables and groups", () => {
    const comparison = (name: string, value: string) => [
      { kind: "word", text: name },
      { kind: "operator", text: "=" },
      { kind: "string", text: value },
    ];
    expect(file.fields.get("available")).toEqual([
      ...comparison("arch", "x86_64"),
      { kind: "operator", text: "&" },
      {
        kind: "group",
        values: [...comparison("os", "linux"), { kind: "operator", text: "|" }, ...comparison("os", "freebsd")],
      },
    ]);
    expect(file.sections.map(({ kind, name }) => [kind, name])).toEqual([
      ["url", undefined],
      ["extra-source", "gen.ml"],
    ]);
  });

  test("braces behind a field’s first word are that word’s, and no section", () => {
    expect(file.fields.get("flags")).toMatchObject([{ kind: "word", text: "plugin" }, { kind: "options" }]);
  });

  test("has no fields in comments and texts", () => {
    expect(stringsOf(file, "description")).toEqual(['Says "license: GPL" in a text.']);
    expect(stringsOf(file, "nowhere")).toEqual([]);
    expect(stringsOf(file, "nowhere.src")).toEqual([]);
  });

  test("that is damaged is read as far as it makes sense", () => {
    expect(stringsOf(parseOpamFile('license: ["MIT" url { src: "x\n }}} ]]] ('), "license")).toEqual(["MIT"]);
    expect(stringsOf(parseOpamFile('}} ) ] license: "MIT" ) (* rest'), "license")).toEqual(["MIT"]);
    expect(stringsOf(parseOpamFile('license: "MIT'), "license")).toEqual(["MIT"]);
  });

  test("has escapes only inside of strings", () => {
    expect(stringsOf(parseOpamFile('a: ["x\\ny" "one \\\n   line" "\\\\n" """a"\\""""]'), "a")).toEqual([
      "x\ny",
      "one line",
      "\\n",
      'a""',
    ]);
  });
});

// In the form that mirage 4.11 writes.
const opam = parseOpamFile(`# a comment with "quotes"
opam-version: "2.0"
description: """
depends: [ "nothing" ]
"""
depends: [
  "lwt" { ?monorepo }
  "mirage" { build & >= "4.11.0" & < "4.12.0" } (* not "this" *)
  "duration"
  "left" {>= "1"} | "right" & "neither"
  "both" & "of" {= "2"} & ("one" & "other")
  ("one" | "two" {= "2"})
  "loose" {>= "1" | = "0.5"}
  "conf-libseccomp" {build & os = "linux" & !dev}
  "mirage-runtime" {= version}
  "coq" {?monorepo >= "8.18" < "8.19"}
]
build: ["make" "build"]
x-opam-monorepo-opam-provided: ["mirage" "solo5"]
`);

test("strings of another field", () => {
  expect(stringsOf(opam, "x-opam-monorepo-opam-provided")).toEqual(["mirage", "solo5"]);
  expect(stringsOf(opam, "x-none")).toEqual([]);
});

// Quadratic time would take many seconds, and recursion at each bracket would throw a RangeError.
test.each([
  '\\"',
  '"\\',
  "(*",
  "(* *",
  '"""',
  '"""\\',
  "(",
  "{",
  "[",
  '{ "a"',
  '[ "a" {',
  "a {",
  'a "b" { c: [] ',
  '"a" & ',
  '"a" { < ',
  "| ",
  "a: ",
  "x",
])("64 kB of %j are read at once", (word) => {
  for (const before of ["depends: [ ", ""]) {
    const text = before + word.repeat((64 * 1024) / word.length);
    expect(processorMs(() => parseOpamFile(text))).toBeLessThan(5_000);
  }
});
