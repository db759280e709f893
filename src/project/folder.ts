import { readdir, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, basename } from "node:path";
import { WrongUse } from "../platform/problem.js";

/**
 * Resolves the input `directory` to an absolute path without symbolic links.
 *
 * @param limit the folder that it must be inside.
 * @throws Problem when the folder does not exist, cannot be read, or is outside of `limit`.
 */
export async function folderOf(workspace: string, directory: string, limit = workspace): Promise<string> {
  const path = resolve(workspace, directory);
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) {
    throw new WrongUse(`input directory: there is no folder ${directory}`, {
      because: `looked in ${workspace}`,
      do: "check out the repository first (actions/checkout), and give a path inside it",
    });
  }
  if (/* promise: project-is-inside */ isOutside(await realpath(limit), real)) {
    throw new WrongUse(`input directory: ${directory} is outside the workspace`, {
      found: real,
      accepted: `a folder inside ${limit}`,
    });
  }
  if ((await readdir(real).catch(() => undefined)) === undefined) {
    throw new WrongUse(`input directory: ${directory} is not a folder that can be read`);
  }
  return real;
}

/** Whether a path leads out of a folder. Only compares text: symbolic links are not resolved. */
export function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === ".." || way.startsWith("../") || isAbsolute(way);
}

export const isOpamFile = (name: string): boolean => name.endsWith(".opam");

/** The opam packages that a folder with these files defines. */
export const packagesOf = (names: readonly string[]): string[] =>
  names.filter(isOpamFile).map((name) => basename(name, ".opam"));
