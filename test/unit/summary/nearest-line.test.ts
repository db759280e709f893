import { expect, it } from "vitest";
import { nearestLine } from "../../../src/summary/nearest-line.js";

const lines = [
  "Solo5: Bindings version v0.12.1",
  "2026-01-01T00:00:00Z: [INFO] [application] DHCP: lease 10.0.0.2",
  "2026-01-01T00:00:01Z: [INFO] [http] Listening on port 8080",
  "Serving",
];

it.each([
  ["listening on port 80", lines[2]],
  ["^listening on port 80$", lines[2]],
  ["lease 10\\.0\\.0\\.1", lines[1]],
  ["serving requests", undefined],
  ["goodbye", undefined],
  ["x", undefined],
  ["", undefined],
])("instead of %s came %s", (pattern, line) => {
  expect(nearestLine(pattern, lines)).toBe(line);
});

it("nothing came instead on an empty console, and a line of a million letters takes no time", () => {
  expect(nearestLine("ready", [])).toBeUndefined();
  expect(nearestLine("ready", ["a".repeat(1_000_000)])).toBeUndefined();
});
