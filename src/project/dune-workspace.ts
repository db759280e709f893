import { readFile } from "node:fs/promises";
import { glob } from "tinyglobby";
import type { Target } from "../targets/targets.js";

/** The dune context that a project’s images are built in, and the options that provide it. */
export interface DuneContext {
  /** Its folder in `_build`. */
  readonly name: string;
  /** Text of a generated dune-workspace, when the project’s own lacks the context. */
  readonly workspace?: string;
  /** The argument of `-x`, when that provides the context. */
  readonly cross?: string;
}

/**
 * The context of a project: the context in its dune-workspace; else `dune build -x` when its dune files mention the
 * context that this creates (`default.solo5`); else a generated context.
 *
 * A generated context has the name that the backend's libraries expect (mirage-solo5 tests for `solo5`), which `-x`
 * cannot set. It sets no link options: dune would also apply them to the project's code generators in this context.
 *
 * @param own the text of the project's dune-workspace; undefined when there is none.
 * @param toolchain findlib's name of the cross compiler.
 * @param duneFiles the texts of the project's dune files.
 */
export function duneContextFor(
  own: string | undefined,
  target: Target,
  toolchain: string,
  duneFiles: readonly string[],
): DuneContext {
  if (target.duneContext === "default") return { name: "default" };
  const contexts = contextsOf(own ?? "");
  const name = contexts.map((context) => contextFor(context, target, toolchain)).find((found) => found !== undefined);
  if (name !== undefined) return { name };
  const crossName = `default.${toolchain}`;
  if (duneFiles.some((text) => hasWord(text, crossName))) return { name: crossName, cross: toolchain };
  return { name: target.duneContext, workspace: withContext(own, contexts.length > 0, target, toolchain) };
}

export interface OwnContext {
  readonly name: string;
  readonly toolchain: string | undefined;
  /** Its field `targets`: each target except `native` adds a context. */
  readonly targets: readonly string[];
}

/** The contexts of a dune-workspace. */
export function contextsOf(workspace: string): OwnContext[] {
  return readSExpressions(workspace).flatMap((stanza) => {
    if (typeof stanza === "string" || stanza[0] !== "context" || stanza[1] === undefined) return [];
    const fields = fieldsOf(stanza[1]);
    const [name = "default"] = fields.get("name") ?? [];
    return [{ name, toolchain: fields.get("toolchain")?.[0], targets: fields.get("targets") ?? [] }];
  });
}

function contextFor({ name, toolchain, targets }: OwnContext, target: Target, wanted: string): string | undefined {
  if (name === target.duneContext || toolchain === wanted) return name;
  return targets.includes(wanted) ? `${name}.${wanted}` : undefined;
}

const hasWord = (text: string, word: string): boolean => text.split(/[\s()"]+/).includes(word);

function withContext(own: string | undefined, hasContexts: boolean, target: Target, toolchain: string): string {
  return [
    own ?? "(lang dune 3.0)",
    ...(hasContexts ? [] : ["(context default)"]),
    "(context",
    " (default",
    `  (name ${target.duneContext})`,
    `  (toolchain ${toolchain})`,
    "  (host default)",
    "  (disable_dynamically_linked_foreign_archives true)))",
    "",
  ].join("\n");
}

/** By convention, dune files `(include …)` files with the suffix `.inc`. */
const patterns = ["**/dune", "**/dune.inc"];
/** Build output and dependencies. */
const ignored = ["**/_build/**", "**/_opam/**", "**/duniverse/**", "**/vendor/**"];

/** The texts of a project's own dune files, sorted by path. */
export async function readDuneFiles(directory: string): Promise<readonly string[]> {
  const paths = await glob(patterns, { cwd: directory, absolute: true, onlyFiles: true, dot: false, ignore: ignored });
  return Promise.all(paths.sort().map((path) => readFile(path, "utf8")));
}

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
