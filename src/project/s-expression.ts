/** A word, or a list in parentheses. */
export type SExpression = string | readonly SExpression[];

/** Blanks, the three kinds of comment that dune knows, parentheses, quoted words and bare words; of a `#;` only the mark. */
const token = /\s+|;[^\n]*|#\|[^]*?(?:\|#|$)|(#;)|([()])|"((?:[^"\\]|\\[^])*)"|([^\s()";]+)/y;

/**
 * The S-expressions of one of dune's files (https://dune.readthedocs.io/en/stable/reference/lexical-conventions.html), as far
 * as a reader of names needs them: escapes in quoted words are left as they are.
 *
 * @returns what was read before the first thing that makes no sense: dune itself says what is wrong with a file.
 */
export function readSExpressions(text: string): readonly SExpression[] {
  const top: SExpression[] = [];
  const open: SExpression[][] = [top];
  /** For each open list: whether the next expression in it is commented out. */
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

/** The fields of a list such as `(default (name solo5) (toolchain solo5))`: the words behind each name. */
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
