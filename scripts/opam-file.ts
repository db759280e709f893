import { type Formula, conjunctsOf, holds, packagesIn } from "../src/targets/formula.js";
import { compareVersions } from "../src/targets/opam-version.js";
import { dependenciesOf, formulaOf } from "../src/toolchain/opam/dependencies.js";
import { type OpamValue, itemsOf, parseOpamFile } from "../src/toolchain/opam/file.js";
import { reduce } from "../src/toolchain/opam/filtered-formula.js";
import { dependsVariables, machineVariables } from "../src/toolchain/requirements.js";

/** `atLeast <= version < below`; a missing side is unbounded. */
export interface Bounds {
  atLeast?: string;
  below?: string;
}

/** Whether a package cannot be installed, or its maintainers advise against it. */
export function isWithdrawn(opam: string): boolean {
  const file = parseOpamFile(opam);
  const [available] = itemsOf(file, "available");
  return (
    isWord(available, "false") ||
    itemsOf(file, "flags").some((flag) => isWord(flag, "avoid-version") || isWord(flag, "deprecated"))
  );
}

const isWord = (value: OpamValue | undefined, text: string): boolean => value?.kind === "word" && value.text === text;

/**
 * What a released package asks of its dependency `name` where it is built on Linux, without its tests.
 *
 * @throws Error when the package does not depend on it for certain.
 */
export function constraintOf(opam: string, name: string): Formula {
  const variables = { ...dependsVariables, ...machineVariables("x86_64"), dev: "false" };
  const formula = reduce(formulaOf(parseOpamFile(opam)), variables);
  const isAlternative = conjunctsOf(formula).some(
    (part) => new Set(packagesIn(part)).size > 1 && packagesIn(part).includes(name),
  );
  if (isAlternative) throw new Error(`depends has alternatives to ${name}`);
  const found = dependenciesOf(formula).find((dependency) => dependency.name === name);
  if (found === undefined) throw new Error(`the opam file does not depend on ${name}`);
  return found.formula;
}

/** Whether a version of the constraint's package satisfies it. */
export const accepts = (constraint: Formula, version: string): boolean => holds(constraint, () => version);

/**
 * A constraint as bounds.
 *
 * @throws Error when it cannot be expressed so.
 */
export function boundsOf(constraint: Formula): Bounds {
  const bounds: Bounds = {};
  for (const part of conjunctsOf(constraint)) {
    if (part.kind === "any") continue;
    const version = part.kind === "compare" ? full(part.version) : "";
    if (part.kind === "compare" && part.relation === ">=") bounds.atLeast = last(1, version, bounds.atLeast);
    else if (part.kind === "compare" && part.relation === "<") bounds.below = last(-1, version, bounds.below);
    else throw new Error(`${JSON.stringify(part)} is not a pair of bounds`);
  }
  return bounds;
}

/** The later of two versions in an order: of opam (1), or its opposite (-1). */
const last = (order: 1 | -1, one: string, other = one): string =>
  order * compareVersions(one, other) >= 0 ? one : other;

/** Turns `5` and `4.08.0` into semver: `5.0.0`, `4.8.0`. */
function full(version: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) throw new Error(`${version} is not a plain version`);
  return [...version.split(".").map(Number), 0, 0].slice(0, 3).join(".");
}
