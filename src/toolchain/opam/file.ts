/** A part of a field of an opam file, as it is written: operators stand between what they join. */
export type OpamValue = OpamWord | OpamBrackets;

export interface OpamWord {
  /** `word`: names, numbers and variables without quotes; `operator`: `&`, `>=`, `?` and their like. */
  readonly kind: "string" | "word" | "operator";
  /** Of a string: without its quotes and escapes. */
  readonly text: string;
}

export interface OpamBrackets {
  /** `[…]`, `(…)` and `{…}`: the latter belong to the value before them. */
  readonly kind: "list" | "group" | "options";
  readonly values: readonly OpamValue[];
}

export interface OpamFile {
  readonly fields: ReadonlyMap<string, readonly OpamValue[]>;
  readonly sections: readonly OpamSection[];
}

/** `url { … }`, `extra-source "gen.ml" { … }` */
export interface OpamSection extends OpamFile {
  readonly kind: string;
  readonly name: string | undefined;
}

/**
 * Reads a file in opam's format: https://opam.ocaml.org/doc/Manual.html#Common-file-format
 *
 * It is lenient: a bracket, a text or a comment that is not closed goes on to the end, and what makes no sense is passed
 * over. Nothing in it is recursive or looks back, so that a hostile file takes no more than its length in time and stack.
 */
export function parseOpamFile(text: string): OpamFile {
  const tokens = tokensOf(text);
  const isMark = (at: number, mark: string) => tokens[at]?.kind === "mark" && tokens[at].text === mark;
  const file: Unfinished = { fields: new Map(), sections: [] };
  const sections = [file];
  const brackets: { readonly closing: string; readonly values: OpamValue[] }[] = [];
  let field: OpamValue[] | undefined;

  for (const [at, token] of tokens.entries()) {
    const bracket = brackets.at(-1);
    const section = sections.at(-1) ?? file;
    const values = bracket?.values ?? field ?? [];
    if (token.kind !== "mark") {
      const isOperand = bracket !== undefined || (field !== undefined && isUnfinished(field));
      const hasName = tokens[at + 1]?.kind === "string";
      if (bracket === undefined && token.kind === "word" && isMark(at + 1, ":"))
        section.fields.set(token.text, (field = []));
      else if (!isOperand && token.kind === "word" && isMark(at + (hasName ? 2 : 1), "{")) {
        const inner: OpamSection & Unfinished = {
          kind: token.text,
          name: hasName ? tokens[at + 1]?.text : undefined,
          fields: new Map(),
          sections: [],
        };
        section.sections.push(inner);
        sections.push(inner);
        field = undefined;
      } else values.push(token);
    } else if (isOpening(token.text)) {
      // A section's own brace, which its name announced.
      if (token.text === "{" && bracket === undefined && field === undefined) continue;
      const inner: OpamValue[] = [];
      values.push({ kind: kinds[token.text], values: inner });
      brackets.push({ closing: closing[token.text], values: inner });
    } else if (token.text === bracket?.closing) brackets.pop();
    else if (token.text === "}" && bracket === undefined && sections.length > 1) {
      sections.pop();
      field = undefined;
    }
  }
  return file;
}

/**
 * The strings of a field: one, or a list of some, without their options.
 *
 * @param path the field's name; in a section: `url.src`.
 */
export function stringsOf(file: OpamFile, path: string): string[] {
  const [first] = valuesOf(file, path);
  if (first?.kind === "string") return [first.text];
  return first?.kind === "list" ? stringsIn(first.values) : [];
}

/** The lists in a field that is a list of lists: `pin-depends`. */
export function listsOf(file: OpamFile, path: string): readonly (readonly OpamValue[])[] {
  return itemsOf(file, path).flatMap((value) => (value.kind === "list" ? [value.values] : []));
}

/** What is in a field's list; a field without brackets is a list of one. */
export function itemsOf(file: OpamFile, path: string): readonly OpamValue[] {
  const values = valuesOf(file, path);
  const [first] = values;
  return first?.kind === "list" ? first.values : values;
}

export const stringsIn = (values: readonly OpamValue[]): string[] =>
  values.flatMap((value) => (value.kind === "string" ? [value.text] : []));

function valuesOf(file: OpamFile, path: string): readonly OpamValue[] {
  const [name = "", ...kinds] = path.split(".").reverse();
  const section = kinds.reduceRight<OpamFile | undefined>(
    (outer, kind) => outer?.sections.find((inner) => inner.kind === kind),
    file,
  );
  return section?.fields.get(name) ?? [];
}

/** While it is read. */
interface Unfinished {
  readonly fields: Map<string, readonly OpamValue[]>;
  readonly sections: OpamSection[];
}

const kinds = { "[": "list", "(": "group", "{": "options" } as const;
const closing = { "[": "]", "(": ")", "{": "}" } as const;

const isOpening = (mark: string): mark is keyof typeof kinds => mark in kinds;

/** A field that has just begun, or ends in an operator: the next word belongs to it. */
const isUnfinished = (field: readonly OpamValue[]): boolean => field.length === 0 || field.at(-1)?.kind === "operator";

type Token = OpamWord | { readonly kind: "mark"; readonly text: string };

/** Blanks and comments to the line's end; what begins a comment or a string; words, of which `:` may join two; operators; marks. */
const piece =
  /\s+|#[^\n]*|(\(\*|"""|")|(-?\w[\w.+~-]*(?::[A-Za-z_][\w-]*)?)|(=[+:]=?|[+:]=|[<>!]?=|[<>!?~&|])|([[\](){}:])/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    piece.lastIndex = at;
    const [whole, opening, word, operator, mark] = piece.exec(text) ?? [text.charAt(at)];
    at += whole.length;
    if (opening === "(*") at = endOfComment(text, at);
    else if (opening !== undefined) {
      const end = endOfString(text, at, opening);
      tokens.push({ kind: "string", text: unescaped(text.slice(at, end)) });
      at = end + opening.length;
    } else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark });
  }
  return tokens;
}

/** The index behind the comment that begins before `start`. Comments nest. */
function endOfComment(text: string, start: number): number {
  const marks = /\(\*|\*\)/g;
  marks.lastIndex = start;
  let depth = 1;
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    depth += match[0] === "(*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

/** The index of the quote that ends the string that begins at `start`. */
function endOfString(text: string, start: number, quote: string): number {
  const marks = quote === '"' ? /\\[^]|"/g : /\\[^]|"""/g;
  marks.lastIndex = start;
  for (let match = marks.exec(text); match !== null; match = marks.exec(text))
    if (match[0] === quote) return match.index;
  return /* promise: endless-strings-end-the-text */ text.length;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b" };

/** Characters by number (`\065`) are left out: nobody writes what we look for with them. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:\r?\n[ \t]*|([^]))/g, (_, character?: string) =>
    character === undefined ? "" : (escapes[character] ?? character),
  );
