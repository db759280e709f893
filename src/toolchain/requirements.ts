import type { Architecture } from "../targets/architecture.js";
import { type Constraint, components, componentsOf, constraintOf } from "../targets/constraint.js";
import { type Formula, comparisonsIn, conjunctsOf, negated, packagesIn } from "../targets/formula.js";
import { dependenciesOf } from "./opam/dependencies.js";
import { type FilteredFormula, type Variables, reduce } from "./opam/filtered-formula.js";

/** What a file of a project asks of packages. */
export interface Requirement {
  /** As a phrase: `config.ml line 1`, `www.opam`. */
  readonly source: string;
  readonly formula: FilteredFormula;
  /** Whether the formula is one of `conflicts`: what it names must not be installed. */
  readonly isConflict?: true;
  /** What the formula lacks, because it could not be read. */
  readonly unread?: readonly Unread[];
}

/** A part of a file that limits the versions of a package, and could not be read. */
export interface Unread {
  /** Undefined: its name could not be read either. */
  readonly package: string | undefined;
  /** As in the file: `~min:version`. */
  readonly text: string;
}

/** A sentence for each part that was not read and could limit a component. */
export const unreadParts = (requirements: readonly Requirement[]): readonly string[] =>
  requirements.flatMap(({ source, unread = [] }) =>
    unread
      .filter(({ package: name }) => name === undefined || isOfComponent(name))
      .map(
        ({ package: name, text }) =>
          `${source}: ${text} was not read, so it limits no version of ${name ?? "a package"}`,
      ),
  );

const isOfComponent = (name: string): boolean => componentsOf({ formula: { kind: "any", package: name } }).length > 0;

const opamArchitectures: Readonly<Record<Architecture, string>> = { x86_64: "x86_64", aarch64: "arm64" };

/** The values of variables in `depends`: of a checkout that is built without its tests, documentation and tools. */
export const dependsVariables: Variables = {
  build: "true",
  post: "true",
  dev: "true",
  "with-test": "false",
  "with-doc": "false",
  "with-dev-setup": "false",
};

/**
 * The variables that all machines of an architecture share. Others, such as `os-distribution`, limit no version here:
 * opam decides.
 */
export const machineVariables = (architecture: Architecture): Variables => ({
  os: "linux",
  arch: opamArchitectures[architecture],
  "opam-version": "2.1.0",
});

/**
 * What a project asks of a toolchain's components: one constraint for each file and package, repeated ones once.
 *
 * @param machine see {@link machineVariables}.
 */
export function constraintsOf(requirements: readonly Requirement[], machine: Variables): readonly Constraint[] {
  const all = requirements.flatMap(({ source, formula, isConflict }) => {
    const asked =
      isConflict === true
        ? withoutConflicts(reduce(formula, machine))
        : reduce(formula, { ...dependsVariables, ...machine });
    return together(asked)
      .map((part) => constraintOf(part, source))
      .filter((one) => componentsOf(one).length > 0 && comparisonsIn(one.formula).length > 0);
  });
  const keyOf = (one: Constraint) => JSON.stringify([componentsOf(one), one.text]);
  return [...new Map(all.toReversed().map((one) => [keyOf(one), one])).values()].toReversed();
}

/** The parts of a formula that all have to hold, those on one package together. */
const together = (formula: Formula): readonly Formula[] => [
  ...dependenciesOf(formula).map((dependency) => dependency.formula),
  ...conjunctsOf(formula).filter((part) => packagesIn(part).length > 1),
];

/** A conflict counts only with a package that every toolchain has. One with all its versions is left to opam. */
const withoutConflicts = (formula: Formula): Formula => ({
  kind: "and",
  parts: (formula.kind === "or" ? formula.parts : [formula])
    .filter((part) => packagesIn(part).every((name) => components.some((component) => component === name)))
    .filter((part) => comparisonsIn(part).length > 0)
    .map(negated),
});
