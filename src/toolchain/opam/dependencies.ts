import { type Formula, conjunctsOf, packagesIn } from "../../targets/formula.js";
import { type Relation, isRelation, opposite } from "../../targets/opam-version.js";
import { type OpamFile, type OpamValue, itemsOf } from "./file.js";
import type { Condition, FilteredFormula, Value } from "./filtered-formula.js";

/** The formula of a list field, all or any of whose items hold: https://opam.ocaml.org/doc/Manual.html#opamfield-depends */
export const formulaOf = (file: OpamFile, field: "depends" | "conflicts" = "depends"): FilteredFormula =>
  packagesOf(itemsOf(file, field), 0, field === "depends" ? allItems : anyItem);

/** What a formula asks of one package, whatever else it asks. */
export interface Dependency {
  readonly name: string;
  readonly formula: Formula;
}

/** The packages that a formula needs for certain; alternatives of several packages are left out. */
export function dependenciesOf(formula: Formula): readonly Dependency[] {
  const parts = new Map<string, Formula[]>();
  for (const part of conjunctsOf(formula)) {
    const [name, ...others] = packagesIn(part);
    if (name !== undefined && others.length === 0) parts.set(name, [...(parts.get(name) ?? []), part]);
  }
  return [...parts].map(([name, [first, ...more]]) => ({
    name,
    formula: first === undefined || more.length > 0 ? { kind: "and", parts: parts.get(name) ?? [] } : first,
  }));
}

/** Brackets are read to this depth. What is deeper, which no person wrote, asks for nothing. */
const deepest = 100;

function packagesOf(values: readonly OpamValue[], depth: number, joins: Joins): FilteredFormula {
  return joined<FilteredFormula>(
    values,
    joins,
    (kind, parts) => ({ kind, parts }),
    (at) => {
      const [value, next] = values.slice(at, at + 2);
      if (value?.kind === "group" && depth < deepest) return [packagesOf(value.values, depth + 1, joins), 1];
      if (value?.kind !== "string") return [undefined, 1];
      const options = next?.kind === "options" ? next.values : undefined;
      const condition = conditionOf(options ?? [], false, 0);
      return [{ kind: "package", name: value.text, condition }, options === undefined ? 1 : 2];
    },
  );
}

/** @param isNegated whether `!` is before it: `!(a & b)` is read as `!a | !b`. */
function conditionOf(values: readonly OpamValue[], isNegated: boolean, depth: number): Condition {
  return joined<Condition>(
    values,
    isNegated ? { items: "or", "&": "or", "|": "and" } : allItems,
    (kind, parts) => ({ kind, parts }),
    (at) => {
      let start = at;
      let negated = isNegated;
      for (; isOperator(values[start], "!"); start++) negated = !negated;
      const isQuestion = isOperator(values[start], "?");
      if (isQuestion) start++;
      const [first, second, third] = values.slice(start, start + 3);
      const read = (condition: Condition | undefined, length: number) => [condition, start + length - at] as const;
      const relationOf = (value: OpamValue | undefined) => {
        const relation = relationIn(value);
        return relation && negated ? opposite[relation] : relation;
      };
      const prefix = relationOf(first);
      if (prefix !== undefined) {
        const bound = valueOf(second);
        return read(bound && { kind: "version", relation: prefix, bound }, 2);
      }
      if (first?.kind === "group" && depth < deepest) return read(conditionOf(first.values, negated, depth + 1), 1);
      const [left, infix, right] = [valueOf(first), relationOf(second), valueOf(third)];
      if (left === undefined) return read(undefined, 1);
      const isTest = infix !== undefined && right !== undefined;
      if (isQuestion)
        return read({ kind: "defined", values: isTest ? [left, right] : [left], isNegated: negated }, isTest ? 3 : 1);
      if (isTest) return read({ kind: "test", relation: infix, left, right }, 3);
      return read({ kind: "flag", value: left, isNegated: negated }, 1);
    },
  );
}

/** What operators make of their operands, and what a list makes of its items. */
type Joins = Readonly<Record<"items" | "&" | "|", "and" | "or">>;
const allItems: Joins = { items: "and", "&": "and", "|": "or" };
const anyItem: Joins = { ...allItems, items: "or" };

type Join<Tree> = (kind: "and" | "or", parts: readonly Tree[]) => Tree;

/**
 * Reads operands and the operators between them: `&` binds tighter than `|`, and where there is none, both must hold.
 *
 * @param read reads the operand at an index, and says how many values it has; an unreadable one is left out.
 */
function joined<Tree>(
  values: readonly OpamValue[],
  joins: Joins,
  join: Join<Tree>,
  read: (at: number) => readonly [operand: Tree | undefined, length: number],
): Tree {
  const items: Tree[][][] = [];
  let operator: "&" | "|" | undefined;
  for (let at = 0; at < values.length;) {
    if (isOperator(values[at], "&") || isOperator(values[at], "|")) {
      operator = isOperator(values[at++], "&") ? "&" : "|";
      continue;
    }
    const [operand, length] = read(at);
    at += length;
    if (operand === undefined) continue;
    const item = items.at(-1);
    if (operator === undefined || item === undefined) items.push([[operand]]);
    else if (operator === "|") item.push([operand]);
    else item.at(-1)?.push(operand);
    operator = undefined;
  }
  if (items.length === 0) return join("and", []);
  const one = (kind: "and" | "or", [first, ...more]: readonly Tree[]) =>
    first !== undefined && more.length === 0 ? first : join(kind, first === undefined ? [] : [first, ...more]);
  const item = (anyOf: readonly (readonly Tree[])[]) =>
    one(
      joins["|"],
      anyOf.map((allOf) => one(joins["&"], allOf)),
    );
  return one(joins.items, items.map(item));
}

const isOperator = (value: OpamValue | undefined, text: string): boolean =>
  value?.kind === "operator" && value.text === text;

const relationIn = (value: OpamValue | undefined): Relation | undefined =>
  value?.kind === "operator" && isRelation(value.text) ? value.text : undefined;

/** `true`, `false` and numbers stand for themselves. */
function valueOf(value: OpamValue | undefined): Value | undefined {
  if (value?.kind === "string") return { text: value.text };
  if (value?.kind !== "word") return undefined;
  return /^(true|false|-?[\d_]+)$/.test(value.text) ? { text: value.text } : { variable: value.text };
}
