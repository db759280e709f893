import { describe, expect, it } from "vitest";
import { checkedArtifactName } from "../../../src/artifact/artifact-name.js";
import { type MatrixRequest, placesIn, planMatrix } from "../../../src/matrix/plan-matrix.js";
import { Problem } from "../../../src/platform/problem.js";
import { requirementsOfConfiguration } from "../../../src/project/mirage/config-ml.js";
import { matrixLines } from "../../../src/matrix/table.js";
import { type Project, buildSystems } from "../../../src/project/project.js";
import { architectures } from "../../../src/targets/architecture.js";
import { targetNames, targets } from "../../../src/targets/targets.js";
import { checkRecipe } from "../../../src/toolchain/packages.js";
import { problemOf as problemIn } from "../../problem.js";
import { projectIn } from "../project/fixtures.js";
import { asked, dune, exampleTargets, mirage } from "./fixtures.js";

const plan = (list: string, given: Partial<MatrixRequest> = {}, project: Project = dune) =>
  planMatrix({ ...asked, targets: list, ...given }, project);
const legs = (...request: Parameters<typeof plan>) => plan(...request).legs;
const legOf = (...request: Parameters<typeof plan>) => legs(...request)[0];

const problemOf = (...request: Parameters<typeof plan>) => problemIn(() => plan(...request));

describe("the version of a leg", () => {
  it("is chosen as by setup: the line’s, else the matrix’s, else the newest", () => {
    const list = "hvt x86_64\nhvt x86_64 ocaml=4.14.x";
    expect(legs(list).map(({ ocaml }) => ocaml)).toEqual(["5.5.0", "4.14.4"]);
    expect(legs(list, { ocamlVersion: "5.4.x" }).map(({ ocaml }) => ocaml)).toEqual(["5.4.1", "4.14.4"]);
  });

  it("fits the project’s mirage version", () => {
    const old = { ...mirage, requirements: requirementsOfConfiguration("config.ml", "(* mirage >= 4.9 & < 4.10 *)") };
    expect(legOf("hvt x86_64", {}, old).toolchain?.versions).toMatchObject({ mirage: "4.9.0", solo5: "0.9.3" });
    expect(legOf("hvt x86_64", { mirageVersion: "4.10.6" }, mirage).toolchain?.versions).toMatchObject({
      mirage: "4.10.6",
    });
  });

  it("that only opam can decide goes to the job as it is, with a notice", () => {
    const { legs: planned, notices } = plan("hvt x86_64 ocaml=99.1.0\nspt x86_64", {});
    expect(planned.map(({ ocaml }) => ocaml)).toEqual(["99.1.0", "5.5.0"]);
    expect(notices).toEqual([
      expect.stringMatching(/^hvt x86_64 \(OCaml 99\.1\.0\): the version table .* so its job asks opam$/) as string,
    ]);
    const newSolo5 = plan("hvt x86_64", { solo5Version: "99.1.0" });
    expect(newSolo5.legs[0].ocaml).toBe("");
    expect(matrixLines(newSolo5).join("\n")).toContain("solo5 x86_64: solo5 99.1.0, the rest by opam");
    expect(problemOf("hvt x86_64 ocaml=5.2.0").facts.because).toContainEqual(expect.stringContaining("OCaml 5.2.0"));
  });

  it("is none if the build brings its own toolchain", () => {
    expect(legOf("hvt x86_64", { ocamlVersion: "none" })).toMatchObject({ ocaml: "none", toolchain: undefined });
    expect(legOf("hvt x86_64 ocaml=none")).toMatchObject({ ocaml: "none", name: "hvt x86_64 (own toolchain)" });
  });
});

