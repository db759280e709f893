import { describe, expect, it } from "vitest";
import { readInputs, withTarget, type InputName } from "../../../src/actions/interface.js";
import { inspectHost } from "../../../src/platform/host.js";
import { requirementsOfConfiguration } from "../../../src/project/mirage/config-ml.js";
import { knownVersions } from "../../../src/targets/combinations.js";
import { Problem } from "../../../src/platform/problem.js";
import { optionPackages } from "../../../src/toolchain/opam/options.js";
import { BeyondTable, type ProjectNeeds, explainVersions, planToolchain } from "../../../src/toolchain/spec.js";

const host = inspectHost("linux", "x64", {});
const mirage: ProjectNeeds = { buildSystem: "mirage", description: "MirageOS" };
const dune: ProjectNeeds = { ...mirage, buildSystem: "dune" };
const plan = (given: Partial<Record<InputName, string>>, project = dune) =>
  planToolchain(withTarget(readInputs((name) => given[name])), project, host);

const asks = (header: string) => requirementsOfConfiguration("config.ml", `(* mirage ${header} *)`);

describe("the plan of a toolchain", () => {
  it("has the newest versions for a project without constraints", () => {
    expect(plan({})).toEqual({
      backend: "solo5",
      architecture: "x86_64",
      hostArchitecture: "x86_64",
      versions: { ocaml: "5.5.0", "ocaml-solo5": "1.3.4", solo5: "0.12.1" },
      repositories: [{ name: "default", url: "https://opam.ocaml.org" }],
      packages: ["ocaml-base-compiler.5.5.0", "dune", "ocamlfind", "solo5.0.12.1", "ocaml-solo5.1.3.4"],
      pins: [],
      slim: true,
    });
  });

  it("takes mirage from the project’s header, from the input, or leaves it out", () => {
    const bounded = { ...mirage, requirements: asks(">= 4.9 & < 4.10") };
    expect(plan({}, bounded).versions).toMatchObject({ mirage: "4.9.0", solo5: "0.9.3" });
    expect(plan({}, mirage).versions.mirage).toBe("4.11.2");
    expect(plan({ "mirage-version": "4.10.6" }, dune).versions.mirage).toBe("4.10.6");
    expect(plan({ "mirage-version": "none" }, mirage).versions.mirage).toBeUndefined();
    expect(plan({}, dune).versions.mirage).toBeUndefined();
  });

  it("takes unset versions from a committed lock for the target", () => {
    const versions = { ocaml: "5.4.1", solo5: "0.10.1", "ocaml-solo5": "1.2.2", mirage: "4.10.6" };
    const locked: ProjectNeeds = { ...mirage, lockFiles: [{ path: "mirage/www-hvt.opam.locked", versions }] };
    expect(plan({}, locked).versions).toEqual(versions);
    expect(plan({ "solo5-version": "0.9.3" }, locked).versions).toEqual({ ...versions, solo5: "0.9.3" });
    expect(plan({ target: "spt" }, locked).versions.mirage).toBe("4.11.2");
    expect(plan({ lock: "ignore" }, locked).versions.mirage).toBe("4.11.2");
  });

  it("takes unset versions from the locks of `opam lock`, for every target", () => {
    const versions = { ocaml: "5.4.1", solo5: "0.10.1", "ocaml-solo5": "1.2.2" };
    const [ocaml, others] = [{ ocaml: "5.4.1" }, { solo5: "0.10.1", "ocaml-solo5": "1.2.2" }];
    const lockFiles = [
      { path: "a.opam.locked", versions: ocaml, isForAllTargets: true },
      { path: "b-hvt.opam.locked", versions: others, isForAllTargets: true },
    ] as const;
    const locked: ProjectNeeds = { ...dune, lockFiles };
    for (const target of ["hvt", "spt"] as const) expect(plan({ target }, locked).versions).toEqual(versions);
    expect(plan({ target: "unix", lock: "require" }, locked).versions).toEqual({ ocaml: "5.4.1" });
    expect(plan({ lock: "ignore" }, locked).versions).toEqual(plan({}).versions);
    expect(plan({ "solo5-version": "0.10.0" }, locked).versions).toEqual({ ...versions, solo5: "0.10.0" });
    const unfit: ProjectNeeds = { ...dune, lockFiles: [{ ...lockFiles[0], versions: { ocaml: "5.2.0" } }] };
    expect(plan({}, unfit).versions).toEqual(plan({}).versions);
    expect(() => plan({ lock: "require" }, unfit)).toThrow("lock file a.opam.locked asks OCaml 5.2.0");
  });

  it("refuses an input that is not a version", () => {
    expect(() => plan({ "ocaml-version": "newest" })).toThrow(
      expect.objectContaining({
        message: 'input ocaml-version: "newest" is not a version or a range of versions',
        facts: expect.objectContaining({
          do: "write an exact version such as 5.5.0, or a range such as 5.5.x",
        }) as unknown,
      }),
    );
  });

  it("ignores a lock that no toolchain satisfies, unless it is required", () => {
    const versions = { ocaml: "5.2.0", solo5: "0.9.3", mirage: "4.9.0" };
    const locked: ProjectNeeds = { ...mirage, lockFiles: [{ path: "mirage/www-hvt.opam.locked", versions }] };
    expect(plan({}, locked).versions).toEqual(plan({}, mirage).versions);
    expect(() => plan({ lock: "require" }, locked)).toThrow("OCaml 5.2.0");
  });

  describe("of repositories that lack packages", () => {
    const has = (without: RegExp, given: Partial<Record<InputName, string>>, project = dune) => {
      const versions = [
        ...["ocaml-base-compiler", "ocaml-variants"].flatMap((name) =>
          knownVersions.ocaml.map((one) => `${name}.${one}${name === "ocaml-variants" ? "+options" : ""}`),
        ),
        ...(["solo5", "ocaml-solo5", "mirage"] as const).flatMap((name) =>
          knownVersions[name].map((one) => `${name}.${one}`),
        ),
      ];
      const available = new Set(versions.filter((name) => !without.test(name)));
      return planToolchain(withTarget(readInputs((name) => given[name])), project, host, available);
    };

    it.each<[string, RegExp, Partial<Record<InputName, string>>, string]>([
      ["the newest OCaml", /^ocaml-base-compiler\.5\.5/, {}, "5.4.1"],
      ["the newest of a range", /^ocaml-base-compiler\.5\.5/, { "ocaml-version": "5.x" }, "5.4.1"],
      ["all but one of a range", /^ocaml-base-compiler\.5\.[34]/, { "ocaml-version": ">=5.2 <5.5" }, "5.2.1"],
      ["the one that options need", /^ocaml-variants\.5\.5/, { "toolchain-options": "flambda" }, "5.4.1"],
      ["the one that nobody needs", /^ocaml-variants\./, {}, "5.5.0"],
      ["every cross compiler of the newest OCaml", /^ocaml-solo5\.1\.3\.[2-4]/, {}, "5.4.1"],
      ["what is pinned", /^solo5\./, { "opam-pins": "solo5.0.12.1 git+https://example.org/solo5" }, "5.5.0"],
    ])("without %s", (_, without, given, ocaml) => {
      expect(has(without, given).versions.ocaml).toBe(ocaml);
    });

    it("has the newest mirage of the repositories that the project accepts", () => {
      const bounded = { ...mirage, requirements: asks(">= 4.10.0 & < 4.11.0") };
      expect(has(/^mirage\.4\.10\.[5-9]/, {}, bounded).versions.mirage).toBe("4.10.4");
    });

    it("is refused when they have none at all, and names a repository that has", () => {
      expect(() => has(/^solo5\./, {})).toThrow(
        expect.objectContaining({
          message: "the given opam repositories have no toolchain for hvt",
          facts: expect.objectContaining({ because: "they lack solo5.0.12.1" }) as unknown,
        }),
      );
    });
  });

  it("asks opam for what the table lacks, with the packages and constraints of the toolchain", () => {
    const given = { arch: "aarch64", target: "hvt", "ocaml-version": "99.1.0", "opam-packages": "fmt" } as const;
    const error: unknown = (() => {
      try {
        return plan({ ...given, "toolchain-options": "flambda" });
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(BeyondTable);
    expect((error as BeyondTable).question).toMatchObject({
      subject: "hvt with OCaml 99.1.0",
      components: [
        ["ocaml", ["ocaml-variants"]],
        ["solo5", ["solo5", "solo5-cross-aarch64"]],
        ["ocaml-solo5", ["ocaml-solo5-cross-aarch64"]],
      ],
      packages: ["dune", "ocamlfind", "fmt", "ocaml-option-flambda"],
    });
    const decided = { ocaml: "99.1.0", solo5: "99.2.0", "ocaml-solo5": "99.3.0" };
    expect(planToolchain(withTarget(readInputs(() => undefined)), dune, host, undefined, decided).packages).toContain(
      "ocaml-base-compiler.99.1.0",
    );
  });

  it("compares a prerelease with the first version that has an option", () => {
    const versions = (version: string) => ({ ocaml: "5.5.0", "ocaml-unikraft": version });
    expect(optionPackages(["9pfs"], "unikraft", versions("1.3.0~rc1"))).toEqual(["ocaml-unikraft-option-9pfs"]);
    expect(() => optionPackages(["9pfs"], "unikraft", versions("1.2.0~rc1"))).toThrow("1.2.0~rc1 has no 9pfs");
  });

  it("has a notice of a bound that was not read", () => {
    const requirements = requirementsOfConfiguration("config.ml", 'package ~max:newest "ocaml"');
    const inputs = withTarget(readInputs(() => undefined));
    const project = { ...dune, requirements };
    expect(explainVersions(inputs, project, planToolchain(inputs, project, host)).notices).toEqual([
      "config.ml line 1: `~max` of `package` was not read, so it limits no version of ocaml",
    ]);
  });

  it("refuses at once what the table knows to be impossible", () => {
    expect(() => plan({ "ocaml-version": "5.2.0" })).toThrow(Problem);
    expect(() => plan({ "ocaml-version": "5.2.0" })).not.toThrow(BeyondTable);
  });

  it("refuses what opam would take for an option", () => {
    expect(() => plan({ "opam-packages": "--root=/" })).toThrow('input opam-packages: "--root=/" is not accepted');
    expect(() => plan({ "opam-pins": "--all https://example.org" })).toThrow("is not accepted");
    expect(() => plan({ "opam-pins": "mirage --all" })).toThrow("is not accepted");
    expect(() => plan({ "opam-pins": "mirage" })).toThrow("is not accepted");
  });

  it("has the packages of its options, and the compiler that takes them", () => {
    const solo5 = plan({ "toolchain-options": "flambda no-flat-float-array flambda", "opam-packages": "fmt" }).packages;
    expect(solo5[0]).toBe("ocaml-variants.5.5.0+options");
    expect(solo5.slice(-3)).toEqual(["fmt", "ocaml-option-flambda", "ocaml-option-no-flat-float-array"]);
    const unikraft = plan({ target: "unikraft-qemu", "toolchain-options": "debug 9pfs" }).packages;
    expect(unikraft[0]).toMatch(/^ocaml-base-compiler/);
    expect(unikraft.slice(-2)).toEqual(["ocaml-unikraft-option-debug", "ocaml-unikraft-option-9pfs"]);
  });

  it.each([
    [
      { "toolchain-options": "fp" },
      "input toolchain-options: there is no fp",
      "for solo5: flambda, no-flat-float-array",
    ],
    [
      { "toolchain-options": "debug" },
      "input toolchain-options: debug is not for solo5 toolchains",
      "for solo5: flambda, no-flat-float-array",
    ],
    [
      { "toolchain-options": "flambda", target: "unikraft-qemu" },
      "input toolchain-options: flambda is not for unikraft toolchains",
      "for unikraft: debug, 9pfs",
    ],
    [
      { "toolchain-options": "9pfs", target: "unikraft-qemu", "ocaml-unikraft-version": "1.1.0" },
      "input toolchain-options: ocaml-unikraft 1.1.0 has no 9pfs",
      "ocaml-unikraft 1.2.0 and newer",
    ],
    [
      { "c-flags": "-O3 $(date)" },
      'input c-flags: "$(date)" is not accepted',
      "gcc options without whitespace or quotes, such as `-O3 -fstack-protector-strong`",
    ],
  ])("refuses what the toolchain would not read: %j", (given, message, accepted) => {
    const refused = () => plan(given);
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ facts: expect.objectContaining({ accepted }) as unknown }));
  });

  it("has its C flags", () => {
    expect(plan({ "c-flags": "-O3 -fno-plt" }).cFlags).toEqual(["-O3", "-fno-plt"]);
  });

  it("keeps pins with and without a version", () => {
    expect(plan({ "opam-pins": "a.1.0 git+https://example.org/a#1\nb file:///b" }).pins).toEqual([
      { package: "a.1.0", url: "git+https://example.org/a#1" },
      { package: "b", url: "file:///b" },
    ]);
  });
});
