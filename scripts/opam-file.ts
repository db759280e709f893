import semver from "semver";
import { type OpamValue, itemsOf, parseOpamFile } from "../src/toolchain/opam/file.js";
import { type Relation, isRelation } from "../src/targets/opam-version.js";

/** `atLeast <= version < below`; a missing side is unbounded. */
export interface Bounds {
  atLeast?: string;
  below?: string;
}

/** A version formula of opam's `depends`, without its filters. */
export type Constraint =
  | { readonly kind: "any" }
  | { readonly kind: "compare"; readonly operator: Relation; readonly version: string }
  | { readonly kind: "and" | "or"; readonly parts: readonly [Constraint, Constraint] };

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
 * The constraint of a package on its dependency `name`: all entries of `depends` for it together, without those for
 * tests.
 *
 * @throws Error when the package does not depend on it, or the formula is not supported.
 */
export function constraintOf(opam: string, name: string): Constraint {
  const depends = itemsOf(parseOpamFile(opam), "depends");
  if (depends.some((value) => value.kind === "group" || isOperator(value, "|")))
    throw new Error("depends has alternatives");
  const formulas = depends.flatMap((value, at) => {
    const next = depends[at + 1];
    return value.kind === "string" && value.text === name ? [next?.kind === "options" ? next.values : []] : [];
  });
  const asked = formulas.filter((formula) => !formula.some((value) => isWord(value, "with-test")));
  if (asked.length === 0) throw new Error(`the opam file does not depend on ${name}`);
  return asked.map(parse).reduce((a, b) => ({ kind: "and", parts: [a, b] }));
}

const isOperator = (value: OpamValue | undefined, text: string): boolean =>
  value?.kind === "operator" && value.text === text;

/** Whether a version satisfies a constraint. */
export function accepts(constraint: Constraint, version: string): boolean {
  switch (constraint.kind) {
    case "any":
      return true;
    case "and":
      return constraint.parts.every((part) => accepts(part, version));
    case "or":
      return constraint.parts.some((part) => accepts(part, version));
    case "compare":
      return semver.cmp(full(version), constraint.operator, full(constraint.version));
  }
}

/**
 * A constraint as bounds.
 *
 * @throws Error when it cannot be expressed so.
 */
export function boundsOf(constraint: Constraint): Bounds {
  switch (constraint.kind) {
    case "any":
      return {};
    case "and":
      return { ...boundsOf(constraint.parts[0]), ...boundsOf(constraint.parts[1]) };
    case "compare":
      if (constraint.operator === ">=") return { atLeast: full(constraint.version) };
      if (constraint.operator === "<") return { below: full(constraint.version) };
  }
  throw new Error(`${JSON.stringify(constraint)} is not a pair of bounds`);
}

/** Turns `5` and `4.08.0` into semver: `5.0.0`, `4.8.0`. */
function full(version: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) throw new Error(`${version} is not a plain version`);
  return [...version.split(".").map(Number), 0, 0].slice(0, 3).join(".");
}

/** `&` binds tighter than `|`, as in opam. */
function parse(formula: readonly OpamValue[]): Constraint {
  return split(formula, "|")
    .map((either) =>
      split(either, "&")
        .map(one)
        .reduce((a, b) => ({ kind: "and", parts: [a, b] })),
    )
    .reduce((a, b) => ({ kind: "or", parts: [a, b] }));
}

function split(formula: readonly OpamValue[], operator: "&" | "|"): readonly (readonly OpamValue[])[] {
  const parts: OpamValue[][] = [[]];
  for (const value of formula) {
    if (isOperator(value, operator)) parts.push([]);
    else parts.at(-1)?.push(value);
  }
  return parts;
}

function one(part: readonly OpamValue[]): Constraint {
  const [first, second] = part;
  if (part.length === 0 || (part.length === 1 && (isWord(first, "build") || isWord(first, "post"))))
    return { kind: "any" };
  if (part.length === 1 && first?.kind === "group") return parse(first.values);
  if (part.length === 2 && first?.kind === "operator" && isRelation(first.text) && second?.kind === "string") {
    return { kind: "compare", operator: first.text, version: second.text };
  }
  throw new Error(`${JSON.stringify(part)} is not supported`);
}
