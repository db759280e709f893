import type { BuildSystem } from "../project/project.js";
import type { Architecture } from "../target/architecture.js";
import { type Target, targets } from "../target/target.js";
import { findRecipe, hostedRunners } from "../toolchain/packages.js";
import type { Entry } from "./list.js";

/** Labels of the machines of each architecture, as the user names them; one label is a list of one. */
export type RunnerLabels = Readonly<Partial<Record<Architecture, readonly string[]>>>;

/** What a leg runs on. */
export interface Runner {
  readonly architecture: Architecture;
  /** What `runs-on` of the job takes: a runner that has all of them. */
  readonly labels: readonly string[];
}

/**
 * The machine that builds and boots a leg: the one its line names; else one of its own architecture, where the user has
 * named a runner for that or nothing else builds it; else x86_64, which is everywhere and is where KVM is.
 */
export function runnerFor(entry: Entry, buildSystem: BuildSystem, named: RunnerLabels): Runner {
  const { architecture } = entry;
  const needsOwn = named[architecture] !== undefined || !crossBuilds(targets[entry.target], architecture, buildSystem);
  const machine = entry.runner ?? (needsOwn ? architecture : "x86_64");
  return { architecture: machine, labels: named[machine] ?? [hostedRunners[machine]] };
}

/** Whether x86_64 machines build the image, and the project's dependencies come for its architecture too. */
function crossBuilds(target: Target, architecture: Architecture, buildSystem: BuildSystem): boolean {
  if (architecture === "x86_64") return true;
  if (findRecipe({ backend: target.backend, architecture, hostArchitecture: "x86_64" }) === undefined) return false;
  switch (buildSystem) {
    // The opam file that mirage writes depends on the compiler with which the cross compiler conflicts.
    case "mirage":
      return !target.crossExcludesHost;
    // opam compiles the libraries for the machine that it runs on.
    case "opam":
      return false;
    case "dune":
    case "command":
      return true;
  }
}
