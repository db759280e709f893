import { describe, expect, it } from "vitest";
import { buildMark, environmentOf, opamEnvironment } from "../../../../src/toolchain/environment.js";
import { InstallProgress, changedInPlan, parseEnvironment } from "../../../../src/toolchain/opam/output.js";
import { exampleSpec } from "../examples.js";

describe("the progress of an installation", () => {
  it.each([
    [
      "opam 2.1, plain",
      [
        "  - install dune 3.24.2",
        "  - install solo5 0.12.1 [required by x]",
        "===== 2 to install =====",
        "-> retrieved dune.3.24.2 (cached)",
        "-> installed dune.3.24.2",
      ],
    ],
    [
      "UTF-8",
      ["  ∗ install dune  3.24.2", "  ∗ install solo5 0.12.1", "⬇ retrieved dune.3.24.2", "∗ installed dune.3.24.2"],
    ],
  ])("counts packages: %s", (_, lines) => {
    const progress = new InstallProgress();
    expect(lines.map((line) => progress.line(line)).filter((news) => news !== undefined)).toEqual([
      "dune.3.24.2 (1 of 2)",
    ]);
  });
});

describe("a plan of opam’s", () => {
  const json = (...solution: readonly object[]) => JSON.stringify({ "opam-version": "2.1.2", solution });
  const install = (name: string) => ({ install: { name, version: "1" } });
  it.each<[what: string, text: string, changed: readonly string[] | undefined]>([
    ["that only adds packages changes none", json(install("fmt"), install("mirage")), []],
    ["without an action changes none", json(), []],
    ["that builds one again names it", json({ remove: { name: "dune" } }, install("dune")), ["dune"]],
    ["that upgrades one names it", json({ upgrade: [{ name: "dune", version: "3.1" }, { name: "dune" }] }), ["dune"]],
    ["without a solution is unknown", '{"opam-version":"2.1.2"}', undefined],
    ["that is not there is unknown", "", undefined],
  ])("%s", (_, text, changed) => {
    expect(changedInPlan(text)).toEqual(changed);
  });
});

describe("a long silence", () => {
  it("names the packages that are being built, without finished ones whose folders still exist", () => {
    const progress = new InstallProgress();
    progress.line("-> installed dune.3.24.2");
    expect(progress.silence(["solo5.0.12.1", "dune.3.24.2", "ocaml-base-compiler.5.5.0"])).toBe(
      "still building ocaml-base-compiler.5.5.0, solo5.0.12.1",
    );
  });

  it("says what opam does before the first build, and after the last", () => {
    const progress = new InstallProgress();
    for (const line of ["  - install dune  3.24.2", "  ∗ install solo5 0.12.1"]) progress.line(line);
    for (const line of ["-> retrieved dune.3.24.2  (cached)", "⬇ retrieved solo5.0.12.1"]) progress.line(line);
    expect(progress.silence([])).toBe("opam is retrieving sources (2 so far)");
    for (const line of ["-> installed dune.3.24.2", "∗ installed solo5.0.12.1"]) progress.line(line);
    expect(progress.silence(["dune.3.24.2"])).toBe("all packages are installed, opam is removing its build folders");
  });
});

describe("the environment", () => {
  const sexp = `(
  ("OPAM_SWITCH_PREFIX" "/t/opam/toolchain")
  ("CAML_LD_LIBRARY_PATH" "/t/opam/toolchain/lib/stublibs")
  ("ODD" "a \\"quoted\\" \\\\ word")
  ("MANPATH" ":/t/opam/toolchain/man")
  ("PATH" "/t/opam/toolchain/bin:/usr/bin")
)`;

  it("is read from opam", () => {
    expect(parseEnvironment(sexp)["ODD"]).toBe('a "quoted" \\ word');
  });

  it("of later steps has nothing of the machine that built the toolchain", () => {
    expect(environmentOf(exampleSpec, "/t", sexp)).toEqual({
      path: ["/t/bin", "/t/opam/toolchain/bin"],
      variables: {
        OPAM_SWITCH_PREFIX: "/t/opam/toolchain",
        CAML_LD_LIBRARY_PATH: "/t/opam/toolchain/lib/stublibs",
        ODD: 'a "quoted" \\ word',
        OPAMROOT: "/t/opam",
        OPAMSWITCH: "toolchain",
      },
      findlibToolchain: "solo5",
    });
  });

  it("of opam has nothing of the caller’s own opam and OCaml", () => {
    const caller = {
      OPAMROOT: "/home/me/.opam",
      OPAMSWITCH: "mine",
      OPAM_SWITCH_PREFIX: "/x",
      OCAMLPATH: "/y",
      DUNE_CACHE: "enabled",
      PATH: "/bin",
      CC: undefined,
    };
    const environment = opamEnvironment("/t", caller, 4);
    expect(environment).toMatchObject({
      OPAMROOT: "/t/opam",
      OPAMSWITCH: "toolchain",
      OPAMYES: "1",
      OPAMJOBS: "4",
      PATH: "/bin",
      DUNE_CACHE: "disabled",
    });
    expect(environment).not.toHaveProperty("OPAM_SWITCH_PREFIX");
    expect(environment).not.toHaveProperty("OCAMLPATH");
    expect(environment).not.toHaveProperty("CC");
  });

  it("has none of our variables, and no mark by which another job could end a smoke test", () => {
    const caller = { PATH: "/bin", ACTIONS_RUNTIME_TOKEN: "secret", INPUT_TARGET: "hvt", GITHUB_OUTPUT: "/o" };
    const names = Object.keys(opamEnvironment("/t", caller, 4));
    expect(names.filter((name) => name in caller || name === buildMark)).toEqual(["PATH"]);
  });
});
