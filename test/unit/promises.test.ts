// `npm run promises` takes each of these protections out and looks whether the promise's test fails: the table must be whole for that.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root, textOf } from "../documentation.js";
import { protections } from "../promises/protections.js";
import type { RanTest } from "../promises/reporter.js";
import { type Judgement, type TestsRun, judge } from "../promises/run-tests.js";
import { promises } from "../promises/threat-model.js";

const piecesIn = (text: string, piece: string) => text.split(piece).length - 1;
const sources = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .map((name) => `src/${name}`);
const whereIs = (piece: string) => sources.filter((file) => textOf(file).includes(piece));

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

  it.each(protections.map(({ test, file, from, to }) => [test, file, from, to]))(
    "“%s” is kept by one piece of %s",
    (_, file, from, to) => {
      const pieces = existsSync(join(root, file)) ? piecesIn(textOf(file), from) : 0;
      expect(pieces, pieces === 0 ? `it stands in ${whereIs(from).join(", ")}` : undefined).toBe(1);
      expect(to).not.toBe(from);
    },
  );
});

describe("what a test says of a protection that was taken out", () => {
  const ran = (state: RanTest["state"], name = "", message = ""): RanTest => ({
    name: "x",
    state,
    errors: name === "" ? [] : [{ name, message }],
  });
  const outcomeOf = (tests: readonly RanTest[], more: Partial<TestsRun> = {}) =>
    judge({ tests, broken: [], hangs: false, ms: 1, ...more }).outcome;

  it.each<[what: string, outcome: Judgement["outcome"], tests: readonly RanTest[], more?: Partial<TestsRun>]>([
    ["an assertion that fails", "fails", [ran("passed"), ran("failed", "AssertionError", "expected 1 to be 2")]],
    ["a test that is out of time", "fails", [ran("failed", "Error", "Test timed out in 5000ms.")]],
    ["a test that comes to no end", "fails", [ran("pending")], { hangs: true }],
    ["a run that hangs before it has a test", "unfit", [], { hangs: true }],
    ["a test that passes", "survives", [ran("passed"), ran("skipped")]],
    ["a test that passes, beside an error of nobody’s", "survives", [ran("passed")], { broken: ["boom"] }],
    ["a test that is skipped", "unfit", [ran("skipped")]],
    ["no test of that name", "unfit", []],
    ["a file that cannot be loaded", "unfit", [], { broken: ["Unexpected token"] }],
    ["a program that is none any more", "unfit", [ran("failed", "ReferenceError", "x is not defined")]],
  ])("%s: it %s", (_, outcome, tests, more) => {
    expect(outcomeOf(tests, more)).toBe(outcome);
  });
});
