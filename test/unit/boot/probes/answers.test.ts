import { expect, test } from "vitest";
import { judgeHttp } from "../../../../src/boot/probes/answers.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import type { HttpProbe } from "../../../../src/boot/probes/probe.js";

test("a pattern that backtracks exponentially does not hold, and stops in time", () => {
  const probe = parseProbe("http://:80/ body=/^(a+)+$/") as HttpProbe;
  const body = `${"a".repeat(30)}!`;
  expect(judgeHttp(probe, { status: 200, body, bytes: body.length, end: "whole" })).toMatchObject({
    holds: false,
    said: expect.stringContaining("could not be matched against /^(a+)+$/ within 1 s") as string,
  });
});
