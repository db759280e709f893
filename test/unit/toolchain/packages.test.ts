import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/platform/problem.js";
import { targets } from "../../../src/targets/targets.js";
import { prefixLength } from "../../../src/toolchain/archive/prefix.js";
import {
  checkBuildFolder,
  checkRecipe,
  opamPackages,
  recipeOf,
  systemPackages,
} from "../../../src/toolchain/packages.js";
import { placeIn } from "../../../src/toolchain/store/place.js";

const solo5 = { ocaml: "5.4.1", "ocaml-solo5": "1.3.3", solo5: "0.12.1" };
const unikraft = { ocaml: "5.4.1", "ocaml-unikraft": "1.2.0" };
const x86_64 = "x86_64";
const aarch64 = "aarch64";

describe("the opam packages of a toolchain", () => {
  it("are Solo5’s own for the host’s architecture", () => {
    const onX86 = recipeOf({ backend: "solo5", architecture: x86_64, hostArchitecture: x86_64 });
    const packages = ["ocaml-base-compiler.5.4.1", "dune", "ocamlfind", "solo5.0.12.1", "ocaml-solo5.1.3.3"];
    expect(opamPackages(onX86, solo5, [])).toEqual(packages);
    const onArm = recipeOf({ backend: "solo5", architecture: aarch64, hostArchitecture: aarch64 });
    expect(opamPackages(onArm, solo5, [])).toEqual(packages);
  });

  it("are the cross packages for aarch64 on x86_64, without the ocaml-solo5 that they conflict with", () => {
    const recipe = recipeOf({ backend: "solo5", architecture: aarch64, hostArchitecture: x86_64 });
    expect(opamPackages(recipe, { ...solo5, mirage: "4.11.2" }, ["lwt"])).toEqual([
      "ocaml-base-compiler.5.4.1",
      "dune",
      "ocamlfind",
      "solo5.0.12.1",
      "solo5-cross-aarch64.0.12.1",
      "ocaml-solo5-cross-aarch64.1.3.3",
      "mirage.4.11.2",
      "lwt",
    ]);
    expect(recipe.cCompiler).toBe("aarch64-linux-gnu-gcc");
    expect(systemPackages(recipe, solo5).use).toContain("gcc-aarch64-linux-gnu");
  });

  it("name Unikraft’s backends for the architecture too", () => {
    const recipe = recipeOf({ backend: "unikraft", architecture: aarch64, hostArchitecture: x86_64 });
    expect(opamPackages(recipe, unikraft, []).slice(3)).toEqual([
      "ocaml-unikraft.1.2.0",
      "ocaml-unikraft-default-arm64.1.2.0",
      "ocaml-unikraft-backend-qemu",
      "ocaml-unikraft-backend-qemu-arm64",
      "ocaml-unikraft-backend-firecracker",
      "ocaml-unikraft-backend-firecracker-arm64",
    ]);
  });

  it("take the compiler with options when an option is asked for", () => {
    const recipe = recipeOf({ backend: "solo5", architecture: x86_64, hostArchitecture: x86_64 });
    expect(opamPackages(recipe, solo5, ["ocaml-option-flambda"])[0]).toBe("ocaml-variants.5.4.1+options");
  });
});

describe("the folder that packages are built in", () => {
  const recipe = recipeOf({ backend: "unikraft", architecture: x86_64, hostArchitecture: x86_64 });

  it("may have any path with which Unikraft’s Kconfig keeps its longest answer: 255 bytes", () => {
    const name = "ocaml-unikraft-backend-firecracker-x86_64";
    const longest = "/".padEnd(recipe.longestBuildFolder ?? 0, "x");
    expect(() => checkBuildFolder(recipe, longest)).not.toThrow();
    expect(
      `${longest}/${name}.1.20.10-0.200.10/_build/lib/${name}/kconfig/drivers-intctlr.uk`.length,
    ).toBeLessThanOrEqual(255);
    expect(() => checkBuildFolder(recipe, `${longest}x`)).toThrow(`this toolchain cannot be built in ${longest}x`);
  });

  it("may have any path for a toolchain without such a limit", () => {
    const solo5Recipe = recipeOf({ backend: "solo5", architecture: x86_64, hostArchitecture: x86_64 });
    expect(() => checkBuildFolder(solo5Recipe, `/${"x".repeat(300)}`)).not.toThrow();
  });

  it("is never too long where the toolchain itself fits, whatever its key", () => {
    const key = "unikernel-ci-5-unikraft-x86_64-5.4.1-66577af8b7959a53";
    const folder = "/".padEnd(prefixLength - `/${key}.build.`.length, "x");
    expect(() => checkBuildFolder(recipe, placeIn(folder, key).builds)).not.toThrow();
  });
});

describe("a toolchain that is not packaged", () => {
  it("is refused with the machines that have it", () => {
    expect(() => checkRecipe(targets.hvt, x86_64, aarch64)).toThrow(
      new Problem("no toolchain for hvt on x86_64 runs on aarch64 machines", {
        accepted: "x86_64 machines",
        do: "run this job on ubuntu-24.04",
      }),
    );
  });

  it("is refused when the target does not exist for the architecture", () => {
    expect(() => checkRecipe(targets.virtio, aarch64, x86_64)).toThrow(
      new Problem("there is no virtio for aarch64", {
        accepted: "arch: x86_64",
        do: "set `arch`, or choose another `target`",
      }),
    );
  });
});
