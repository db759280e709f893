import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Strings, beginnings of quoted ones (`{id|`), characters, and the marks of comments. */
const literalOrMark = /"(?:[^"\\]|\\[^])*(?:"|$)|\{[a-z_]*\||'(?:[^'\\\n]|\\[^'\n]{1,4}|\\')'|\(\*|\*\)/g;

/** OCaml code without its literals and its comments, which nest; literals hide the marks of comments in them. */
function codeOf(text: string): string {
  const code: string[] = [];
  let depth = 0;
  let end = 0;
  const keep = (to: number) => depth === 0 && code.push(text.slice(end, to), " ");
  literalOrMark.lastIndex = 0;
  for (let found = literalOrMark.exec(text); found !== null; found = literalOrMark.exec(text)) {
    keep(found.index);
    const [part] = found;
    if (part === "(*") depth++;
    else if (part === "*)") depth = Math.max(0, depth - 1);
    else if (part.startsWith("{")) {
      const close = `|${part.slice(1, -1)}}`;
      const at = text.indexOf(close, literalOrMark.lastIndex);
      literalOrMark.lastIndex = at === -1 ? text.length : at + close.length;
    }
    end = literalOrMark.lastIndex;
  }
  keep(text.length);
  return code.join("");
}

/** The module Mirage in use: a program may also have a constructor of that name. */
const usesMirage = /\b(?:open!?|include|module\s+\w+\s*=)\s+Mirage\b|(?<![\w.])Mirage\s*\./;

/** Whether a config.ml is mirage's: its code uses the module Mirage, or its header constrains mirage's version. */
export function isConfiguration(text: string): boolean {
  return /^\(\* mirage /.test(text) || usesMirage.test(codeOf(text));
}

/** Folders whose config.ml is not the project's: sources of others, builds, tests and examples. */
const skipped = /^(?:[._].*|duniverse|vendor|vendored|node_modules|tests?|examples?|bench(?:mark)?s?)$/;

const deepest = 2;

/**
 * The mirage configurations in the subfolders of a project, two levels deep.
 *
 * @param directory absolute.
 * @returns their paths, relative to it, in alphabetical order.
 */
export async function findConfigurations(directory: string, below = "", depth = 1): Promise<readonly string[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !skipped.test(entry.name)).map(({ name }) => name);
  const found = await Promise.all(
    folders.sort().map(async (name) => {
      const file = join(below, name, "config.ml");
      const text = await readFile(join(directory, file), "utf8").catch(() => "");
      if (isConfiguration(text)) return [file];
      return depth < deepest ? findConfigurations(directory, join(below, name), depth + 1) : [];
    }),
  );
  return found.flat();
}
