import { posix } from "node:path";
import type { LockFile } from "../../toolchain/toolchain.js";
import { type Dependency, dependenciesOf } from "../../toolchain/opam/dependencies.js";
import { type OpamFile, listsOf, parseOpamFile, stringsIn } from "../../toolchain/opam/file.js";
import { type Constraint, satisfies } from "../../toolchain/opam/version.js";

/** What `opam monorepo lock` decided (`x-opam-monorepo-version: "0.3"`). */
export interface Lock {
  /** By name. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
  /** Of all packages that are pulled, where each one's come from. */
  readonly sources: readonly LockedSource[];
}

export interface LockedPackage {
  readonly version: string;
  /** Its sources are pulled. Those of a tool, and of what only a tool depends on, are not. */
  readonly isPulled: boolean;
}

export interface LockedSource {
  readonly name: string;
  readonly version: string;
  /** Below `duniverse/`. */
  readonly directory: string;
  /** May have credentials. */
  readonly source: string;
  readonly hashes: readonly string[];
}

/** Reads a `.opam.locked` file. Every package in it has one exact version; one that has not is not looked at. */
export function readLock(text: string): Lock {
  const file = parseOpamFile(text);
  return { packages: new Map(dependenciesOf(file).flatMap(lockedPackage)), sources: lockedSources(file) };
}

function lockedPackage({ name, constraints, filters }: Dependency): readonly [string, LockedPackage][] {
  return constraints.flatMap(({ relation, version }) =>
    relation === "=" ? [[name, { version, isPulled: filters.includes("?vendor") }]] : [],
  );
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

const components = ["ocaml", "solo5", "ocaml-solo5", "ocaml-unikraft", "mirage"] as const;

/** The versions in a lock that decide which toolchain it was made with. */
export function toolchainVersions(lock: Lock): LockFile["versions"] {
  return Object.fromEntries(
    components.flatMap((name) => (lock.packages.has(name) ? [[name, lock.packages.get(name)?.version]] : [])),
  );
}

/** What a lock must fit to. */
export interface LockedFor {
  /** OCaml of the toolchain; undefined when the build brings its own. */
  readonly ocaml: string | undefined;
  /** The dependencies that `mirage configure` has just written. */
  readonly dependencies: readonly Dependency[];
}

/**
 * Why a lock is not one for this project and toolchain any more, one line for each package.
 *
 * @returns none when it fits. Newer releases do not make a lock stale.
 */
export function lockDifferences(lock: Lock, { ocaml, dependencies }: LockedFor): readonly string[] {
  const locked = lock.packages.get("ocaml")?.version;
  const ofOcaml =
    ocaml === undefined || locked === undefined || locked === ocaml
      ? []
      : [`ocaml: locked ${locked}, the toolchain has ${ocaml}`];
  return [...ofOcaml, ...dependencies.flatMap((dependency) => differenceOf(lock, dependency))];
}

/** Packages that have no sources to pull, or none that dune needs (opam-monorepo's `is_safe_package`). */
const neverPulled = /^(?:(?:base|conf)-.*|ocaml|ocaml-compiler|dune|jbuilder|ocamlbuild|ocamlmod|oasis|ocamlify)$/;

function differenceOf(lock: Lock, { name, constraints, filters }: Dependency): readonly string[] {
  const locked = lock.packages.get(name);
  if (locked === undefined) return [`${name}: not locked, the project needs ${asked(constraints)}`];
  const { version, isPulled } = locked;
  if (filters.includes("?monorepo") && !isPulled && !neverPulled.test(name)) {
    return [`${name}: locked ${version} as a tool’s dependency, the project needs its sources`];
  }
  return constraints.every((constraint) => satisfies(version, constraint))
    ? []
    : [`${name}: locked ${version}, the project needs ${asked(constraints)}`];
}

const asked = (constraints: readonly Constraint[]): string =>
  constraints.length === 0 ? "it" : constraints.map(({ relation, version }) => `${relation} ${version}`).join(" & ");
