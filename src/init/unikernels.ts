import { duneUnikernels } from "./dune-unikernels.js";
import { mirageUnikernels } from "./mirage-unikernels.js";
import type { Tree } from "./tree.js";
import { type Unikernel, folderOf, foldersAbove, shownFolder } from "./unikernel.js";

export interface Found {
  /** Those to build: of the repository itself, or of its tests and examples where there are no others. */
  readonly chosen: readonly Unikernel[];
  readonly others: readonly Unikernel[];
}

/**
 * The unikernels of a repository.
 *
 * @param within only those in this folder, and below it.
 */
export function findUnikernels(tree: Tree, within: string): Found {
  const isWithin = (path: string) => foldersAbove(path).includes(within);
  const mirage = mirageUnikernels(tree);
  const folders = new Set(mirage.map(({ sources }) => sources));
  // `mirage configure` writes dune files next to its configuration.
  const dune = duneUnikernels(tree).filter(({ sources }) => !folders.has(sources));
  const all = [...mirage, ...dune].filter(({ sources }) => isWithin(sources));
  // In a folder of tests that was asked for, its unikernels are what the person wants.
  const own = within === "" ? all.filter(({ isAside }) => !isAside) : all;
  const chosen = own.length === 0 ? all : own;
  return { chosen, others: all.filter((one) => !chosen.includes(one)) };
}

/** What a repository has that could be taken for a unikernel, for the sentence that there is none. */
export function almostUnikernels(tree: Tree): readonly string[] {
  const named = (pattern: RegExp) => tree.paths.filter((path) => pattern.test(path));
  const count = (paths: readonly string[], what: string) =>
    paths.length === 0 ? [] : [`${what}: ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? ", …" : ""}`];
  const executables = named(/(?:^|\/)dune$/).filter((path) => /\(executables?\b/.test(tree.text(path)));
  return [
    ...count(named(/(?:^|\/)config\.ml$/), "config.ml that registers no unikernel of mirage"),
    ...count(executables, "programs for the host"),
    ...count(
      named(/(?:^|\/)dune-project$/).map((path) => shownFolder(folderOf(path))),
      "dune projects",
    ),
  ];
}
