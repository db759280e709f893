import { readSExpressions } from "../project/dune-workspace.js";
import { dependenciesOf, formulaOf } from "../toolchain/opam/dependencies.js";
import { listsOf, parseOpamFile, stringsIn } from "../toolchain/opam/file.js";
import { reduce } from "../toolchain/opam/filtered-formula.js";
import { dependsVariables } from "../toolchain/requirements.js";
import type { Tree } from "./tree.js";
import { folderOf, foldersAbove } from "./unikernel.js";

/** Libraries of the compiler, and packages that each toolchain has. */
const given = new Set([
  ...["unix", "threads", "str", "dynlink", "bigarray", "compiler-libs", "stdlib", "bytes", "runtime_events", "seq"],
  ...["ocaml", "dune", "solo5", "ocaml-solo5", "ocaml-unikraft", "ocaml-base-compiler", "ocamlfind"],
]);

/**
 * The opam packages that a dune project needs in the switch: what its opam files depend on, and the packages of its
 * programs' libraries. Those that the repository defines itself are left out.
 *
 * @param libraries of the programs, as dune files name them.
 * @param withTest whether the programs are tests.
 */
export function neededPackages(
  root: string,
  libraries: readonly string[],
  withTest: boolean,
  tree: Tree,
): readonly string[] {
  const own = ownNames(root, tree);
  const variables = { ...dependsVariables, "with-test": String(withTest), os: "linux" };
  const dependencies = opamFilesIn(root, tree).flatMap((path) =>
    dependenciesOf(reduce(formulaOf(parseOpamFile(tree.text(path))), variables)).map(({ name }) => name),
  );
  const ofLibraries = libraries.filter((name) => !own.has(name)).map((name) => name.split(".")[0] ?? name);
  const all = new Set([...dependencies, ...ofLibraries]);
  return [...all].filter((name) => !own.has(name) && !given.has(name) && /^[A-Za-z0-9][\w+-]*$/.test(name)).sort();
}

const opamFilesIn = (root: string, tree: Tree): readonly string[] =>
  tree.paths.filter((path) => folderOf(path) === root && path.endsWith(".opam"));

/** The names of the packages and libraries below a folder, which dune builds with its programs. */
function ownNames(root: string, tree: Tree): ReadonlySet<string> {
  const paths = tree.paths.filter((path) => foldersAbove(folderOf(path)).includes(root));
  const packages = paths.filter((path) => path.endsWith(".opam")).map((path) => path.replace(/^.*\/|\.opam$/g, ""));
  const libraries = paths
    .filter((path) => /(?:^|\/)dune(?:\.inc)?$/.test(path))
    .flatMap((path) => readSExpressions(tree.text(path)))
    .flatMap((stanza) => (typeof stanza !== "string" && stanza[0] === "library" ? stanza : []))
    .flatMap((field) =>
      typeof field !== "string" && ["name", "public_name"].includes(String(field[0])) ? [String(field[1])] : [],
    );
  return new Set([...packages, ...libraries]);
}

/** The opam packages that a repository defines. */
export const definedPackages = (tree: Tree): readonly string[] =>
  tree.paths.filter((path) => path.endsWith(".opam")).map((path) => path.replace(/^.*\/|\.opam$/g, ""));

/** The `pin-depends` of a folder's opam files, as lines of `opam-pins`. */
export function pinsOf(root: string, tree: Tree): readonly string[] {
  const pins = opamFilesIn(root, tree).flatMap((path) => listsOf(parseOpamFile(tree.text(path)), "pin-depends"));
  const lines = pins
    .map(stringsIn)
    .flatMap(([name, url]) => (name === undefined || url === undefined ? [] : [`${name} ${url}`]));
  return [...new Set(lines)].sort();
}
