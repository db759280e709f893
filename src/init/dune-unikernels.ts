import { type SExpression, contextsOf, readSExpressions } from "../project/dune-workspace.js";
import { type TargetName, targetNames, targets } from "../targets/targets.js";
import { listsOf, parseOpamFile } from "../toolchain/opam/file.js";
import { definedPackages, neededPackages, pinsOf } from "./opam-needs.js";
import { requiredArguments } from "./required-arguments.js";
import type { Tree } from "./tree.js";
import { type Remark, type Unikernel, folderOf, foldersAbove, isAside, joined, shownFolder } from "./unikernel.js";

/** A program that dune builds for Solo5 or Unikraft. */
interface Program {
  readonly name: string;
  readonly folder: string;
  readonly targets: readonly TargetName[];
  readonly libraries: readonly string[];
  /** The arguments with which a rule runs it on the host, to write its manifest. */
  readonly manifestArgs: string | undefined;
}

/** The unikernels that dune builds without mirage, one for each dune project: a build makes all images of a project. */
export function duneUnikernels(tree: Tree): readonly Unikernel[] {
  const programs = tree.paths
    .filter((path) => /(?:^|\/)dune(?:\.inc)?$/.test(path))
    .flatMap((path) => programsIn(path, tree));
  const roots = [...new Set(programs.map(({ folder }) => rootOf(folder, tree)))];
  return roots.flatMap((root) => {
    const all = programs.filter(({ folder }) => rootOf(folder, tree) === root);
    const own = all.filter(({ folder }) => !isAside(folder));
    return unikernelOf(root, own.length === 0 ? all : own, tree) ?? [];
  });
}

function programsIn(path: string, tree: Tree): readonly Program[] {
  const stanzas = readSExpressions(tree.text(path));
  const flags = includedFlags(folderOf(path), tree);
  return stanzas.flatMap((stanza) => {
    if (typeof stanza === "string" || !["executable", "executables"].includes(String(stanza[0]))) return [];
    const own = written(stanza);
    const text = own.includes("(:include ") ? own + flags : own;
    const found = targetNames.filter((name) => {
      const { backend, linkVariables } = targets[name];
      const [value = ""] = Object.values(linkVariables);
      if (backend === "solo5") return new RegExp(`solo5-abi=${value}\\b`).test(text);
      return backend === "unikraft" && new RegExp(`unikraft-backend=${value}\\b`).test(text);
    });
    const isAny = /solo5-abi=%|unikraft-backend=%/.test(text) || isForContext(stanza);
    if (found.length === 0 && !isAny) return [];
    const open: readonly TargetName[] = text.includes("unikraft-backend=%") ? ["unikraft-qemu"] : [];
    const names = [...wordsIn(stanza, "name"), ...wordsIn(stanza, "names")];
    return names.map((name) => ({
      name,
      folder: folderOf(path),
      targets: found.length === 0 ? open : found,
      libraries: wordsIn(stanza, "libraries"),
      manifestArgs: manifestArgs(name, stanzas),
    }));
  });
}

/** The rules of a folder that write link flags of Solo5 or Unikraft into a file, which programs include. */
function includedFlags(folder: string, tree: Tree): string {
  const stanzas = ["dune", "dune.inc"].flatMap((name) => readSExpressions(tree.text(joined(folder, name))));
  return stanzas
    .map(written)
    .filter((text) => text.startsWith("(rule") && /solo5-abi=|unikraft-backend=/.test(text))
    .join("\n");
}

/** `(enabled_if (= %{context_name} solo5))` */
const isForContext = (stanza: readonly SExpression[]): boolean =>
  fieldsNamed(stanza, "enabled_if").some((field) => /= %\{context_name\} (?:solo5|unikraft)\b/.test(written(field)));

/** The words after `%{exe:NAME.exe}` in the rule that writes its manifest. Zeros stand for an address of the guest. */
function manifestArgs(name: string, stanzas: readonly SExpression[]): string | undefined {
  const rule = stanzas
    .map(written)
    .find((text) => text.startsWith("(rule") && text.includes(`(run %{exe:${name}.exe}`));
  const [, words] = /\(run %\{exe:[^{}]*\}([^()]*)\)/.exec(rule ?? "") ?? [];
  const args = words?.trim().replaceAll("0.0.0.0/24", "10.0.0.2/24");
  return args === "" ? undefined : args;
}

const written = (expression: SExpression): string =>
  typeof expression === "string" ? expression : `(${expression.map(written).join(" ")})`;

const fieldsNamed = (stanza: readonly SExpression[], name: string): readonly (readonly SExpression[])[] =>
  stanza.flatMap((field) => (typeof field !== "string" && field[0] === name ? [field] : []));

const wordsIn = (stanza: readonly SExpression[], name: string): readonly string[] =>
  fieldsNamed(stanza, name).flatMap((field) => field.slice(1).filter((word) => typeof word === "string"));

/** The folder to start dune in: that of the nearest dune-workspace, otherwise of the outermost project. */
function rootOf(folder: string, tree: Tree): string {
  const above = foldersAbove(folder);
  const has = (name: string) => (at: string) => tree.paths.includes(joined(at, name));
  return above.find(has("dune-workspace")) ?? above.findLast(has("dune-project")) ?? folder;
}