describe("the runner of a leg", () => {
  const labels = (...request: Parameters<typeof plan>) => legs(...request).map(({ runner }) => runner.labels.join());
  const arm = "ubuntu-24.04-arm";
  const x86 = "ubuntu-24.04";

  it("is x86_64 if that builds both", () => {
    expect(labels("hvt x86_64 aarch64\nunikraft-qemu x86_64 aarch64")).toEqual([x86, x86, x86, x86]);
  });

  it("is arm64 for Solo5 with mirage, whose dependencies conflict with the cross compiler", () => {
    expect(labels("spt aarch64\nunikraft-qemu aarch64", {}, mirage)).toEqual([arm, x86]);
  });

  it("is arm64 for libraries that opam compiles, and for unix", () => {
    expect(labels("unikraft-qemu aarch64", {}, { ...dune, buildSystem: "opam" })).toEqual([arm]);
    expect(labels("unix aarch64")).toEqual([arm]);
  });

  it("has the leg’s architecture if the user names a runner for it", () => {
    const runsOn = { aarch64: ["self-hosted", "arm64"] };
    expect(labels("hvt x86_64 aarch64", { runsOn })).toEqual([x86, "self-hosted,arm64"]);
    expect(labels("hvt aarch64", { runsOn: { x86_64: ["big"] } })).toEqual(["big"]);
  });

  it("is the one that the line names", () => {
    expect(labels("spt aarch64 runner=x86_64", { runsOn: { aarch64: ["mine"] } }, mirage)).toEqual([x86]);
    expect(labels("unikraft-qemu x86_64 runner=arm64")).toEqual([arm]);
  });
});

describe("the names of legs", () => {
  const names = (...request: Parameters<typeof plan>) =>
    legs(...request).map(({ name, artifactName }) => [name, artifactName]);

  it("distinguish legs of the same target", () => {
    const list =
      "hvt x86_64\nhvt x86_64 variant=dev configure-args=--debug\n" +
      "hvt x86_64 configure-args=--dhcp\nhvt x86_64 ocaml=5.4.x";
    expect(names(list)).toEqual([
      ["hvt x86_64", "unikernel-www-hvt-x86_64"],
      ["hvt x86_64 (dev)", "unikernel-www-dev-hvt-x86_64"],
      ["hvt x86_64 (--dhcp)", "unikernel-www-dhcp-hvt-x86_64"],
      ["hvt x86_64 (OCaml 5.4.1)", "unikernel-www-ocaml=5.4.x-hvt-x86_64"],
    ]);
  });

  it("do not depend on other legs, and contain the given name of the unikernel", () => {
    expect(names("hvt x86_64 ocaml=5.4.x", { unikernel: "dns" })).toEqual([
      ["hvt x86_64 (OCaml 5.4.1)", "unikernel-dns-ocaml=5.4.x-hvt-x86_64"],
    ]);
  });
});

