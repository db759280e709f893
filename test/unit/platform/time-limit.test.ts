import { describe, expect, test } from "vitest";
import { OutOfTime, withinTime } from "../../../src/platform/time-limit.js";

/** Backtracks through 2^40 ways. */
const endless = () => /^(a+)+$/u.test(`${"a".repeat(40)}!`);

describe("work with a time limit", () => {
  test("returns its result, also undefined", () => {
    expect(withinTime(600_000, () => 42)).toBe(42);
    expect(withinTime(600_000, (): unknown => undefined)).toBeUndefined();
  });

  test("throws its own error", () => {
    expect(() => withinTime(600_000, () => JSON.parse("{") as unknown)).toThrow(SyntaxError);
  });

  test("is stopped in the middle of a regular expression, and later work still runs", () => {
    expect(() => withinTime(100, endless)).toThrow(OutOfTime);
    expect(withinTime(600_000, () => "next")).toBe("next");
  });
});