function unikernelOf(root: string, programs: readonly Program[], tree: Tree): Unikernel | undefined {
  const has = (name: string) => tree.paths.includes(joined(root, name));
  const isOpam = buildsByMake(root, tree);
  const contexts = contextsOf(tree.text(joined(root, "dune-workspace")));
  const backends = ["solo5", "unikraft"].filter((backend) =>
    contexts.some(({ name, toolchain }) => [name, toolchain].includes(backend)),
  );
  const named = [...new Set(programs.flatMap(({ targets: of }) => of))];
  const fitting = named.filter((name) => backends.length === 0 || backends.includes(targets[name].backend));
  const folders = [...new Set(programs.map(({ folder }) => folder))];
  const [folder = root] = folders;
  const isUnikraft =
    fitting.length === 0 ? backends.join() === "unikraft" : targets[fitting[0] ?? "hvt"].backend === "unikraft";
  const pattern = programs.length === 1 ? `${programs[0]?.name ?? "*"}.exe` : "*.exe";
  const below = folder.slice(root === "" ? 0 : root.length + 1);
  const image = joined("_build", isUnikraft ? "unikraft" : "solo5", below, pattern);
  const remarks: Remark[] = [];
  if (!isOpam && backends.length === 0)
    remarks.push({
      input: "build-system",
      text:
        `${shownFolder(root)} has no dune-workspace with a context for ${isUnikraft ? "unikraft" : "solo5"}: ` +
        "each build generates it",
    });
  if (has("dune.lock"))
    remarks.push({
      input: "opam-packages",
      text: "dune.lock: the toolchain's opam installs the packages; versions in dune.lock do not decide them",
    });
  const packages = isOpam
    ? []
    : neededPackages(
        root,
        programs.flatMap(({ libraries }) => libraries),
        isAside(folder),
        tree,
      );
  const released = packages.filter((name) => definedPackages(tree).includes(name));
  if (released.length > 0)
    remarks.push({
      input: "opam-packages",
      text:
        `${released.join(" ")}: of this repository, outside ${shownFolder(root)}: opam installs the released ones; ` +
        "pin others with `opam-pins`",
    });
  const pins = isOpam ? [] : pinsOf(root, tree);
  const vendors = isOpam ? undefined : vendoring(root, tree);
  return {
    buildSystem: isOpam ? "opam" : "dune",
    directory: root,
    configFile: undefined,
    name: undefined,
    sources: folder,
    isAside: programs.every((program) => isAside(program.folder)),
    targets: fitting.length > 0 ? fitting : isUnikraft ? ["unikraft-qemu"] : [],
    inputs: {
      ...(isOpam || folders.length > 1 ? {} : { image }),
      ...(packages.length === 0 ? {} : { "opam-packages": packages.join(" ") }),
      ...(pins.length === 0 ? {} : { "opam-pins": pins.join("\n") }),
      ...(vendors === undefined ? {} : { "pre-configure": vendors }),
      ...bootInputs(programs, tree),
    },
    boot: { required: [], needs: undefined },
    remarks,
  };
}

/** Arguments of the first boot: those of the manifest's rule; a program that requires others is asked for its help. */
function bootInputs(programs: readonly Program[], tree: Tree): Readonly<Record<string, string>> {
  const [args, ...others] = [...new Set(programs.map(({ manifestArgs: of }) => of))];
  if (args !== undefined && others.length === 0) return { args };
  const folders = new Set(programs.map(({ folder }) => folder));
  const sources = tree.paths.filter((path) => path.endsWith(".ml") && folders.has(folderOf(path)));
  const isRequired = others.length > 0 || sources.some((path) => requiredArguments(tree.text(path)).length > 0);
  // mirage's `check: help` waits for mirage's own exit status.
  return isRequired || usesNetworkArguments(programs) ? { args: "--help=plain" } : {};
}

/** mnet-cli's terms require the guest's address. */
const usesNetworkArguments = (programs: readonly Program[]): boolean =>
  programs.some(({ libraries }) => libraries.includes("mnet-cli"));

/** Whether the project's opam package is built by make, which arranges for more than `dune build` does. */
function buildsByMake(root: string, tree: Tree): boolean {
  const isMake = (path: string) =>
    listsOf(parseOpamFile(tree.text(path)), "build").some(([first]) => first?.kind === "word" && first.text === "make");
  return tree.paths.some((path) => folderOf(path) === root && path.endsWith(".opam") && isMake(path));
}

/** The command that brings vendored sources, if a makefile has it: libraries of the guest are compiled with it. */
function vendoring(root: string, tree: Tree): string | undefined {
  const makefile = ["GNUmakefile", "Makefile"]
    .map((name) => joined(root, name))
    .find((path) => tree.paths.includes(path));
  const [, target] = /^(vendors?):/m.exec(makefile === undefined ? "" : tree.text(makefile)) ?? [];
  return target === undefined ? undefined : `make ${target}`;
}
