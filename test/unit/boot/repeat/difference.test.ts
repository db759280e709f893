import { expect, test } from "vitest";
import { firstDifference } from "../../../../src/boot/repeat/difference.js";

test("consoles that differ only in times, addresses and durations are equal", () => {
  const passed = ["[    0.10] up at 0x10ad4f", "2026-01-02T03:04:05Z ready after 12.5 ms"];
  const failed = ["[   12.34] up at 0x20ffff", "2027-05-06T07:08:09Z ready after 900 ms"];
  expect(firstDifference(passed, failed)).toBeUndefined();
});

test("the first line that differs, with what is around it", () => {
  expect(firstDifference(["a", "b", "c", "d", "e"], ["a", "b", "c", "trap"])).toEqual({
    line: 4,
    from: 2,
    passed: ["b", "c", "d", "e"],
    failed: ["b", "c", "trap"],
  });
});

test("a console that ends early differs at its end", () => {
  expect(firstDifference(["a", "b"], ["a"])).toEqual({ line: 2, from: 1, passed: ["a", "b"], failed: ["a"] });
});
