import { describe, expect, test } from "vitest";
import { holds, inOpamSyntax, shown } from "../../../../src/targets/formula.js";
import { dependenciesOf, formulaOf } from "../../../../src/toolchain/opam/dependencies.js";
import { parseOpamFile } from "../../../../src/toolchain/opam/file.js";
import { reduce } from "../../../../src/toolchain/opam/filtered-formula.js";
import { processorMs } from "../../../processor-time.js";

const variables = { os: "linux", arch: "x86_64", build: "true", "with-test": "false", version: "1.0" };
const formula = (depends: string, more: Record<string, string> = {}) =>
  reduce(formulaOf(parseOpamFile(`depends: [ ${depends} ]`)), { ...variables, ...more });

describe("a formula asks", () => {
  test.each([
    ['"a" {>= "1" & < "2"}', ">= 1 & < 2"],
    ['"a" {>="1"&<"2"}', ">= 1 & < 2"],
    ['"a" {>= "1" < "2"}', ">= 1 & < 2"],
    ['"a" {> "1" | < "2" & != "0"} (* of a *)', "> 1 | (< 2 & != 0)"],
    ['"a" {(> "1" | < "2") & != "0"} # of a', "(> 1 | < 2) & != 0"],
    ['"a" {!(> "1" & < "2")}', "<= 1 | >= 2"],
    ['"a" {!!(= "1")}', "= 1"],
    ['"a" {>= "4.9~"}', ">= 4.9~"],
    ['"a" {= version}', "= 1.0"],
    ['"a" {= "%{version}%.1"}', "= 1.0.1"],
    ['"a" {build & >= "1"}', ">= 1"],
    ['"a" {>= "1" & os = "linux" & arch != "arm64"}', ">= 1"],
    ['"a" {!with-test & >= "1"}', ">= 1"],
    ['"a" {with-test | >= "1"}', ">= 1"],
    ['"a" {?os & >= "1"}', ">= 1"],
    ['"a" {!?none & >= "1"}', ">= 1"],
    ['"a" {true & >= "1"}', ">= 1"],
    ['("a" {with-test} | "a" {>= "1"})', ">= 1"],
    ['"a"', "any version"],
    ['"a" {}', "any version"],
    ['"a" {>= "1"} | "b" {< "2"} & "c"', "a >= 1 | (b < 2 & c)"],
    ['("a" | "b" {< "2"}) "c"', "(a | b < 2) & c"],
  ])("%s: %s", (depends, text) => {
    expect(shown(formula(depends))).toBe(text);
  });

  test.each([
    '"a" {with-test & < "1"}',
    '"a" {os = "win32"}',
    '"a" {!(os = "linux")}',
    '"a" {none}',
    '"a" {!none}',
    '"a" {none = "1"}',
    '"a" {!(none = "1")}',
    '"a" {?none & < "1"}',
    '"a" {"linux"}',
    '"a" {false}',
    '"a" {with-test} | "b" {with-test}',
    "",
  ])("nothing: %s", (depends) => {
    expect(formula(depends)).toEqual({ kind: "and", parts: [] });
  });

  test("can be written in opam’s syntax", () => {
    const text = '("a" {>= "1"} | "b") & "c"';
    expect(inOpamSyntax(formula(text))).toBe(text);
    expect(formula(inOpamSyntax(formula(text)))).toEqual(formula(text));
  });
});

test("a package that is not decided here never breaks a formula", () => {
  const versionOf = (name: string) => (name === "a" ? "1" : undefined);
  expect(holds(formula('"a" {> "1"}'), versionOf)).toBe(false);
  expect(holds(formula('"a" {> "1"} | "b" {< "0"}'), versionOf)).toBe(true);
});

test("dependencies are the packages that are certain, each with all that is asked of it", () => {
  const all = dependenciesOf(
    formula('"a" {>= "1"} | "b" "c" "d" {>= "2"} & ("e" & "d" {< "3"}) "f" {?monorepo & >= "8.18" < "8.19"}', {
      monorepo: "true",
    }),
  );
  expect(all.map(({ name, formula: asked }) => [name, shown(asked)])).toEqual([
    ["c", "any version"],
    ["d", ">= 2 & < 3"],
    ["e", "any version"],
    ["f", ">= 8.18 & < 8.19"],
  ]);
});

test("a field may be one package without brackets, none, or unfinished", () => {
  const names = (text: string) => dependenciesOf(reduce(formulaOf(parseOpamFile(text)), {})).map(({ name }) => name);
  expect(names('depends: "mirage"')).toEqual(["mirage"]);
  expect(names('synopsis: "none"')).toEqual([]);
  expect(names('depends: [ "unfinished" {>= "1"')).toEqual(["unfinished"]);
});

// Quadratic time would take many seconds, and recursion at each bracket would throw a RangeError.
test.each(["(", "{", '"a" {(', '"a" & ', '"a" { < ', '"a" {! ', "| ", '"a" {b & ', '"a" | ("b" '])(
  "64 kB of %j are read at once",
  (word) => {
    const text = `depends: [ ${word.repeat((64 * 1024) / word.length)}`;
    expect(processorMs(() => dependenciesOf(reduce(formulaOf(parseOpamFile(text)), variables)))).toBeLessThan(5_000);
    const inBraces = `depends: [ "a" { ${word.repeat((64 * 1024) / word.length)}`;
    expect(processorMs(() => dependenciesOf(reduce(formulaOf(parseOpamFile(inBraces)), variables)))).toBeLessThan(
      5_000,
    );
  },
);
