import { readFile } from "node:fs/promises";
import { glob } from "tinyglobby";

/** What `dune` files include by `(include …)` has the ending `.inc` by custom. */
const patterns = ["**/dune", "**/dune.inc"];
/** Built, or other people’s. */
const ignored = ["**/_build/**", "**/_opam/**", "**/duniverse/**", "**/vendor/**"];

/** The texts of a project's own dune files, in the order of their paths. */
export async function readDuneFiles(directory: string): Promise<readonly string[]> {
  const paths = await glob(patterns, { cwd: directory, absolute: true, onlyFiles: true, dot: false, ignore: ignored });
  return Promise.all(paths.sort().map((path) => readFile(path, "utf8")));
}