describe("an invalid list", () => {
  it("is refused with all errors, by line", () => {
    const list =
      "hvtt x86_64\nvirtio x86_64 aarch64\nhvt x86_64 arm64 ocaml=5.2.0\nxen x86_64 runner=arm64\nspt x86_64 amd64";
    expect(problemOf(list).toString().split("\n")).toEqual([
      "input targets has 6 errors",
      '  because    line 1: "hvtt" is not a target; did you mean hvt?',
      `               accepted: ${targetNames.join(", ")}`,
      "             line 2, virtio aarch64: there is no virtio for aarch64",
      "               accepted: arch: x86_64",
      "             line 3, hvt x86_64: OCaml 5.2.0 cannot build for hvt: no ocaml-solo5 accepts it",
      "               accepted: 4.12.1 to 4.14.x (0.8.5), 5.2.1 (1.0.1), " +
        "5.3.0 and 5.4.0 (1.2.0), 5.4.1 (1.3.3), 5.5.0 (1.3.4)",
      "             line 3, hvt aarch64: OCaml 5.2.0 cannot build for hvt: no ocaml-solo5 accepts it",
      "             line 4, xen x86_64: no toolchain for xen on x86_64 runs on aarch64 machines",
      "               accepted: x86_64 machines",
      "             line 5, spt x86_64: it repeats line 5",
      "  do         correct the list, or set `on-unsupported: skip` to skip the legs that cannot be built",
    ]);
  });

  it("repeats a leg, even with another word for its version", () => {
    expect(problemOf("hvt x86_64\n\nhvt amd64 ocaml=5.x").facts.because).toEqual([
      "line 3, hvt x86_64 (OCaml 5.5.0): it repeats line 1",
    ]);
    expect(problemOf("hvt x86_64\nhvt amd64").facts.do).toBeUndefined();
  });

  it.each([
    ["hvt x86_64 variant=a\nhvt x86_64 variant=A", "hvt x86_64 (A): its artifact name, unikernel-www-A-hvt-x86_64"],
    [
      "hvt x86_64 variant=a\nhvt x86_64 variant=a configure-args=-x",
      "hvt x86_64 (a): its artifact name, unikernel-www-a-hvt-x86_64",
    ],
    [
      "hvt x86_64 variant=a\nhvt x86_64 configure-args=--a",
      "hvt x86_64 (--a): its artifact name, unikernel-www-a-hvt-x86_64",
    ],
    [
      "unikraft-qemu arm64\nunikraft-qemu arm64 runner=arm64",
      "unikraft-qemu aarch64: its artifact name, unikernel-www-unikraft-qemu-aarch64",
    ],
  ])("has legs with the same artifact name: %j", (list, what) => {
    expect(problemOf(list).facts.because).toEqual([
      `line 2, ${what}, is that of line 1`,
      "  accepted: a unique `variant=`",
    ]);
  });

  it.each(["", "\n# hvt x86_64\n"])("has no targets: %j", (list) => {
    expect(problemOf(list).message).toBe("input targets is empty");
  });

  it("has a target that no toolchain can build", () => {
    expect(problemOf("virtio aarch64 ocaml=none").facts.because).toEqual([
      "line 1, virtio aarch64: there is no virtio for aarch64",
      "  accepted: arch: x86_64",
    ]);
  });

  it("has more legs than allowed", () => {
    expect(problemOf("hvt x86_64 aarch64\nspt x86_64", { maxLegs: 2 }).message).toBe("input targets has 3 legs");
    expect(legs("hvt x86_64 aarch64", { maxLegs: 2 })).toHaveLength(2);
  });
});

describe("legs that cannot be built", () => {
  it("can be skipped, and are reported", () => {
    const { legs: left, skipped } = plan("virtio x86_64 aarch64\nunikraft-qemu x86_64 ocaml=4.14.x", {
      onUnsupported: "skip",
    });
    expect(left.map(({ name }) => name)).toEqual(["virtio x86_64"]);
    expect(skipped).toEqual([
      "line 1, virtio aarch64: there is no virtio for aarch64",
      "line 2, unikraft-qemu x86_64: OCaml 4.14.x cannot build for unikraft-qemu: no ocaml-unikraft accepts it",
    ]);
  });

  it("are an error if no other leg is left", () => {
    expect(problemOf("virtio aarch64", { onUnsupported: "skip" }).toString()).toContain(
      "no leg can be built\n  because    line 1, virtio",
    );
  });

  it("do not excuse other errors", () => {
    expect(
      problemOf("virtio aarch64\nhvtt x86_64\nspt x86_64\nspt x86_64", { onUnsupported: "skip" }).facts.because,
    ).toEqual([
      'line 2: "hvtt" is not a target; did you mean hvt?',
      expect.stringContaining(`accepted: ${targetNames.join(", ")}`),
      "line 4, spt x86_64: it repeats line 3",
    ]);
  });
});

