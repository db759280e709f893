import { afterAll, describe, expect, test } from "vitest";
import * as dialect from "../../../src/boot/judge/dialect.js";
import { type EndRule, endRules } from "../../../src/boot/judge/ending.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import * as vmms from "../../../src/boot/judge/vmm-words.js";
import { allRows, judge as judgeEvents } from "./cases.js";
import { judge, realConsoles, writtenConsoles } from "./consoles.js";

/** Every pattern of a value, by the way that leads to it. */
function patternsIn(value: unknown, path: string): (readonly [string, RegExp])[] {
  if (value instanceof RegExp) return value.source.endsWith("(?!)") ? [] : [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => patternsIn(part, `${path}.${name}`));
}

/** A pattern of which nothing matches: `test` and `replace` go through `exec`. */
function withoutPattern<T>(pattern: RegExp, body: () => T): T {
  pattern.exec = () => null;
  try {
    return body();
  } finally {
    Reflect.deleteProperty(pattern, "exec");
  }
}

/** A rule with another list of conditions. */
function withConditions<T>(rule: EndRule, when: EndRule["when"], body: () => T): T {
  const before = rule.when;
  Object.assign(rule, { when });
  try {
    return body();
  } finally {
    Object.assign(rule, { when: before });
  }
}

const consoles = [...realConsoles, ...writtenConsoles].sort((a, b) => a.console.length - b.console.length);
/** The quickest first. */
const questions: readonly (() => Verdict)[] = [
  ...allRows.map(
    ([, rules, events]) =>
      () =>
        judgeEvents(rules, events),
  ),
  ...consoles.map((each) => () => judge(each)),
];
/** A verdict with its summary and evidence: a rule may be needed for no more than the right words. */
const answer = (question: () => Verdict) => JSON.stringify(question());
const right = questions.map(answer);
/** Whether any verdict is another one now. Stops at the first. */
const isChanged = () => questions.some((question, index) => answer(question) !== right[index]);

afterAll(() => expect(questions.map(answer), "a rule was not put back").toEqual(right));

const patterns = [...patternsIn(dialect, "dialect"), ...patternsIn(vmms, "vmms")];

test("all rules are found", () => {
  expect(patterns.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      "dialect.dialects.solo5.ends.3.pattern",
      "dialect.dialects.unikraft.banner.last",
      "dialect.firmware.prefix",
      "dialect.ocamlDeath.1.pattern",
      "vmms.kvmFailures.0",
      "vmms.vmmWords",
    ]),
  );
});

test.each(patterns)("a console changes its verdict without the rule %s", (_, pattern) => {
  expect(withoutPattern(pattern, isChanged), `no console needs ${String(pattern)}`).toBe(true);
});

const rules = Object.entries(endRules).flatMap(([table, list]) =>
  list.map((rule, index) => [`${table}[${index}] ${rule.rule}`, rule] as const),
);

describe("the end of a VMM", () => {
  test.each(rules.filter(([, { when }]) => when.length > 0))("a verdict changes without the rule %s", (_, rule) => {
    expect(withConditions(rule, [() => false], isChanged)).toBe(true);
  });

  const conditions = rules.flatMap(([name, rule]) =>
    rule.when.map((condition, index) => [`${index} of ${name}`, rule, condition] as const),
  );
  test.each(conditions)("a verdict changes without the condition %s", (_, rule, condition) => {
    const others = rule.when.filter((other) => other !== condition);
    expect(withConditions(rule, others, isChanged), String(condition)).toBe(true);
  });
});
