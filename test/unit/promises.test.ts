// `npm run promises` takes each of these protections out: their table must be complete.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Options, format } from "prettier";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { textOf } from "../documentation.js";
import { KnownResults, rowKeys } from "../promises/known-results.js";
import { type Mark, changeAt, changed, changeWithout, marks, marksOf } from "../promises/marks.js";
import { protections } from "../promises/protections.js";
import type { RanTest } from "../promises/reporter.js";
import { type Judgement, type TestsRun, judge } from "../promises/run-tests.js";
import { promises } from "../promises/threat-model.js";

const piecesIn = (text: string, piece: string) => text.split(piece).length - 1;

describe("the table of protections", () => {
  it("has all promises of the threat model, each with a test of its own", () => {
    expect(promises.length).toBe(piecesIn(textOf("docs/threat-model.md"), "`: “"));
    expect(new Set(promises.map(({ test }) => test)).size).toBe(promises.length);
  });

  it.each(promises.map(({ test, promise }) => [test, promise]))("has at least one for “%s”: %s", (name) => {
    expect(protections.filter(({ test }) => test === name)).not.toEqual([]);
  });

  it("has none that no promise needs", () => {
    const names = promises.map(({ test }) => test);
    expect(protections.filter(({ test }) => !names.includes(test))).toEqual([]);
  });

  it.each(protections.map(({ test, piece }) => [test, typeof piece === "string" ? { mark: piece } : piece, piece]))(
    "“%s” is kept by %j, and there is a program without it",
    (_, _shown, piece) => {
      const change = changeWithout(piece);
      const text = textOf(change.file);
      const broken = changed(text, change);
      expect(broken).not.toBe(text);
      if (change.file.endsWith(".ts")) expect(mistakesOf(broken)).toEqual([]);
    },
  );

  it("has each mark of the code", () => {
    const used = protections.map(({ piece }) => (typeof piece === "string" ? piece : "mark" in piece && piece.mark));
    expect(marks.map(({ id }) => id).filter((id) => !used.includes(id))).toEqual([]);
  });
});

/** What a parser says of a program; that TypeScript keeps it is not in its types. */
const mistakesOf = (program: string) =>
  (ts.createSourceFile("a.ts", program, ts.ScriptTarget.Latest) as unknown as { parseDiagnostics: ts.Diagnostic[] })
    .parseDiagnostics;

describe("a mark", () => {
  const program = `
// promise: whole-statement
if (a || b) throw new Error("one");
if (/* promise: condition */ a.b(c)) throw new Error("two");
while (/* promise: while-condition */ !a) b();
const d = a || /* promise: or */ b.c !== d || e, f = /* promise: first-and */ a && b ? c : d;
const g = /* promise: ternary */ a.b() ? c : d;
call(a, /* promise: argument */ { mode: 0o700 });
const list = [/* promise: element */ "one", "two", /* promise: spread */ ...three], o = {
  // promise: property
  four: 4, five: /* promise: value */ six(seven),
};
const words = \`\${/* promise: in-template */ visible(text)} and "\${more}"\`;
const long = /* promise: chain */ text.replaceAll("%", "%25").replaceAll("a", "b");
const none = ["/* promise: of-no-program */"];
function last() {
  // promise: awaited
  const said = 1;
  /* promise: nothing */
}
`;
  const instead = new Map([
    ["value", "seven"],
    ["in-template", "text"],
    ["chain", "text"],
    ["awaited", "stop();"],
  ]);
  /** A program in one form, without its marks. */
  const usual = (text: string) =>
    format(text.replaceAll(/\/\/ promise: .*|\/\* promise: .*? \*\//g, ""), {
      parser: "typescript",
      objectWrap: "collapse",
    });
  /** What is left of a program without what each mark covers. */
  const changesOf = async (text: string) => {
    const changes: Record<string, string> = {};
    for (const mark of marksOf("a.ts", text))
      if (mark.node !== undefined) changes[mark.id] = await usual(changed(text, changeAt(mark, instead.get(mark.id))));
    return changes;
  };
  const without = (from: string, to: string) => {
    expect(program.split(from).length).toBe(2);
    return usual(program.replace(from, () => to));
  };

  it("covers what begins after it", async () => {
    expect(await changesOf(program)).toEqual({
      "whole-statement": await without('if (a || b) throw new Error("one");', ";"),
      condition: await without("a.b(c)", "false"),
      "while-condition": await without("!a", "false"),
      or: await without("b.c !== d", "false"),
      "first-and": await without("a && b", "true && b"),
      ternary: await without("a.b()", "false"),
      argument: await without("{ mode: 0o700 }", ""),
      element: await without('"one",', ""),
      spread: await without("...three", ""),
      property: await without("four: 4,", ""),
      value: await without("six(seven)", "seven"),
      "in-template": await without("visible(text)", "text"),
      chain: await without('text.replaceAll("%", "%25").replaceAll("a", "b")', "text"),
      awaited: await without("const said = 1;", "stop();"),
    });
  });

  it.each<[what: string, options: Options]>([
    ["short lines", { printWidth: 30 }],
    ["long lines", { printWidth: 400 }],
    [
      "tabs, no semicolons",
      { useTabs: true, semi: false, singleQuote: true, trailingComma: "none", bracketSpacing: false },
    ],
  ])("covers the same when it is written with %s", async (_, options) => {
    const written = await format(program, { parser: "typescript", ...options });
    expect(written).not.toBe(program);
    expect(await changesOf(written)).toEqual(await changesOf(program));
  });

  it("is refused where nothing begins after it, or nothing usual stands there instead", () => {
    const known = marksOf("a.ts", program);
    const at = (id: string) => known.find((mark) => mark.id === id) as Mark;
    expect(() => changeAt(at("nothing"))).toThrow('a.ts: nothing begins after the mark "promise: nothing"');
    expect(() => changeAt(at("of-no-program"))).toThrow("nothing begins after");
    expect(() => changeAt(at("chain"))).toThrow("no usual `instead`");
    expect(() => changeAt(at("awaited"))).toThrow("no usual `instead`");
    expect(() => changeWithout("no-such-mark")).toThrow('src/ has no mark "promise: no-such-mark"');
  });
});

