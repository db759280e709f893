import { readFile } from "node:fs/promises";
import { glob } from "tinyglobby";
import type { Target } from "../targets/targets.js";
import { fieldsOf, readSExpressions } from "./s-expression.js";

/** The context that a project’s images are built in, and how dune comes to have it. */
export interface DuneContext {
  /** Its folder in `_build`. */
  readonly name: string;
  /** Text of a dune-workspace to build with, when the project’s own does not have the context. */
  readonly workspace?: string;
  /** What `-x` is given instead. */
  readonly cross?: string;
}

/**
 * The context of a project: the one that its dune-workspace has, or `dune build -x` where its dune files ask for that
 * (`%{context_name}` is then `default.solo5`), or one that is generated.
 *
 * A generated context is named as the backend's libraries expect it (mirage-solo5 tests for `solo5`), which `-x` cannot do.
 * No link option is set here: it would reach the project's code generators too, which dune also links in this context.
 *
 * @param own the text of the project's dune-workspace; undefined when it has none.
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

interface OwnContext {
  readonly name: string;
  readonly toolchain: string | undefined;
  /** Of its field `targets`: each but `native` is a context of its own. */
  readonly targets: readonly string[];
}

function contextsOf(workspace: string): OwnContext[] {
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

/** What `dune` files include by `(include …)` has the ending `.inc` by custom. */
const patterns = ["**/dune", "**/dune.inc"];
/** Built, or other people’s. */
const ignored = ["**/_build/**", "**/_opam/**", "**/duniverse/**", "**/vendor/**"];

/** The texts of a project's own dune files, in the order of their paths. */
export async function readDuneFiles(directory: string): Promise<readonly string[]> {
  const paths = await glob(patterns, { cwd: directory, absolute: true, onlyFiles: true, dot: false, ignore: ignored });
  return Promise.all(paths.sort().map((path) => readFile(path, "utf8")));
}
