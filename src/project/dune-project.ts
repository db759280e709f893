import { type Relation, isRelation, opposite } from "../targets/opam-version.js";
import type { Condition, FilteredFormula, Value } from "../toolchain/opam/filtered-formula.js";
import type { Requirement, Unread } from "../toolchain/requirements.js";
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
      ...listsNamed(stanza, "depends").map((list) => ({ source, ...read(list) })),
      ...listsNamed(stanza, "conflicts").map((list) => ({ source, ...read(list), isConflict: true as const })),
    ];
  });
}

/** The packages of a list, which all have to hold. */
function read(list: readonly SExpression[]): Pick<Requirement, "formula" | "unread"> {
  const unread: Unread[] = [];
  const parts = list.map((one) => packageIn(one, (part) => unread.push(part))).filter((part) => part !== undefined);
  return { formula: { kind: "and", parts }, ...(unread.length === 0 ? {} : { unread }) };
}

/** What follows the name in each list of a stanza that begins with it. */
const listsNamed = (stanza: readonly SExpression[], name: string): readonly (readonly SExpression[])[] =>
  stanza.flatMap((field) => (typeof field !== "string" && field[0] === name ? [field.slice(1)] : []));

/** `lwt`, `(lwt (>= 5.0))`, `(or a b)` */
function packageIn(expression: SExpression, miss: (part: Unread) => void): FilteredFormula | undefined {
  const none: Condition = { kind: "and", parts: [] };
  if (typeof expression === "string") return { kind: "package", name: expression, condition: none };
  const [name, ...conditions] = expression;
  if (typeof name !== "string") {
    miss({ package: undefined, text: written(expression) });
    return undefined;
  }
  if (name === "and" || name === "or") {
    const parts = conditions.map((one) => packageIn(one, miss)).filter((part) => part !== undefined);
    return { kind: name, parts };
  }
  const parts = conditions.flatMap((one) => conditionIn(one, false, (text) => miss({ package: name, text })));
  return { kind: "package", name, condition: { kind: "and", parts } };
}

/**
 * `:with-test`, `(>= 5.0)`, `(= :version)`, `(<> :os win32)`, `(and …)`, `(or …)`, `(not …)`
 *
 * @param isNegated whether an odd number of `not` is around it: they are pushed to the leaves.
 * @param miss is called with the text of a condition of another form, which is left out.
 */
function conditionIn(expression: SExpression, isNegated: boolean, miss: (text: string) => void): readonly Condition[] {
  if (typeof expression === "string") return [{ kind: "flag", value: valueOf(expression), isNegated }];
  const [operator, ...operands] = expression;
  const [left, right] = operands;
  if (operator === "not" && left !== undefined && right === undefined) return conditionIn(left, !isNegated, miss);
  if (operator === "and" || operator === "or") {
    const parts = operands.flatMap((one) => conditionIn(one, isNegated, miss));
    return [{ kind: (operator === "and") === isNegated ? "or" : "and", parts }];
  }
  const asked = typeof operator === "string" ? relationOf(operator) : undefined;
  const relation = asked !== undefined && isNegated ? opposite[asked] : asked;
  if (relation !== undefined && typeof left === "string") {
    if (right === undefined) return [{ kind: "version", relation, bound: valueOf(left) }];
    if (typeof right === "string") return [{ kind: "test", relation, left: valueOf(left), right: valueOf(right) }];
  }
  miss(written(expression));
  return [];
}

const written = (expression: SExpression): string =>
  typeof expression === "string" ? expression : `(${expression.map(written).join(" ")})`;

function relationOf(word: string): Relation | undefined {
  const relation = word === "<>" ? "!=" : word;
  return isRelation(relation) ? relation : undefined;
}

const valueOf = (word: string): Value => (word.startsWith(":") ? { variable: word.slice(1) } : { text: word });
