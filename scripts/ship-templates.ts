// Writes templates/ for a release: with the repository's name and commit instead of OWNER and <commit>.
//
//     npx tsx scripts/ship-templates.ts OWNER/NAME COMMIT FOLDER
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withReference } from "../src/init/adapt.js";

const templates = join(dirname(fileURLToPath(import.meta.url)), "../templates");

/**
 * Content of the shipped templates, by path relative to templates/.
 *
 * @param repository `owner/name`.
 * @param commit full.
 * @throws Error when a placeholder is left.
 */
export function shippedTemplates(repository: string, commit: string): ReadonlyMap<string, string> {
  const [, owner, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? [];
  if (owner === undefined || name === undefined) throw new Error(`"${repository}" is not OWNER/NAME`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`"${commit}" is not a full commit`);
  const files = readdirSync(templates, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      const text = withReference(readFileSync(path, "utf8"), { owner, name, commit });
      if (/\bOWNER\b|<commit>/.test(text))
        throw new Error(`${path} has a placeholder that the release does not fill in`);
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
