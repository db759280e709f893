import { expect, test } from "vitest";
import { fieldsOf, readSExpressions } from "../../../src/project/dune-workspace.js";
import { processorMs } from "../../processor-time.js";

test("words, quoted words and lists", () => {
  expect(readSExpressions('(a "b c" (d e))f')).toEqual([["a", "b c", ["d", "e"]], "f"]);
});

test("the three kinds of comment", () => {
  expect(readSExpressions("; (a)\n(b #| (c)\n |# d) #; (e (f)) g (#; h i)")).toEqual([["b", "d"], "g", ["i"]]);
});

test("reading stops at a syntax error", () => {
  expect(readSExpressions("(a) ) (b)")).toEqual([["a"]]);
  expect(readSExpressions("(a) (b")).toEqual([["a"]]);
  expect(readSExpressions('(a) "b')).toEqual([["a"]]);
  expect(readSExpressions("(a) #| (b)")).toEqual([["a"]]);
});

// In quadratic time this would take minutes.
test("a megabyte of unclosed comments is read in linear time", () => {
  expect(processorMs(() => readSExpressions("#| ".repeat(1024 ** 2 / 3)))).toBeLessThan(60_000);
});

test("the fields of a list", () => {
  const [list = []] = readSExpressions("(default (name solo5) flag (targets native solo5) (env (_ (x))) ())");
  expect(Object.fromEntries(fieldsOf(list))).toEqual({ name: ["solo5"], targets: ["native", "solo5"], env: [] });
  expect(fieldsOf("word").size).toBe(0);
});
