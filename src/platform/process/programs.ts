import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/**
 * The folders to look for programs in, as PATH has them.
 *
 * @param front before those of the environment.
 * @param behind after them.
 */
export function searchPath(
  front: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  behind: readonly string[] = [],
): string {
  // An empty part would be the current folder.
  return [...front, environment["PATH"] ?? "", ...behind].filter((part) => part !== "").join(delimiter);
}

/** Absolute path of a program, as the shell would find it on `path`; undefined when there is none. */
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
