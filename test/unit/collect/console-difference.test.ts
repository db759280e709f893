import { expect, it } from "vitest";
import { consoleDifference } from "../../../src/collect/console-difference.js";

it("times, addresses and durations make no difference", () => {
  expect(
    consoleDifference(
      [
        "[    0.130537] CRIT: RIP: 00000000001b19c1 CS: 0008",
        "2026-12-01T02:00:00.5Z: [INFO] up in 12 ms",
        "rsp=0xfff0 at 10:11:12, clock 2598344060 Hz",
      ],
      [
        "[    9.000001] CRIT: RIP: 00000000002b19c1 CS: 0008",
        "2026-11-30T12:34:56-00:00: [INFO] up in 9.5 ms",
        "rsp=0x10 at 00:00:00, clock 2598344061 Hz",
      ],
    ),
  ).toEqual([]);
});

it("other lines do, with a line around them", () => {
  const before = ["Solo5", "one", "two", "three", "four", "lease 10.0.0.2", "listening on port 80"];
  const now = ["Solo5", "one", "two", "three", "four", "lease 10.0.0.3", "Fatal error: exception Not_found"];
  expect(consoleDifference(now, before)).toEqual([
    "…",
    "  four",
    "- lease 10.0.0.2",
    "- listening on port 80",
    "+ lease 10.0.0.3",
    "+ Fatal error: exception Not_found",
  ]);
  expect(consoleDifference([], ["one"])).toEqual(["- one"]);
  expect(consoleDifference(["one"], [])).toEqual(["+ one"]);
});

it("is short, however long the consoles are", () => {
  const lines = (word: string) => Array.from({ length: 5000 }, (_, at) => `${word} number ${at}`);
  const found = consoleDifference(lines("now"), lines("then"));
  expect(found).toHaveLength(41);
  expect(found.at(-1)).toBe("…");
});
