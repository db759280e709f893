import { type OpamFile, type OpamValue, type OpamWord, itemsOf } from "./file.js";
import { type Constraint, isRelation } from "./version.js";

/** A package that an opam file depends on, in a formula without `|`: with one, no part of it is certain. */
export interface Dependency {
  readonly name: string;
  /** All of them hold. */
  readonly constraints: readonly Constraint[];
  /** `build`, `?monorepo`, `os = "linux"`: every condition except constraints with a plain version, as written. */
  readonly filters: readonly string[];
}

/** The packages of a list field: https://opam.ocaml.org/doc/Manual.html#opamfield-depends */
export function dependenciesOf(file: OpamFile, path = "depends"): readonly Dependency[] {
  return formulasIn(itemsOf(file, path)).flatMap((formula) => (isConjunction(formula) ? dependenciesIn(formula) : []));
}

/** The formulas of a list: items joined by operators. `&` binds tighter than `|`, so one `|` makes all uncertain. */
function formulasIn(values: readonly OpamValue[]): readonly (readonly OpamValue[])[] {
  const formulas: OpamValue[][] = [];
  let formula: OpamValue[] = [];
  for (const [at, value] of values.entries()) {
    const isJoined = value.kind === "operator" || value.kind === "options" || values[at - 1]?.kind === "operator";
    if (!isJoined) formulas.push((formula = []));
    formula.push(value);
  }
  return formulas;
}

const isConjunction = (formula: readonly OpamValue[]): boolean =>
  formula.every((value) => value.kind !== "operator" || value.text === "&");

function dependenciesIn(formula: readonly OpamValue[]): readonly Dependency[] {
  return formula.flatMap((value, at) => {
    const next = formula[at + 1];
    return value.kind === "string"
      ? [{ name: value.text, ...readOptions(next?.kind === "options" ? next.values : []) }]
      : [];
  });
}

/** The conditions in the braces behind a package; none where they contain `|`. */
function readOptions(values: readonly OpamValue[]): Pick<Dependency, "constraints" | "filters"> {
  const constraints: Constraint[] = [];
  const filters: string[] = [];
  const words = values.filter((value): value is OpamWord => !("values" in value));
  if (words.length < values.length || words.some(({ kind, text }) => kind === "operator" && text === "|"))
    return { constraints, filters };
  for (const part of conjuncts(words)) {
    const [first, second] = part;
    if (part.length === 2 && first?.kind === "operator" && isRelation(first.text) && second?.kind === "string") {
      constraints.push({ relation: first.text, version: second.text });
    } else filters.push(written(part));
  }
  return { constraints, filters };
}

/** `&` is optional between conditions: `>= "8.18" < "8.19"`. */
function conjuncts(words: readonly OpamWord[]): readonly (readonly OpamWord[])[] {
  const isOperator = (at: number, is: (text: string) => boolean) =>
    words[at]?.kind === "operator" && is(words[at].text);
  const parts: (readonly OpamWord[])[] = [];
  let at = 0;
  while (at < words.length) {
    if (isOperator(at, (text) => text === "&")) at++;
    else {
      const length = words[at]?.kind === "operator" ? 2 : isOperator(at + 1, isRelation) ? 3 : 1;
      parts.push(words.slice(at, (at += length)));
    }
  }
  return parts;
}

function written(words: readonly OpamWord[]): string {
  const texts = words.map(({ kind, text }) => (kind === "string" ? JSON.stringify(text) : text));
  return texts.join(" ").replace(/(?<=^[?!]) /, "");
}
