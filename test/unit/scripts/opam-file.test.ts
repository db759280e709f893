import { describe, expect, test } from "vitest";
import { accepts, boundsOf, constraintOf, isWithdrawn } from "../../../scripts/opam-file.js";

const constraint = (depends: string) => constraintOf(`depends: [ ${depends} ]`, "ocaml");
const versions = ["4.14.4", "5.0.0", "5.1.0", "5.1.1", "5.4.1"];

test.each<[string, readonly string[]]>([
  ['"ocaml" {>= "5.1" & < "5.4"}', ["5.1.0", "5.1.1"]],
  // opam's order: 5.1.0 is later than 5.1.
  ['"ocaml" {<= "5.1"}', ["4.14.4", "5.0.0"]],
  ['"ocaml" {< "5.1~"}', ["4.14.4", "5.0.0"]],
  ['"ocaml" {!= "5.1.0" & >= "5.0"}', ["5.0.0", "5.1.1", "5.4.1"]],
  ['"ocaml" {= "4.14.4" | >= "5.0" & != "5.1.0" & < "5.2"}', ["4.14.4", "5.0.0", "5.1.1"]],
  ['"ocaml" {>= "5.0" & build} "lwt" "ocaml" {with-test & < "5"}', ["5.0.0", "5.1.0", "5.1.1", "5.4.1"]],
  ['"ocaml" {os = "macos" & < "5" | os != "macos" & >= "5.4"}', ["5.4.1"]],
  ['("ocaml" {< "5.1"} | "ocaml" {>= "5.4"}) "ocaml" {!= "5.0.0"}', ["4.14.4", "5.4.1"]],
  ['"ocaml"', versions],
])("%s accepts the versions that opam accepts", (depends, accepted) => {
  expect(versions.filter((version) => accepts(constraint(depends), version))).toEqual(accepted);
});

describe("as bounds", () => {
  test.each([
    ['"ocaml" {>= "4.08" & < "5"}', { atLeast: "4.8.0", below: "5.0.0" }],
    ['"ocaml" {>= "5.1" & >= "4.14" & < "5.4" & < "5.3.1"}', { atLeast: "5.1.0", below: "5.3.1" }],
    ['"ocaml" {>= "5.1"} "ocaml" {>= "4.14"}', { atLeast: "5.1.0" }],
    ['"ocaml"', {}],
  ])("%s", (depends, bounds) => {
    expect(boundsOf(constraint(depends))).toEqual(bounds);
  });

  test.each(['"ocaml" {> "5"}', '"ocaml" {< "4" | >= "5"}', '"ocaml" {< "5.0~"}'])("not %s", (depends) => {
    expect(() => boundsOf(constraint(depends))).toThrow(/is not a (?:pair of bounds|plain version)/);
  });
});

test("a dependency that is not certain is an error", () => {
  expect(() => constraint('"ocaml" | "lwt"')).toThrow("alternatives to ocaml");
  expect(() => constraint('"lwt" "ocaml" {with-test}')).toThrow("does not depend on ocaml");
  expect(() => constraint('"lwt" ("fmt" | "ocaml" {< "5"})')).toThrow("alternatives to ocaml");
  expect(accepts(constraint('("fmt" | "lwt") "ocaml" {< "5"}'), "5.0.0")).toBe(false);
});

test("a withdrawn package", () => {
  expect(
    ["available: false", "flags: avoid-version", "flags: [deprecated]", "flags: compiler"].map(isWithdrawn),
  ).toEqual([true, true, true, false]);
});
