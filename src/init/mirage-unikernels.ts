import { isConfiguration, registeredName } from "../project/mirage/config-ml.js";
import { type Token, tokensOf } from "../project/mirage/ocaml-tokens.js";
import { requiredArguments } from "./required-arguments.js";
import type { Tree } from "./tree.js";
import { type Unikernel, folderOf, foldersAbove, isAside, joined } from "./unikernel.js";

/**
 * The unikernels that a config.ml of mirage registers. Its module must be there too: mirage's own tests have
 * configurations without one.
 */
export function mirageUnikernels(tree: Tree): readonly Unikernel[] {
  return tree.paths.filter((path) => /(?:^|\/)config\.ml$/.test(path)).flatMap((path) => unikernelAt(path, tree) ?? []);
}

function unikernelAt(path: string, tree: Tree): Unikernel | undefined {
  const text = tree.text(path);
  const tokens = tokensOf(text);
  if (!isConfiguration(text) || !tokens.some(isWord("register")) || !hasModule(path, tokens, tree)) return undefined;
  const folder = folderOf(path);
  const { above, why } = outerProject(folder, tokens, tree);
  const directory = above ?? folder;
  return {
    buildSystem: "mirage",
    directory,
    configFile: above === undefined ? undefined : path.slice(directory === "" ? 0 : directory.length + 1),
    name: registeredName(tokens),
    sources: folder,
    isAside: isAside(folder),
    targets: tokens.some(({ text: word }) => /^(?:Mirage\.)?(?:ipv4_qubes|default_qubesdb)$/.test(word))
      ? ["qubes"]
      : [],
    inputs: {},
    boot: { required: requiredIn(folder, tree), needs: neededBy(tokens) },
    remarks: why === undefined ? [] : [{ input: "config-file", text: why }],
  };
}

const isWord =
  (name: string) =>
  ({ kind, text }: Token): boolean =>
    kind === "word" && (text === name || text.endsWith(`.${name}`));

/** A configuration that names no module runs none: mirage-skeleton's `noop`. */
function hasModule(path: string, tokens: readonly Token[], tree: Tree): boolean {
  const modules = tokens.flatMap(({ kind, text }) => {
    const [, name] = kind === "string" ? (/^([A-Z]\w*)(?:\.\w+)*$/.exec(text) ?? []) : [];
    return name === undefined ? [] : [name];
  });
  const file = (name: string) => joined(folderOf(path), `${name.charAt(0).toLowerCase()}${name.slice(1)}.ml`);
  return modules.length === 0 || modules.some((name) => tree.paths.includes(file(name)));
}

/**
 * The folder above whose packages a configuration uses, from which mirage has to be started: it names one of its
 * `local_libs`, or a package that an opam file there defines and that it does not pin.
 */
function outerProject(
  folder: string,
  tokens: readonly Token[],
  tree: Tree,
): { readonly above?: string; readonly why?: string } {
  const hasLocal = tokens.some(({ text }) => text === "local_libs");
  const isPinned = tokens.some(({ kind, text }) => (kind === "label" || kind === "pun") && text === "pin");
  const strings = new Set(tokens.filter(({ kind }) => kind === "string").map(({ text }) => text));
  for (const above of foldersAbove(folder).slice(1)) {
    const prefix = above === "" ? "" : `${above}/`;
    const packages = tree.paths
      .filter((path) => path.startsWith(prefix) && /^[^/]+\.opam$/.test(path.slice(prefix.length)))
      .map((path) => path.slice(prefix.length, -".opam".length));
    const used = packages.find((name) => strings.has(name) && !isPinned);
    if (used !== undefined) return { above, why: `config.ml uses the package ${used} of ${prefix}${used}.opam` };
    if (hasLocal && tree.paths.includes(`${prefix}dune-project`) && !hasOwnLibrary(folder, tree))
      return { above, why: `config.ml has local_libs, and ${prefix}dune-project is their project` };
  }
  return {};
}

/** Whether a library is in the unikernel's own folder, as in mirage-skeleton's `local-library`. */
const hasOwnLibrary = (folder: string, tree: Tree): boolean =>
  tree.paths.some(
    (path) => path.startsWith(`${folder}/`) && path.endsWith("/dune") && /\(library/.test(tree.text(path)),
  );

function requiredIn(folder: string, tree: Tree): readonly string[] {
  const sources = tree.paths.filter((path) => folderOf(path) === folder && path.endsWith(".ml"));
  return [...new Set(sources.flatMap((path) => requiredArguments(tree.text(path))))];
}

/** Devices that are read when the unikernel starts: an empty disk is not enough. */
const filled =
  /^(?:Mirage\.)?(?:block_of_(?:file|xenstore_id)|tar_kv_r[ow]|fat_ro|docteur|chamelon|generic_kv_ro|ccm_block)$/;

function neededBy(tokens: readonly Token[]): string | undefined {
  const device = tokens.find(({ kind, text }) => kind === "word" && filled.test(text));
  return device === undefined ? undefined : `\`${device.text}\` in config.ml needs a disk with content`;
}
