import { nameOf, findRecipe } from "./packages.js";
import type { ToolchainSpec } from "./toolchain.js";

/** Packages that only exist to change a compiler. */
const option = /^ocaml(?:-unikraft)?-option-/;

/**
 * The toolchain that another one is built on; undefined for one that opam builds from nothing.
 *
 * From the bottom: the compilers with their tools; mirage, with all pins; the project's own packages. Each is a
 * complete toolchain, and the one of every project that needs no more. What can change a compiler belongs to the
 * lowest: its options, and packages and pins of its own packages.
 */
export function specBelow(spec: ToolchainSpec): ToolchainSpec | undefined {
  const { mirage, ...compilers } = spec.versions;
  const names = compilerPackages(spec);
  const isCompiler = (text: string) => option.test(text) || names.has(nameOf(text));
  const isMirage = (text: string) => mirage !== undefined && nameOf(text) === "mirage";
  const bottom: ToolchainSpec = {
    ...spec,
    versions: compilers,
    packages: spec.packages.filter(isCompiler),
    pins: spec.pins.filter((pin) => isCompiler(pin.package)),
  };
  const middle: ToolchainSpec = {
    ...spec,
    packages: spec.packages.filter((text) => isCompiler(text) || isMirage(text)),
  };
  if (mirage !== undefined && middle.packages.length < spec.packages.length) return middle;
  const isBottom =
    mirage === undefined && bottom.packages.length === spec.packages.length && bottom.pins.length === spec.pins.length;
  return isBottom ? undefined : bottom;
}

/** The names of the packages that every toolchain of this kind has. */
function compilerPackages(spec: ToolchainSpec): ReadonlySet<string> {
  const cross = findRecipe(spec)?.opam ?? [];
  return new Set(["ocaml", "ocaml-base-compiler", "ocaml-variants", "dune", "ocamlfind", ...cross.map(nameOf)]);
}
