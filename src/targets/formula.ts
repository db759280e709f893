import { type Comparison, opposite, satisfies } from "./opam-version.js";

/** A condition on the versions of packages, as in an opam file's `depends`, without variables. */
export type Formula =
  /** A package in any version. */
  | { readonly kind: "any"; readonly package: string }
  | ({ readonly kind: "compare"; readonly package: string } & Comparison)
  /** Of no parts: `and` always holds, `or` never. */
  | { readonly kind: "and" | "or"; readonly parts: readonly Formula[] };

/**
 * Whether a formula holds.
 *
 * @param versionOf the version of a package. Undefined: it is not decided here, and opam can choose any that suits.
 */
export function holds(formula: Formula, versionOf: (name: string) => string | undefined): boolean {
  switch (formula.kind) {
    case "any":
      return true;
    case "compare": {
      const version = versionOf(formula.package);
      return version === undefined || satisfies(version, formula);
    }
    case "and":
      return formula.parts.every((part) => holds(part, versionOf));
    case "or":
      return formula.parts.some((part) => holds(part, versionOf));
  }
}

/** Its comparisons with a version, in order. */
export function comparisonsIn(formula: Formula): readonly (Comparison & { readonly package: string })[] {
  if ("parts" in formula) return formula.parts.flatMap(comparisonsIn);
  return formula.kind === "compare" ? [formula] : [];
}

/** The names of its packages, each once. */
export function packagesIn(formula: Formula): readonly string[] {
  return "parts" in formula ? [...new Set(formula.parts.flatMap(packagesIn))] : [formula.package];
}

/** The parts that all have to hold. */
export const conjunctsOf = (formula: Formula): readonly Formula[] =>
  formula.kind === "and" ? formula.parts.flatMap(conjunctsOf) : [formula];

/** The formula that holds where this one does not, of packages that are installed. */
export function negated(formula: Formula): Formula {
  if ("parts" in formula) return { kind: formula.kind === "and" ? "or" : "and", parts: formula.parts.map(negated) };
  return formula.kind === "any" ? { kind: "or", parts: [] } : { ...formula, relation: opposite[formula.relation] };
}

/** As a person writes it, without the package's name when there is only one: `>= 4.9 & < 4.12`. */
export function shown(formula: Formula): string {
  const isOne = packagesIn(formula).length === 1;
  return written(formula, (name, comparison) => {
    const text = comparison === undefined ? "" : `${comparison.relation} ${comparison.version}`;
    return isOne ? text || "any version" : [name, text].join(" ").trim();
  });
}

/** As in the `depends` of an opam file: `"mirage" {>= "4.9"} & "mirage" {< "4.12"}`. */
export const inOpamSyntax = (formula: Formula): string =>
  written(formula, (name, comparison) =>
    comparison === undefined
      ? JSON.stringify(name)
      : `${JSON.stringify(name)} {${comparison.relation} ${JSON.stringify(comparison.version)}}`,
  );

type WriteAtom = (name: string, comparison: Comparison | undefined) => string;

function written(formula: Formula, atom: WriteAtom): string {
  switch (formula.kind) {
    case "any":
      return atom(formula.package, undefined);
    case "compare":
      return atom(formula.package, formula);
    case "and":
    case "or":
      return formula.parts
        .map((part) => {
          const text = written(part, atom);
          return "parts" in part && part.parts.length > 1 && part.kind !== formula.kind ? `(${text})` : text;
        })
        .join(formula.kind === "and" ? " & " : " | ");
  }
}
