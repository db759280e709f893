import { type Relation, isRelation } from "../targets/opam-version.js";
import type { Condition, FilteredFormula, Value } from "../toolchain/opam/filtered-formula.js";
import type { Requirement } from "../toolchain/requirements.js";
import { type SExpression, readSExpressions } from "./dune-workspace.js";

/**
 * What the packages of a dune-project ask of others, as dune writes it into their opam files:
 * https://dune.readthedocs.io/en/stable/reference/dune-project/package.html
 */
export function requirementsOfDuneProject(text: string): readonly Requirement[] {
  return readSExpressions(text).flatMap((stanza) => {
    if (typeof stanza === "string" || stanza[0] !== "package") return [];
    const [name = "?"] = listsNamed(stanza, "name")
      .flat()
      .filter((word) => typeof word === "string");
    const source = `dune-project (package ${name})`;
    return [
      ...listsNamed(stanza, "depends").map((list) => ({ source, formula: allOf(list.map(packageIn)) })),
      ...listsNamed(stanza, "conflicts").map((list) => ({
        source,
        formula: allOf(list.map(packageIn)),
        isConflict: true as const,
      })),
    ];
  });
}

/** What follows the name in each list of a stanza that begins with it. */
const listsNamed = (stanza: readonly SExpression[], name: string): readonly (readonly SExpression[])[] =>
  stanza.flatMap((field) => (typeof field !== "string" && field[0] === name ? [field.slice(1)] : []));

const allOf = (parts: readonly (FilteredFormula | undefined)[]): FilteredFormula => ({
  kind: "and",
  parts: parts.filter((part) => part !== undefined),
});

/** `lwt`, `(lwt (>= 5.0))`, `(or a b)` */
function packageIn(expression: SExpression): FilteredFormula | undefined {
  const none: Condition = { kind: "and", parts: [] };
  if (typeof expression === "string") return { kind: "package", name: expression, condition: none };
  const [name, ...conditions] = expression;
  if (typeof name !== "string") return undefined;
  if (name === "and" || name === "or")
    return { kind: name, parts: conditions.map(packageIn).filter((part) => part !== undefined) };
  return { kind: "package", name, condition: { kind: "and", parts: conditions.flatMap(conditionIn) } };
}

/** `:with-test`, `(>= 5.0)`, `(= :version)`, `(<> :os win32)`, `(and …)`, `(or …)` */
function conditionIn(expression: SExpression): readonly Condition[] {
  if (typeof expression === "string") return [{ kind: "flag", value: valueOf(expression), isNegated: false }];
  const [operator, ...operands] = expression;
  if (operator === "and" || operator === "or") return [{ kind: operator, parts: operands.flatMap(conditionIn) }];
  const relation = typeof operator === "string" ? relationOf(operator) : undefined;
  const [left, right] = operands;
  if (relation === undefined || typeof left !== "string") return [];
  if (right === undefined) return [{ kind: "version", relation, bound: valueOf(left) }];
  return typeof right === "string" ? [{ kind: "test", relation, left: valueOf(left), right: valueOf(right) }] : [];
}

function relationOf(word: string): Relation | undefined {
  const relation = word === "<>" ? "!=" : word;
  return isRelation(relation) ? relation : undefined;
}

const valueOf = (word: string): Value => (word.startsWith(":") ? { variable: word.slice(1) } : { text: word });
