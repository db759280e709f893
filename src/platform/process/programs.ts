import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/**
 * A search path for programs.
 *
 * @param front folders before those of the environment's PATH.
 * @param behind folders after them.
 */
export function searchPath(
  front: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  behind: readonly string[] = [],
): string {
  // An empty part would mean the current folder.
  return [...front, environment["PATH"] ?? "", ...behind].filter((part) => part !== "").join(delimiter);
}

/** The absolute path of a program, as a shell finds it on `path`; undefined if there is none. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
