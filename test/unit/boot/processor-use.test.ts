import { describe, expect, test } from "vitest";
import { ProcessorUse } from "../../../src/boot/processor-use.js";

/** Looks at the given times, at which each thread had used so much. */
function busy(windowMs: number, looks: readonly (readonly [atMs: number, used: Readonly<Record<string, number>>])[]) {
  let used: Readonly<Record<string, number>> = {};
  const use = new ProcessorUse(() => new Map(Object.entries(used)), windowMs);
  for (const [atMs, now] of looks) {
    used = now;
    use.look(atMs);
  }
  return use.busy;
}

describe("how busy a guest is", () => {
  test.each<readonly [name: string, windowMs: number, looks: Parameters<typeof busy>[1], right: string | undefined]>([
    [
      "it spins",
      3_000,
      [
        [100, { a: 50 }],
        [3_100, { a: 3_045 }],
      ],
      "busy: used 100 % of a processor for 3 s",
    ],
    [
      "it spins nearly always",
      3_000,
      [
        [100, { a: 50 }],
        [3_100, { a: 2_900 }],
      ],
      "busy: used 95 % of a processor for 3 s",
    ],
    [
      "it waits",
      3_000,
      [
        [100, { a: 50 }],
        [3_100, { a: 60 }],
      ],
      undefined,
    ],
    [
      "it waits after a busy start",
      3_000,
      [
        [0, { a: 0 }],
        [5_000, { a: 4_990 }],
        [8_000, { a: 5_000 }],
      ],
      undefined,
    ],
    [
      "it spins after an idle start",
      3_000,
      [
        [0, { a: 0 }],
        [5_000, { a: 10 }],
        [8_000, { a: 3_000 }],
      ],
      "busy: used 100 % of a processor for 3 s",
    ],
    [
      "two threads share a processor’s worth of work",
      3_000,
      [
        [0, { a: 0, b: 0 }],
        [3_000, { a: 1_500, b: 1_500 }],
      ],
      undefined,
    ],
    [
      "one of several threads spins",
      3_000,
      [
        [0, { a: 2_000, b: 0 }],
        [3_000, { a: 2_000, b: 3_000 }],
      ],
      "busy: used 100 % of a processor for 3 s",
    ],
    [
      "a thread that began later",
      3_000,
      [
        [0, { a: 1 }],
        [3_000, { a: 1, b: 2_990 }],
      ],
      "busy: used 100 % of a processor for 3 s",
    ],
    [
      "too short to tell",
      500,
      [
        [0, { a: 0 }],
        [500, { a: 500 }],
      ],
      undefined,
    ],
    [
      "a clock that starts again with the guest",
      3_000,
      [
        [9_000, { a: 9_000 }],
        [0, { a: 9_000 }],
        [3_000, { a: 9_100 }],
      ],
      undefined,
    ],
    ["one look", 3_000, [[0, { a: 0 }]], undefined],
    [
      "a kernel that does not count",
      3_000,
      [
        [0, {}],
        [3_000, {}],
      ],
      undefined,
    ],
    [
      "output without a pause",
      2_000,
      Array.from({ length: 9 }, (_, index) => [index * 500, { a: index * 500 }] as const),
      "busy: used 100 % of a processor for 2 s",
    ],
  ])("%s", (_, windowMs, looks, right) => expect(busy(windowMs, looks)).toBe(right));
});
