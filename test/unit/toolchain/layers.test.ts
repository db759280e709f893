import { describe, expect, it } from "vitest";
import { toolchainKey } from "../../../src/toolchain/key.js";
import { specBelow } from "../../../src/toolchain/layers.js";
import type { OpamPin, ToolchainSpec } from "../../../src/toolchain/toolchain.js";
import { exampleSpec } from "./examples.js";

const compilers = ["ocaml-base-compiler.5.5.0", "dune", "ocamlfind", "solo5.0.12.1", "ocaml-solo5.1.3.4"];
const mirage = "mirage.4.11.2";
const versions = { ocaml: "5.5.0", "ocaml-solo5": "1.3.4", solo5: "0.12.1" };
const bare: ToolchainSpec = { ...exampleSpec, versions, packages: compilers };
const pin = (name: string): OpamPin => ({ package: name, url: "git+https://example.org#main" });

/** From the top to the bottom, the packages and pins of each. */
function layersOf(spec: ToolchainSpec): readonly (readonly string[])[] {
  const below = specBelow(spec);
  const own = [...spec.packages, ...spec.pins.map((one) => `pin ${one.package}`)];
  return below === undefined ? [own] : [own, ...layersOf(below)];
}

describe("a toolchain", () => {
  it.each<[what: string, spec: ToolchainSpec, layers: readonly (readonly string[])[]]>([
    ["of compilers alone has nothing below it", bare, [compilers]],
    ["with mirage is built on the compilers", exampleSpec, [[...compilers, mirage], compilers]],
    [
      "with packages is built on the compilers with mirage",
      { ...exampleSpec, packages: [...compilers, mirage, "fmt", "lwt.5.9.1"] },
      [[...compilers, mirage, "fmt", "lwt.5.9.1"], [...compilers, mirage], compilers],
    ],
    [
      "with packages and without mirage is built on the compilers",
      { ...bare, packages: [...compilers, "fmt"] },
      [[...compilers, "fmt"], compilers],
    ],
    [
      "with pins has them from mirage on, which may depend on what they pin",
      { ...exampleSpec, packages: [...compilers, mirage, "fmt"], pins: [pin("functoria.4.11.2")] },
      [
        [...compilers, mirage, "fmt", "pin functoria.4.11.2"],
        [...compilers, mirage, "pin functoria.4.11.2"],
        compilers,
      ],
    ],
    [
      "with pins and without mirage is built on the compilers",
      { ...bare, pins: [pin("fmt")] },
      [[...compilers, "pin fmt"], compilers],
    ],
    [
      "whose compilers are pinned has the pin in all layers",
      { ...exampleSpec, pins: [pin("ocaml-solo5.1.3.4")] },
      [
        [...compilers, mirage, "pin ocaml-solo5.1.3.4"],
        [...compilers, "pin ocaml-solo5.1.3.4"],
      ],
    ],
    [
      "has options of compilers, and constraints on them, in the lowest layer",
      { ...bare, packages: [...compilers, "dune<3.20", "fmt", "ocaml-option-flambda"] },
      [
        [...compilers, "dune<3.20", "fmt", "ocaml-option-flambda"],
        [...compilers, "dune<3.20", "ocaml-option-flambda"],
      ],
    ],
  ])("%s", (__, spec, layers) => {
    expect(layersOf(spec)).toEqual(layers);
  });

  it("has the backend’s own compilers in the lowest layer", () => {
    const packages = ["ocaml-base-compiler.5.4.1", "ocaml-unikraft.1.2.0", "ocaml-unikraft-backend-qemu-x86_64"];
    const unikraft = { ocaml: "5.4.1", "ocaml-unikraft": "1.2.0" };
    const spec: ToolchainSpec = { ...bare, backend: "unikraft", versions: unikraft, packages };
    expect(specBelow(spec)).toBeUndefined();
    const option = { ...spec, packages: [...packages, "ocaml-unikraft-option-debug"] };
    expect(specBelow(option)).toBeUndefined();
    expect(specBelow({ ...spec, packages: [...packages, "solo5"] })?.packages).toEqual(packages);
  });

  it("shares the key of what it is built on with every project that needs no more", () => {
    const below = specBelow({ ...exampleSpec, packages: [...exampleSpec.packages, "fmt"] });
    expect(below && toolchainKey(below)).toBe(toolchainKey(exampleSpec));
    const lowest = below && specBelow(below);
    expect(lowest && toolchainKey(lowest)).toBe(toolchainKey(bare));
  });

  it("of a record with invented names is built on something too, and ends nothing", () => {
    const invented = { ...exampleSpec, backend: "constructor", hostArchitecture: "__proto__" } as unknown;
    expect(() => toolchainKey(invented as ToolchainSpec)).not.toThrow();
  });
});
