import { describe, expect, test } from "vitest";
import { mentionsMirage, parseMirageBounds } from "../../../../src/project/mirage/header.js";

describe("the header that bounds mirage", () => {
  test.each([
    ["(* mirage >= 4.10.0 & < 4.12.0 *)", { text: ">= 4.10.0 & < 4.12.0", atLeast: "4.10.0", below: "4.12.0" }],
    ["(* mirage < 4.12 & >= 4.10 *)\nopen Mirage", { text: "< 4.12 & >= 4.10", atLeast: "4.10", below: "4.12" }],
    ["(* mirage >= 4.9.0 *)", { text: ">= 4.9.0", atLeast: "4.9.0" }],
    ["(* mirage  <  5.0.0  *)", { text: "< 5.0.0", below: "5.0.0" }],
    ["(* mirage >= 4.9.0 < 5.0.0 *) open Mirage", { text: ">= 4.9.0 < 5.0.0", atLeast: "4.9.0", below: "5.0.0" }],
  ])("%s", (text, bounds) => {
    expect(parseMirageBounds(text)).toEqual(bounds);
  });

  test.each([
    "open Mirage",
    "open Mirage (* mirage >= 4.9.0 *)",
    "(* mirage unikernel *)",
    "(* mirage >= 4.9.0 & >= 4.10.0 *)",
    "(* mirage <= 4.9.0 *)",
    "(* mirage >= 4.9.0",
    "",
  ])("none in %s", (text) => {
    expect(parseMirageBounds(text)).toBeUndefined();
  });
});

test("a configuration of mirage opens Mirage or bounds it", () => {
  expect(["open Mirage", 'let main = Mirage.main "U" job', "(* mirage < 5 *)"].map(mentionsMirage)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["let mirage = 1", "print_endline Sys.os_type", ""].map(mentionsMirage)).toEqual([false, false, false]);
});