describe.each(buildSystems)("every leg of a %s project", (buildSystem) => {
  const everything = targetNames.flatMap((name) =>
    [
      "",
      "variant=dev",
      "configure-args=--dhcp",
      'configure-args="a b"',
      "configure-args=\"'a b'\"",
      "ocaml=5.4.1",
      "ocaml=none",
      "variant=dev ocaml=5.4.1",
    ].map((options) => `${name} ${targets[name].architectures.join(" ")} ${options}`),
  );
  const runners = [{}, { x86_64: ["a"] }, { aarch64: ["b", "c"] }, { x86_64: ["a"], aarch64: ["b"] }];

  it.each(runners)("can be built on its runner, with a unique artifact: %j", (runsOn) => {
    const all = legs(everything.join("\n"), { runsOn, maxLegs: 256 }, projectIn("/work/www", buildSystem));
    expect(all).toHaveLength(everything.join(" ").match(/x86_64|aarch64/g)?.length ?? 0);
    for (const { target, entry, runner } of all) {
      expect(() => checkRecipe(target, entry.architecture, runner.architecture)).not.toThrow();
      expect(architectures).toContain(runner.architecture);
    }
    const names = all.map(({ artifactName }) => checkedArtifactName(artifactName).toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

it("the documentation’s list has seven legs", () => {
  expect(legs(exampleTargets, {}, mirage)).toHaveLength(7);
});

describe("lines with a place of their own", () => {
  const projects = new Map<string, Project | Problem>([
    ['[".",""]', projectIn("/checkout/all", "dune")],
    ['["a/hello",""]', projectIn("/checkout/all/a/hello", "mirage")],
    ['["b/hello",""]', projectIn("/checkout/all/b/hello", "mirage")],
    ['[".","tls/config.ml"]', projectIn("/checkout/all", "mirage")],
    ['["gone",""]', new Problem("input directory: there is no folder gone")],
  ]);
  const planned = (targets: string, given: Partial<MatrixRequest> = {}) =>
    planMatrix({ ...asked, targets, ...given }, projects);

  it("are planned for their project, which names leg and artifact", () => {
    const { legs: found } = planned("hvt x86_64\nhvt arm64 directory=a/hello\nspt x86_64 config-file=tls/config.ml");
    expect(
      found.map(({ name, artifactName: artifact, place, toolchain }) => [
        name,
        artifact,
        place,
        toolchain?.versions.mirage !== undefined,
      ]),
    ).toEqual([
      ["hvt x86_64", "unikernel-all-hvt-x86_64", { directory: ".", configFile: "" }, false],
      ["a/hello: hvt aarch64", "unikernel-hello-hvt-aarch64", { directory: "a/hello", configFile: "" }, true],
      ["tls/config.ml: spt x86_64", "unikernel-tls-spt-x86_64", { directory: ".", configFile: "tls/config.ml" }, true],
    ]);
  });

  it("add their folder to the name that is given for the whole matrix", () => {
    const { legs: found } = planned("hvt x86_64\nhvt x86_64 directory=a/hello", { unikernel: "www" });
    expect(found.map(({ artifactName: artifact }) => artifact)).toEqual([
      "unikernel-www-hvt-x86_64",
      "unikernel-www-hello-hvt-x86_64",
    ]);
  });

  it("name an error of their folder, and a namesake, by their line", () => {
    expect(problemIn(() => planned("hvt x86_64\nhvt x86_64 directory=gone")).facts.because).toEqual([
      "line 2, gone: hvt x86_64: input directory: there is no folder gone",
    ]);
    const { because } = problemIn(() => planned("hvt x86_64 directory=a/hello\nhvt x86_64 directory=b/hello")).facts;
    expect(because).toContainEqual(expect.stringContaining("unikernel-hello-hvt-x86_64, is that of line 1"));
  });

  it("take the configuration of the matrix only in its folder", () => {
    const asking = { ...asked, targets: "hvt x86_64\nhvt x86_64 directory=a", configFile: "mirage/config.ml" };
    expect([...placesIn(asking).values()]).toEqual([
      { directory: ".", configFile: "mirage/config.ml" },
      { directory: "a", configFile: "" },
    ]);
  });
});