describe("what a test says of a protection that was taken out", () => {
  const ran = (state: RanTest["state"], name = "", message = ""): RanTest => ({
    name: "x",
    state,
    errors: name === "" ? [] : [{ name, message }],
  });
  const outOfTime = ran("failed", "Error", "Test timed out in 5000ms.");
  const outcomeOf = (tests: readonly RanTest[], more: Partial<TestsRun> = {}) =>
    judge({ tests, broken: [], hangs: false, ms: 1, ...more }).outcome;

  it.each<[what: string, outcome: Judgement["outcome"], tests: readonly RanTest[], more?: Partial<TestsRun>]>([
    ["an assertion that fails", "killed", [ran("passed"), ran("failed", "AssertionError", "expected 1 to be 2")]],
    ["an assertion that fails beside a timeout", "killed", [ran("failed", "AssertionError", "no"), outOfTime]],
    ["a test that is out of time", "undecided", [outOfTime, ran("passed")]],
    ["a hook that is out of time", "undecided", [ran("skipped")], { broken: ["Hook timed out in 5000ms."] }],
    ["a test that comes to no end", "undecided", [ran("pending")], { hangs: true }],
    ["a run that hangs before it has a test", "undecided", [], { hangs: true }],
    ["a run that ends before its test", "unfit", [ran("passed"), ran("pending")]],
    ["a test that passes", "survived", [ran("passed"), ran("skipped")]],
    ["a test that passes, beside an error of no test", "survived", [ran("passed")], { broken: ["boom"] }],
    ["a test that is skipped", "unfit", [ran("skipped")]],
    ["no test of that name", "unfit", []],
    ["a file that cannot be loaded", "unfit", [], { broken: ["Unexpected token"] }],
    ["a program that is none any more", "unfit", [ran("failed", "ReferenceError", "x is not defined")]],
  ])("%s: %s", (_, outcome, tests, more) => {
    expect(outcomeOf(tests, more)).toBe(outcome);
  });
});

describe("the results of earlier runs", () => {
  const withFolder = <T>(body: (folder: string) => T): T => {
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-results-"));
    try {
      return body(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it("are known to the next run, except those that a time limit or the machine decided", () => {
    withFolder((folder) => {
      const file = join(folder, "cache/results.jsonl");
      const first = new KnownResults(file);
      for (const outcome of ["killed", "survived", "undecided", "unfit"] as const)
        first.add(outcome, { outcome, why: "x" });
      appendFileSync(file, '\n{"key":"half a li');
      new KnownResults(file).add("after it", { outcome: "killed", why: "x" });
      const next = new KnownResults(file);
      expect(next.get("killed")).toEqual({ outcome: "killed", why: "x" });
      expect(next.get("after it")).toEqual({ outcome: "killed", why: "x" });
      expect(next.get("survived")).toEqual({ outcome: "survived", why: "x" });
      expect([next.get("undecided"), next.get("unfit"), next.get("half a li")]).toEqual(Array(3).fill(undefined));
    });
  });

  it("hold until a file changes that the row's test depends on", () => {
    withFolder((folder) => {
      const files = [
        "src/a.ts",
        "test/helper.ts",
        "test/a.test.ts",
        "test/b.test.ts",
        "test/promises/protections/x.ts",
      ];
      for (const file of files) mkdirSync(dirname(join(folder, file)), { recursive: true });
      for (const file of files) writeFileSync(join(folder, file), "one");
      const key = (row: object = { start: 1 }) => rowKeys(folder, files)("test/a.test.ts", row);
      const before = key();
      expect(key({ start: 2 })).not.toBe(before);
      const changing = files.filter((file) => {
        writeFileSync(join(folder, file), "two");
        const changes = key() !== before;
        writeFileSync(join(folder, file), "one");
        return changes;
      });
      expect(changing).toEqual(["src/a.ts", "test/helper.ts", "test/a.test.ts"]);
      expect(key()).toBe(before);
    });
  });
});
