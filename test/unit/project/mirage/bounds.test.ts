import { describe, expect, test } from "vitest";
import { allBounds, boundsOfOpamFile, parseMirageBounds } from "../../../../src/project/mirage/bounds.js";

describe("constraints of an opam file on mirage", () => {
  test.each([
    ['{>= "4.9.0" & < "4.12.0"}', { text: ">= 4.9.0 & < 4.12.0 (www.opam)", atLeast: "4.9.0", below: "4.12.0" }],
    ['{= "4.10.2"}', { text: "= 4.10.2 (www.opam)", atLeast: "4.10.2", below: "4.10.3" }],
    ['{> "4.10.2" & <= "4.11"}', { text: "> 4.10.2 & <= 4.11 (www.opam)", atLeast: "4.10.3", below: "4.11.1" }],
    ['{!= "4.10.0"}', { text: "!= 4.10.0 (www.opam)" }],
    ['{>= "4.11.0~beta1"}', { text: ">= 4.11.0~beta1 (www.opam)" }],
  ])("%s", (formula, bounds) => {
    expect(boundsOfOpamFile("www.opam", `depends: [ "lwt" "mirage" ${formula} ]`)).toEqual(bounds);
  });

  test("constraints on mirage-runtime count: it has the same version", () => {
    const text = 'depends: [ "mirage" {>= "4.9.0"} "mirage-runtime" {>= "4.10.0" & < "4.11.0"} ]';
    expect(boundsOfOpamFile("www.opam", text)).toMatchObject({ atLeast: "4.10.0", below: "4.11.0" });
  });

  test("there are none when it names neither mirage nor a version of it", () => {
    expect(boundsOfOpamFile("www.opam", 'depends: [ "lwt" {= "5.0.0"} "mirage" ]')).toBeUndefined();
  });
});

test("the constraints of the header and the opam files are combined, as they are written", () => {
  expect(allBounds([])).toBeUndefined();
  expect(
    allBounds([
      { text: ">= 4.9 & < 5", atLeast: "4.9", below: "5" },
      { text: "< 4.11.0 (www.opam)", below: "4.11.0" },
    ]),
  ).toEqual({ text: ">= 4.9 & < 5, < 4.11.0 (www.opam)", atLeast: "4.9", below: "4.11.0" });
});

describe("config.ml", () => {
  describe("the header that constrains mirage", () => {
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
});
