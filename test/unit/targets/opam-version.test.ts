import { expect, test } from "vitest";
import { compareVersions, satisfies } from "../../../src/targets/opam-version.js";

test("versions are in opam’s order", () => {
  const ordered = [
    "0.9",
    "0.10.0~beta",
    "0.10.0",
    "0.10.0+dune",
    "0.10.0.1",
    "4.11.1",
    "9007199254740993",
    "9007199254740994",
    "9".repeat(400),
    `1${"0".repeat(400)}`,
    "dev",
    "zdev",
  ];
  for (let at = 1; at < ordered.length; at++) {
    expect(compareVersions(ordered[at - 1] ?? "", ordered[at] ?? ""), ordered[at]).toBeLessThan(0);
    expect(compareVersions(ordered[at] ?? "", ordered[at - 1] ?? ""), ordered[at]).toBeGreaterThan(0);
  }
  expect(compareVersions("1.02", "1.2")).toBe(0);
  expect(compareVersions("1.0", "1.")).toBe(0);
});

test.each([
  ["0.12.1", "<", "0.13.0", true],
  ["0.13.0", "<", "0.13.0", false],
  ["0.13.0", "<=", "0.13.0", true],
  ["0.10", ">=", "0.9", true],
  ["0.9", ">", "0.9", false],
  ["1", "=", "1", true],
  ["1", "!=", "1", false],
] as const)("%s %s %s: %s", (version, relation, bound, holds) => {
  expect(satisfies(version, { relation, version: bound })).toBe(holds);
});
