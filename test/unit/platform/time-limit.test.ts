import { describe, expect, test } from "vitest";
import { OutOfTime, withinTime } from "../../../src/platform/time-limit.js";

/** Tries 2^40 ways: nobody would see its end. */
const endless = () => /^(a+)+$/u.test(`${"a".repeat(40)}!`);

describe("work within a time", () => {
  test("gives what it gives, also when that is nothing", () => {
    expect(withinTime(1000, () => 42)).toBe(42);
    expect(withinTime(1000, (): unknown => undefined)).toBeUndefined();
  });

  test("throws what it throws", () => {
    expect(() => withinTime(1000, () => JSON.parse("{") as unknown)).toThrow(SyntaxError);
  });

  test("is stopped in the middle of a regular expression, and the next is done", () => {
    expect(() => withinTime(100, endless)).toThrow(OutOfTime);
    expect(withinTime(1000, () => "next")).toBe("next");
  });
});
