import type { Component } from "../targets/combinations.js";
import type { Target } from "../targets/targets.js";

/**
 * What a committed lock file of a mirage project decides: auto: versions and packages, where it fits. require: the same,
 * and it must be there and fit. ignore: nothing.
 */
export const lockChoices = ["auto", "require", "ignore"] as const;
export type LockChoice = (typeof lockChoices)[number];

/** A file that `opam monorepo lock` has made. */
export interface LockFile {
  /** Relative to the project's folder: `mirage/NAME-hvt.opam.locked`. */
  readonly path: string;
  /** Those that decide a toolchain, as it has them locked; `ocaml-solo5` also for another architecture. */
  readonly versions: Readonly<Partial<Record<Component, string>>>;
}

/** Whether a file is a lock for a target: mirage names it `NAME-TARGET.opam.locked`. */
export const isLockFor = (path: string, target: Target): boolean => path.endsWith(`-${target.name}.opam.locked`);

/** The one committed lock for a target; undefined when there is none, or several. */
export function lockFileFor(lockFiles: readonly LockFile[], target: Target): LockFile | undefined {
  const candidates = lockFiles.filter(({ path }) => isLockFor(path, target));
  return candidates.length === 1 ? candidates[0] : undefined;
}
