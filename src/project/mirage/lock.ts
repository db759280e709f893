import type { LockFile } from '../../toolchain/lock.js'
import { type Constraint, type Dependency, readDependencies, satisfies } from '../opam-file.js'

/** What `opam monorepo lock` decided of each package, by name. */
export type Lock = ReadonlyMap<string, LockedPackage>

export interface LockedPackage {
  readonly version: string
  /** Its sources are pulled. Those of a tool, and of what only a tool depends on, are not. */
  readonly isPulled: boolean
}

/** Reads a `.opam.locked` file. Every package in it has one exact version; one that has not is not looked at. */
export function readLock(text: string): Lock {
  return new Map(
    readDependencies(text).flatMap(({ name, constraints, filters }) =>
      constraints.flatMap(({ relation, version }): [string, LockedPackage][] =>
        relation === '=' ? [[name, { version, isPulled: filters.includes('?vendor') }]] : [],
      ),
    ),
  )
}

const components = ['ocaml', 'solo5', 'ocaml-solo5', 'ocaml-unikraft', 'mirage'] as const

/** The versions in a lock that decide which toolchain it was made with. */
export function toolchainVersions(lock: Lock): LockFile['versions'] {
  return Object.fromEntries(components.flatMap((name) => (lock.has(name) ? [[name, lock.get(name)?.version]] : [])))
}

/** What a lock must fit to. */
export interface LockedFor {
  /** OCaml of the toolchain; undefined when the build brings its own. */
  readonly ocaml: string | undefined
  /** The dependencies that `mirage configure` has just written. */
  readonly dependencies: readonly Dependency[]
}

/**
 * Why a lock is not one for this project and toolchain any more, one line for each package.
 *
 * @returns none when it fits. Newer releases do not make a lock stale.
 */
export function lockDifferences(lock: Lock, { ocaml, dependencies }: LockedFor): readonly string[] {
  const locked = lock.get('ocaml')?.version
  const ofOcaml = ocaml === undefined || locked === undefined || locked === ocaml ? [] : [`ocaml: locked ${locked}, the toolchain has ${ocaml}`]
  return [...ofOcaml, ...dependencies.flatMap((dependency) => differenceOf(lock, dependency))]
}

/** Packages that have no sources to pull, or none that dune needs (opam-monorepo's `is_safe_package`). */
const neverPulled = /^(?:(?:base|conf)-.*|ocaml|ocaml-compiler|dune|jbuilder|ocamlbuild|ocamlmod|oasis|ocamlify)$/

function differenceOf(lock: Lock, { name, constraints, filters }: Dependency): readonly string[] {
  const locked = lock.get(name)
  if (locked === undefined) return [`${name}: not locked, the project needs ${asked(constraints)}`]
  const { version, isPulled } = locked
  if (filters.includes('?monorepo') && !isPulled && !neverPulled.test(name)) {
    return [`${name}: locked ${version} as a tool’s dependency, the project needs its sources`]
  }
  return constraints.every((constraint) => satisfies(version, constraint)) ? [] : [`${name}: locked ${version}, the project needs ${asked(constraints)}`]
}

const asked = (constraints: readonly Constraint[]): string =>
  constraints.length === 0 ? 'it' : constraints.map(({ relation, version }) => `${relation} ${version}`).join(' & ')
