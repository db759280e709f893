import { describe, expect, test } from "vitest";
import { requirementsOfDuneProject } from "../../../src/project/dune-project.js";
import { requirementsIn } from "../../../src/project/requirements.js";
import { constraintsOf, machineVariables, unreadParts } from "../../../src/toolchain/requirements.js";
import { folderWith } from "./fixtures.js";

async function asked(files: Readonly<Record<string, string>>, architecture: "x86_64" | "aarch64" = "x86_64") {
  const requirements = await requirementsIn({ directory: await folderWith(files), names: Object.keys(files) });
  return constraintsOf(requirements, machineVariables(architecture)).map((one) => `${one.source}: ${one.text}`);
}

describe("the constraints of a folder", () => {
  test("are those of all opam files on the toolchain’s components", async () => {
    const files = {
      "a.opam": 'depends: [ "ocaml" {>= "4.14"} "lwt" {< "6"} "dune" {>= "3.0"} "mirage" ]',
      "b.opam":
        'depends: [ "mirage-runtime" {= "4.10.6"} "ocaml-base-compiler" {< "5.4" & != "5.3.0"} "solo5" {> "0.9"} ]',
    };
    expect(await asked(files)).toEqual([
      "a.opam: >= 4.14",
      "b.opam: = 4.10.6",
      "b.opam: < 5.4 & != 5.3.0",
      "b.opam: > 0.9",
    ]);
  });

  test("are for a build of the checkout on Linux, without tests, documentation and tools", async () => {
    const depends = `depends: [ "ocaml" {with-test & < "1"} "ocaml" {with-doc & < "2"} "ocaml" {with-dev-setup & < "3"}
      "ocaml" {os != "linux" & < "4"} "ocaml" {arch = "arm64" & < "5"} "mirage" {build & < "6"} "ocaml" {dev & < "7"}
      "ocaml" {os-distribution = "alpine" & < "8"} "ocaml" {opam-version >= "2.0" & < "9"} ]`;
    expect(await asked({ "a.opam": depends })).toEqual(["a.opam: < 6", "a.opam: < 7 & < 9"]);
    expect(await asked({ "a.opam": depends }, "aarch64")).toEqual(["a.opam: < 5 & < 7 & < 9", "a.opam: < 6"]);
  });

  test("may be alternatives of two names of one component", async () => {
    const depends = 'depends: [ ("ocaml" {< "5"} | "ocaml-base-compiler" {>= "5.3"}) "ocaml-solo5" {> "1"} | "lwt" ]';
    expect(await asked({ "a.opam": depends })).toEqual([
      "a.opam: ocaml < 5 | ocaml-base-compiler >= 5.3",
      "a.opam: ocaml-solo5 > 1 | lwt",
    ]);
  });

  test("include conflicts with versions of a component, and neither depopts nor available", async () => {
    const text = `depopts: [ "mirage" {< "1"} ]  available: [ ocaml:version < "1" ]
      conflicts: [ "ocaml" {>= "5.0" & < "5.2"} "ocaml-system" "ocaml-variants" {< "5"}
        "mirage" {= "4.9.0"} | "solo5" "lwt" {< "5"} ]`;
    expect(await asked({ "a.opam": text })).toEqual(["a.opam: < 5.0 | >= 5.2", "a.opam: != 4.9.0"]);
    expect(await asked({ "a.opam": "conflicts: [ ]" })).toEqual([]);
  });

  test("include those of each package of a dune-project, once if an opam file has the same", async () => {
    const files = {
      "dune-project": `(lang dune 3.0) ; (package (depends (ocaml (= 1))))
        (package (name www) (synopsis "depends (ocaml (= 2))")
         (depends lwt (ocaml (and (>= 4.14) (< 5.5))) (mirage (and :with-test (< 4.0))) (dune (>= 3.0))
          #; (solo5 (= 3)) (or (ocaml (<> 5.0.0)) alcotest) (solo5 (or :with-doc (>= 0.9)))
          (mirage-runtime (<> :os win32)))
         (conflicts (ocaml (= 5.1.0))))
        (package (name cli) (depends (mirage (= 4.11.1))))`,
      "www.opam": 'depends: [ "ocaml" {>= "4.14" & < "5.5"} ]',
    };
    expect(await asked(files)).toEqual([
      "www.opam: >= 4.14 & < 5.5",
      "dune-project (package www): >= 0.9",
      "dune-project (package www): ocaml != 5.0.0 | alcotest",
      "dune-project (package www): != 5.1.0",
      "dune-project (package cli): = 4.11.1",
    ]);
  });

  test("include negations in a dune-project, and what could not be read is named", async () => {
    const text = `(package (name www) (depends
      (ocaml (not (or (< 4.14) (and (>= 5.0) (not (>= 5.3))))))
      (solo5 (and (not :with-test) (>= 0.9)))
      (mirage (not :with-test) (> (4 5)) (xor (< 5) (> 6)) (not)) (lwt (odd 1)) ((a) b)))`;
    expect(await asked({ "dune-project": text })).toEqual([
      "dune-project (package www): >= 4.14 & (< 5.0 | >= 5.3)",
      "dune-project (package www): >= 0.9",
    ]);
    expect(unreadParts(requirementsOfDuneProject(text))).toEqual([
      "dune-project (package www): (> (4 5)) was not read, so it limits no version of mirage",
      "dune-project (package www): (xor (< 5) (> 6)) was not read, so it limits no version of mirage",
      "dune-project (package www): (not) was not read, so it limits no version of mirage",
      "dune-project (package www): ((a) b) was not read, so it limits no version of a package",
    ]);
  });
});
