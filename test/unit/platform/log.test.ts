import { expect, it } from "vitest";
import { aligned, firstOf, seconds, size } from "../../../src/platform/log.js";

it("columns are as wide as their widest cell, and nothing follows the last", () => {
  expect(
    aligned([
      ["target", "boots", ""],
      ["hvt", "kvm", ""],
      ["virtio", "no", "x"],
    ]),
  ).toEqual(["target  boots", "hvt     kvm", "virtio  no     x"]);
  expect(aligned([])).toEqual([]);
});

it("of many names the first are told, and how many more there are", () => {
  expect(firstOf(["a", "b", "c"], 2)).toEqual(["a", "b", "and 1 more"]);
  expect(firstOf(["a", "b"], 2)).toEqual(["a", "b"]);
});

it("times and sizes have the digits that a person reads", () => {
  expect([310, 24_800, 119_900, 192_000].map(seconds)).toEqual(["0.31 s", "24.8 s", "119.9 s", "3 min 12 s"]);
  expect([999, 1000, 99_499, 99_500, 1_900_000, 1e9].map(size)).toEqual([
    "999 B",
    "1.0 kB",
    "99.5 kB",
    "100 kB",
    "1.9 MB",
    "1.00 GB",
  ]);
});
