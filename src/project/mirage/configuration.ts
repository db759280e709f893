import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isConfiguration } from "./config-ml.js";

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
