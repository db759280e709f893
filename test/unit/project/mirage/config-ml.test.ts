import { describe, expect, test } from "vitest";
import { headerOf, requirementsOfConfiguration } from "../../../../src/project/mirage/config-ml.js";
import { constraintsOf, unreadParts } from "../../../../src/toolchain/requirements.js";

const asked = (text: string) =>
  constraintsOf(requirementsOfConfiguration("config.ml", text), {}).map((one) => `${one.source}: ${one.text}`);

describe("the header that constrains mirage", () => {
  test.each([
    ["(* mirage >= 4.10.0 & < 4.12.0 *)", ">= 4.10.0 & < 4.12.0"],
    ["(* mirage < 4.12 & >= 4.10 *)\nopen Mirage", "< 4.12 & >= 4.10"],
    ["(* mirage >= 4.9.0 *)", ">= 4.9.0"],
    ["(* mirage  <  5.0.0  *)", "< 5.0.0"],
  ])("%s", (text, header) => {
    expect(headerOf(text)).toBe(header);
    expect(asked(text)).toEqual([`config.ml line 1: ${header}`]);
  });

  test("may lack its `&`", () => {
    expect(asked("(* mirage >= 4.9.0 < 5.0.0 *) open Mirage")).toEqual(["config.ml line 1: >= 4.9.0 & < 5.0.0"]);
  });

  test.each([
    "open Mirage",
    "open Mirage (* mirage >= 4.9.0 *)",
    "(* mirage unikernel *)",
    "(* mirage >= 4.9.0 & >= 4.10.0 *)",
    "(* mirage <= 4.9.0 *)",
    "(* mirage >= 4.9.0",
    "",
  ])("none in %s", (text) => {
    expect(headerOf(text)).toBeUndefined();
    expect(asked(text)).toEqual([]);
  });
});

describe("packages that a config.ml adds", () => {
  test.each([
    ['let p = [ package ~min:"4.10.0" ~max:"4.12.0" "mirage" ]', ["config.ml line 1: >= 4.10.0 & < 4.12.0"]],
    ['\n\nlet p = package "ocaml" ~max:"5.3.0" ;;', ["config.ml line 3: < 5.3.0"]],
    ['Mirage.package\n  ~build:true\n  ~sublibs:["a"; "b"]\n  ~min:"0.9.1"\n  "solo5"', ["config.ml line 1: >= 0.9.1"]],
    ['[ package "a" ~min:"9"; package ~min:{|4.14|} "ocaml" ]', ["config.ml line 1: >= 4.14"]],
    ['(* package ~max:"1" "ocaml" (* " *) " *) *)\nlet p = package ~max:"5" "ocaml"', ["config.ml line 2: < 5"]],
    ['let q = \'"\' let p = package ~max:"5" "ocaml" let r = \'"\'', ["config.ml line 1: < 5"]],
    ['"package ~max:" "ocaml"', []],
    ['package "ocaml"', []],
    ['package ~min:"6" "lwt"', []],
    ['package ~min:version "ocaml"', []],
    ["package", []],
    ['package ~min:"4', []],
  ])("%s", (text, constraints) => {
    expect(asked(text)).toEqual(constraints);
  });
});

test.each([
  ['package ~min:version ~max:"5.5" "ocaml"', ["config.ml line 1: < 5.5"], "ocaml", ["min"]],
  ['package ~min:(f "4") ~max:{|5|} "ocaml"', ["config.ml line 1: < 5"], "ocaml", ["min"]],
  ['package ~min ?max "mirage"', [], "mirage", ["min", "max"]],
  ['package ~min:"4.14" name', [], "a package", ["min"]],
  ['package ~min:"4.14" @@ "ocaml"', [], "a package", ["min"]],
  ['package ~build:true ~min:version "lwt"', [], "", []],
  ["package ~sublibs name", [], "", []],
])("a bound that is not a literal is named: %s", (text, constraints, name, bounds) => {
  expect(asked(text)).toEqual(constraints);
  expect(unreadParts(requirementsOfConfiguration("config.ml", text))).toEqual(
    bounds.map(
      (bound) => `config.ml line 1: \`~${bound}\` of \`package\` was not read, so it limits no version of ${name}`,
    ),
  );
});

test.each([
  ["(* mirage <= 4.9.0 *)", 1],
  ["(* mirage >= 4.9.0 & >= 4.10.0 *)", 1],
  ["(*mirage >= 4.9.0 *)", 1],
  ["(* mirage >= 4.9.0 *)", 0],
  ["(* mirage unikernel *)", 0],
])("a first line that mirage takes for a comment is named: %s", (text, count) => {
  const parts = unreadParts(requirementsOfConfiguration("config.ml", text));
  const sentence = `config.ml line 1: \`${text}\` was not read, so it limits no version of mirage`;
  expect(parts).toEqual(Array.from({ length: count }, () => sentence));
});

describe("names that mirage has removed ask for an older one", () => {
  test("each once, with its line", () => {
    const text = 'open Mirage\nlet a = foreign "U" job\nlet b = Mirage.default_time\nlet c = foreign "V" job';
    expect(asked(text)).toEqual([
      "config.ml line 2 (`foreign`, removed in mirage 4.5.0): < 4.5.0",
      "config.ml line 3 (`default_time`, removed in mirage 4.9.0): < 4.9.0",
    ]);
  });

  test.each([
    ["a name that the file defines itself", "let default_time = 3\nlet x = default_time"],
    ["a comment or a string", '(* foreign *) let x = "foreign"'],
    ["another module’s", "let x = Other.foreign"],
    ["a longer name", "let x = foreign_keys"],
  ])("but not %s", (_, text) => {
    expect(asked(text)).toEqual([]);
  });
});
