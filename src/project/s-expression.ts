/** A word, or a list in parentheses. */
export type SExpression = string | readonly SExpression[];

/** Whitespace, dune's three kinds of comment (of `#;` only the marker), parentheses, quoted words and bare words. */
const token = /\s+|;[^\n]*|#\|[^]*?(?:\|#|$)|(#;)|([()])|"((?:[^"\\]|\\[^])*)"|([^\s()";]+)/y;

/**
 * Reads the S-expressions of a dune file (https://dune.readthedocs.io/en/stable/reference/lexical-conventions.html).
 * Escapes in quoted words are not interpreted: names have none.
 *
 * @returns the expressions before the first syntax error, which is left for dune to report.
 */
export function readSExpressions(text: string): readonly SExpression[] {
  const top: SExpression[] = [];
  const open: SExpression[][] = [top];
  /** For each open list, whether its next expression is commented out. */
  const skips = [false];
  const add = (expression: SExpression) => {
    if (skips[skips.length - 1] !== true) open.at(-1)?.push(expression);
    skips[skips.length - 1] = false;
  };
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [, skip, parenthesis, quoted, bare] = match;
    if (skip !== undefined) skips[skips.length - 1] = true;
    else if (parenthesis === "(") {
      open.push([]);
      skips.push(false);
    } else if (parenthesis === ")") {
      if (open.length === 1) return top;
      skips.pop();
      add(open.pop() ?? []);
    } else if (quoted !== undefined || bare !== undefined) add(quoted ?? bare ?? "");
  }
  return top;
}

/** The fields of a list such as `(default (name solo5) (toolchain solo5))`: the words after each name. */
export function fieldsOf(list: SExpression): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>();
  if (typeof list === "string") return fields;
  for (const item of list) {
    if (typeof item === "string") continue;
    const [name, ...words] = item;
    if (typeof name === "string")
      fields.set(
        name,
        words.filter((word) => typeof word === "string"),
      );
  }
  return fields;
}
