import { posix } from "node:path";
import { components } from "../../targets/constraint.js";
import { holds, shown } from "../../targets/formula.js";
import { type Dependency, dependenciesOf, formulaOf } from "../../toolchain/opam/dependencies.js";
import { type OpamFile, listsOf, parseOpamFile, stringsIn } from "../../toolchain/opam/file.js";
import { reduce } from "../../toolchain/opam/filtered-formula.js";
import type { LockFile } from "../../toolchain/toolchain.js";

/** The result of `opam monorepo lock` (`x-opam-monorepo-version: "0.3"`). */
export interface Lock {
  /** By name. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
  /** One for each pulled package. */
  readonly sources: readonly LockedSource[];
}

export interface LockedPackage {
  readonly version: string;
  /** Whether its sources are pulled; those of tools and their dependencies are not. */
  readonly isPulled: boolean;
}

export interface LockedSource {
  readonly name: string;
  readonly version: string;
  /** Relative to `duniverse/`. */
  readonly directory: string;
  /** May have credentials. */
  readonly source: string;
  readonly hashes: readonly string[];
}

/** Reads a `.opam.locked` file; a package without an exact version is ignored. */
export function readLock(text: string): Lock {
  const file = parseOpamFile(text);
  const formula = formulaOf(file);
  const ofSwitch = new Set(dependenciesOf(reduce(formula, {})).map(({ name }) => name));
  const packages = dependenciesOf(reduce(formula, { vendor: "true" })).flatMap(
    ({ name, formula: asked }): readonly [string, LockedPackage][] =>
      asked.kind === "compare" && asked.relation === "="
        ? [[name, { version: asked.version, isPulled: !ofSwitch.has(name) }]]
        : [],
  );
  return { packages: new Map(packages), sources: lockedSources(file) };
}

function lockedSources(file: OpamFile): readonly LockedSource[] {
  const places = new Map(
    listsOf(file, "x-opam-monorepo-duniverse-dirs").flatMap(([url, directory, hashes]) => {
      if (url?.kind !== "string" || directory?.kind !== "string" || directory.text.split("/").includes("..")) return [];
      return [
        [
          url.text,
          {
            directory: posix.normalize(directory.text),
            hashes: hashes?.kind === "list" ? stringsIn(hashes.values) : [],
          },
        ] as const,
      ];
    }),
  );
  return listsOf(file, "pin-depends").flatMap((pin) => {
    const [pinned = "", source = ""] = stringsIn(pin);
    const [, name, version] = /^([^.]+)\.(.+)$/.exec(pinned) ?? [];
    const place = places.get(source);
    return name === undefined || version === undefined || place === undefined
      ? []
      : [{ name, version, source, ...place }];
  });
}

/** The versions of the toolchain that a lock was made with. */
export function toolchainVersions(lock: Lock): LockFile["versions"] {
  return Object.fromEntries(
    components.flatMap((name) => (lock.packages.has(name) ? [[name, lock.packages.get(name)?.version]] : [])),
  );
}

/** A package that a configured project depends on. */
export interface ConfiguredDependency extends Dependency {
  /** `?monorepo`: opam-monorepo pulls its sources, and opam ignores it. */
  readonly isPulled: boolean;
}

/** What a lock must match. */
export interface LockedFor {
  /** The version of the toolchain's package `ocaml`; undefined when the build brings its own. */
  readonly ocaml: string | undefined;
  /** The dependencies that `mirage configure` has just written. */
  readonly dependencies: readonly ConfiguredDependency[];
}

/**
 * Why a lock no longer matches this project and toolchain, one line for each package.
 *
 * @returns an empty list when it matches. Newer releases do not make a lock stale.
 */
export function lockDifferences(lock: Lock, { ocaml, dependencies }: LockedFor): readonly string[] {
  const locked = lock.packages.get("ocaml")?.version;
  const ofOcaml =
    ocaml === undefined || locked === undefined || locked === ocaml
      ? []
      : [`ocaml: locked ${locked}, the toolchain has ${ocaml}`];
  return [...ofOcaml, ...dependencies.flatMap((dependency) => differenceOf(lock, dependency))];
}

/** Packages without sources, or whose sources dune does not need (opam-monorepo's `is_safe_package`). */
const neverPulled = /^(?:(?:base|conf)-.*|ocaml|ocaml-compiler|dune|jbuilder|ocamlbuild|ocamlmod|oasis|ocamlify)$/;

function differenceOf(lock: Lock, { name, formula, isPulled: isUsed }: ConfiguredDependency): readonly string[] {
  const locked = lock.packages.get(name);
  const asked = formula.kind === "any" ? "it" : shown(formula);
  if (locked === undefined) return [`${name}: not locked, the project needs ${asked}`];
  const { version, isPulled } = locked;
  if (isUsed && !isPulled && !neverPulled.test(name)) {
    return [`${name}: locked ${version} as a tool’s dependency, the project needs its sources`];
  }
  return holds(formula, () => version) ? [] : [`${name}: locked ${version}, the project needs ${asked}`];
}
