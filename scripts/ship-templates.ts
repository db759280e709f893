// Writes templates/ as a release ships it: with this repository's name and commit where templates have OWNER and <commit>.
//
//     npx tsx scripts/ship-templates.ts OWNER/NAME COMMIT FOLDER
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withReference } from "../src/init/reference.js";

const templates = join(dirname(fileURLToPath(import.meta.url)), "../templates");

/**
 * The shipped templates: path below templates/, and content.
 *
 * @param repository `owner/name`.
 * @param commit a full one.
 * @throws Error when something is left to be filled in, as what is shipped would not work as it is.
 */
export function shippedTemplates(repository: string, commit: string): ReadonlyMap<string, string> {
  const [, owner, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? [];
  if (owner === undefined || name === undefined) throw new Error(`"${repository}" is no OWNER/NAME`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`"${commit}" is no full commit`);
  const files = readdirSync(templates, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      const text = withReference(readFileSync(path, "utf8"), { owner, name, commit });
      if (/\bOWNER\b|<commit>/.test(text)) throw new Error(`${path} has a place that no release fills in`);
      return [path.slice(templates.length + 1), text];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [repository = "", commit = "", folder = ""] = process.argv.slice(2);
  if (folder === "") throw new Error("usage: ship-templates.ts OWNER/NAME COMMIT FOLDER");
  for (const [path, text] of shippedTemplates(repository, commit)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
