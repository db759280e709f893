import type { Formula } from "../../targets/formula.js";
import { type Comparison, type Relation, satisfies } from "../../targets/opam-version.js";

/** A package formula with variables, as in `depends`: https://opam.ocaml.org/doc/Manual.html#Filtered-package-formulas */
export type FilteredFormula =
  | { readonly kind: "package"; readonly name: string; readonly condition: Condition }
  | { readonly kind: "and" | "or"; readonly parts: readonly FilteredFormula[] };

/** The braces behind a package. Negations are pushed to the leaves, as opam does when it reads them. */
export type Condition =
  /** Of the package's version. */
  | { readonly kind: "version"; readonly relation: Relation; readonly bound: Value }
  /** `os = "linux"` */
  | { readonly kind: "test"; readonly relation: Relation; readonly left: Value; readonly right: Value }
  | { readonly kind: "flag"; readonly value: Value; readonly isNegated: boolean }
  /** `?monorepo` */
  | { readonly kind: "defined"; readonly values: readonly Value[]; readonly isNegated: boolean }
  /** Of no parts: `and` always holds, `or` never. */
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] };

/** A string, in which `%{name}%` stands for a variable, or the name of a variable. */
export type Value = { readonly text: string } | { readonly variable: string };

/** The value of a variable by its name; a boolean is `true` or `false`. Undefined: opam does not know it either. */
export type Variables = Readonly<Record<string, string>>;

/**
 * A formula for these variables, as opam reduces it (`filter_formula` in src/format/opamFilter.ml): a package whose
 * condition is false is left out, whether beside other packages or in an alternative.
 */
export function reduce(formula: FilteredFormula, variables: Variables): Formula {
  return reducedPart(formula, variables) ?? { kind: "and", parts: [] };
}

function reducedPart(formula: FilteredFormula, variables: Variables): Formula | undefined {
  if (formula.kind === "package") {
    const versions = reducedCondition(formula.condition, variables);
    if (versions === false) return undefined;
    return versions === true ? { kind: "any", package: formula.name } : ofPackage(formula.name, versions);
  }
  const parts = formula.parts.flatMap((part) => reducedPart(part, variables) ?? []);
  return parts.length > 1 ? { kind: formula.kind, parts } : parts[0];
}

type VersionFormula = Comparison | { readonly kind: "and" | "or"; readonly parts: readonly VersionFormula[] };

const ofPackage = (name: string, formula: VersionFormula): Formula =>
  "parts" in formula
    ? { kind: formula.kind, parts: formula.parts.map((part) => ofPackage(name, part)) }
    : { kind: "compare", package: name, ...formula };

function reducedCondition(condition: Condition, variables: Variables): boolean | VersionFormula {
  switch (condition.kind) {
    case "version": {
      const version = valueOf(condition.bound, variables);
      return version === undefined ? /* opam ignores such a bound */ true : { relation: condition.relation, version };
    }
    case "test": {
      const [left, right] = [valueOf(condition.left, variables), valueOf(condition.right, variables)];
      return (
        left !== undefined && right !== undefined && satisfies(left, { relation: condition.relation, version: right })
      );
    }
    case "flag":
      return valueOf(condition.value, variables) === String(!condition.isNegated);
    case "defined":
      return condition.values.every((value) => valueOf(value, variables) !== undefined) !== condition.isNegated;
    case "and":
    case "or": {
      const absorbing = condition.kind === "or";
      const parts: VersionFormula[] = [];
      for (const part of condition.parts) {
        const reduced = reducedCondition(part, variables);
        if (reduced === absorbing) return absorbing;
        if (typeof reduced !== "boolean") parts.push(reduced);
      }
      const [only] = parts;
      if (only === undefined) return !absorbing;
      return parts.length === 1 ? only : { kind: condition.kind, parts };
    }
  }
}

function valueOf(value: Value, variables: Variables): string | undefined {
  const of = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  return "variable" in value
    ? of(value.variable)
    : value.text.replace(/%\{([^{}%]*)\}%/g, (_, name: string) => of(name) ?? "");
}
