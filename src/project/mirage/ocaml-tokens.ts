/** A token of OCaml’s, as far as the readers of config.ml need it. */
export interface Token {
  /** `label`: `~min:`, and `pun`: `~min`, without their signs; `mark`: one character of any other kind. */
  readonly kind: "string" | "word" | "label" | "pun" | "mark";
  readonly text: string;
  readonly line: number;
}

/** A string, `{id|…|id}` or a character. An unclosed one extends to the end. */
const literal = String.raw`"((?:[^"\\]|\\[^])*)"?|\{([a-z_]*)\|([^]*?)(?:\|\2\}|$)|'(?:[^'\\\n]|\\[^'\n]+|\\')'`;
const commentOrLiteral = new RegExp(String.raw`${literal}|(\(\*)|(\*\))|[^]`, "g");
const token = new RegExp(
  String.raw`${literal}|[~?]([a-z_][\w']*)(:?)|([A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)*)|\n|\S`,
  "g",
);

/** OCaml's tokens, without comments. */
export function tokensOf(text: string): readonly Token[] {
  let line = 1;
  return [...withoutComments(text).matchAll(token)].flatMap((match): readonly Token[] => {
    const [whole, string, , quoted = string, label, colon, word] = match;
    const at = line;
    line += whole.split("\n").length - 1;
    if (quoted !== undefined) return [{ kind: "string", text: quoted, line: at }];
    if (label !== undefined) return [{ kind: colon === ":" ? "label" : "pun", text: label, line: at }];
    if (word !== undefined) return [{ kind: "word", text: word, line: at }];
    return whole === "\n" ? [] : [{ kind: "mark", text: whole, line: at }];
  });
}

/** Comments nest, and literals in them hide their ends. Line breaks stay. */
function withoutComments(text: string): string {
  let depth = 0;
  return text.replace(commentOrLiteral, (whole, _string, _id, _quoted, opening?: string, closing?: string) => {
    const isComment = depth > 0 || opening !== undefined;
    if (opening !== undefined) depth++;
    else if (closing !== undefined && depth > 0) depth--;
    return isComment ? whole.replace(/[^\n]/g, " ") : whole;
  });
}
