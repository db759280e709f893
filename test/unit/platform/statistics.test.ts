import { describe, expect, test } from "vitest";
import { median, probabilityOfIncrease, spreadOf } from "../../../src/platform/statistics.js";

test("the median of odd, even and unsorted numbers", () => {
  expect(median([5])).toBe(5);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 3])).toBe(2.5);
  expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect(spreadOf([])).toBeUndefined();
});

/** Every way to choose `count` of `values`. */
function choices(values: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  return values.flatMap((value, at) => choices(values.slice(at + 1), count - 1).map((others) => [value, ...others]));
}

/** The same probability by trying every permutation: how often the mean rank is as large or larger. */
function counted(before: readonly number[], now: readonly number[]): number {
  const all = [...before, ...now];
  const rank = (value: number) =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2;
  const ranks = all.map(rank);
  const sum = (part: readonly number[]) => part.reduce((total, one) => total + one, 0);
  const dealt = choices(ranks, now.length);
  return dealt.filter((part) => sum(part) >= sum(ranks.slice(before.length))).length / dealt.length;
}

describe("the test of Mann and Whitney", () => {
  test("its smallest values are those of the published tables", () => {
    // One-sided, no overlap: 1 / C(n + m, m).
    expect(probabilityOfIncrease([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(1 / 252, 12);
    expect(probabilityOfIncrease([1, 2, 3], [4, 5, 6])).toBeCloseTo(1 / 20, 12);
    // U = 1 of 5 and 5: 2 of 252; the tables give 0.008 for it.
    expect(probabilityOfIncrease([1, 2, 3, 4, 6], [5, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12);
  });

  test("equal samples show nothing", () => {
    expect(probabilityOfIncrease([7, 7, 7, 7], [7, 7, 7, 7])).toBe(1);
    expect(probabilityOfIncrease([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])).toBeCloseTo(1, 12);
  });

  test.each([
    [
      [1, 2, 2, 3],
      [2, 2, 3, 4],
    ],
    [
      [5, 5, 5, 9],
      [5, 6, 9, 9, 9],
    ],
    [
      [12, 11, 13, 12, 12, 14],
      [13, 13, 12, 15, 14],
    ],
    [[1], [1, 1, 2]],
  ])("it is exact with ties: %j and %j", (before, now) => {
    expect(probabilityOfIncrease(before, now)).toBeCloseTo(counted(before, now), 12);
  });

  test("it is exact for a hundred values each", () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const moved = values.map((value) => value + 0.5);
    // Each of `moved` is above one more of `values` than below: the sum of ranks is 10,100, by 50 over the mean of
    // 10,050, with a standard deviation of 409.3; the normal approximation gives 0.4518, corrected for continuity.
    expect(probabilityOfIncrease(values, moved)).toBeCloseTo(0.4518, 3);
  });
});
