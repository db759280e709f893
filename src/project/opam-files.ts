import { basename } from "node:path";

/** Whether a file, by its name, says what a package is. */
export const isOpamFile = (name: string): boolean => name.endsWith(".opam");

/** The opam packages of a folder with these files. */
export const packagesOf = (names: readonly string[]): string[] =>
  names.filter(isOpamFile).map((name) => basename(name, ".opam"));
