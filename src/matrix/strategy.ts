import { type Leg, ocamlWords, placeWords, type Runner } from "./leg.js";
import type { MatrixPlan } from "./plan-matrix.js";

/** `none`: one job per leg. `toolchain`: one job for all legs that share a toolchain and a runner. */
export type Grouping = "none" | "toolchain";

/** The value of `strategy.matrix` in a workflow, which reads the keys as `matrix.KEY`. */
export interface StrategyMatrix {
  readonly include: readonly (LegJob | GroupJob)[];
}

/** A leg as a job. Each key is a value for the input of that name; empty if the leg does not set it. */
export interface LegJob {
  /** The job's title. */
  readonly name: string;
  readonly target: string;
  readonly arch: string;
  /** The exact version, or `none`. */
  readonly ocaml: string;
  readonly variant: string;
  readonly directory: string;
  readonly "config-file": string;
  readonly "configure-args": string;
  readonly "artifact-name": string;
  readonly "runs-on": string | readonly string[];
  /** See {@link Leg.boots}. */
  readonly boots: string;
}

export interface GroupJob {
  readonly name: string;
  /** The first leg's: every target of the group needs the same toolchain. */
  readonly target: string;
  readonly arch: string;
  readonly ocaml: string;
  readonly directory: string;
  readonly "config-file": string;
  readonly "runs-on": string | readonly string[];
  /** A JSON list of {@link LegJob}. */
  readonly legs: string;
}

/** The matrix for a workflow: `strategy: { matrix: ${{ fromJSON(…) }} }`. */
export function strategyMatrix({ legs }: MatrixPlan, grouping: Grouping): StrategyMatrix {
  if (grouping === "none") return { include: legs.map(legJob) };
  return { include: groupsOf(legs).map(groupJob) };
}

/** Groups legs by toolchain and runner, in the order of the first leg of each group. */
export function groupsOf(legs: readonly Leg[]): readonly (readonly [Leg, ...Leg[]])[] {
  const groups = new Map<string, [Leg, ...Leg[]]>();
  for (const leg of legs) {
    const { backend } = leg.target;
    const key = JSON.stringify([leg.toolchain ?? [backend, leg.entry.architecture], leg.runner]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [leg]);
    else group.push(leg);
  }
  return [...groups.values()];
}

function legJob({ entry, target, runner, ocaml, name, artifactName, boots, place }: Leg): LegJob {
  return {
    name,
    target: target.name,
    arch: entry.architecture,
    ocaml,
    variant: entry.variant ?? "",
    directory: place.directory,
    "config-file": place.configFile,
    "configure-args": entry.configureArgs ?? "",
    "artifact-name": artifactName,
    "runs-on": runsOn(runner),
    boots,
  };
}

function groupJob(legs: readonly [Leg, ...Leg[]]): GroupJob {
  const [{ entry, target, runner, ocaml, place }] = legs;
  const arch = entry.architecture;
  return {
    name: `${target.backend} ${placeWords(arch, runner.architecture)} (${ocamlWords(ocaml)})`,
    target: target.name,
    arch,
    ocaml,
    directory: place.directory,
    "config-file": place.configFile,
    "runs-on": runsOn(runner),
    legs: JSON.stringify(legs.map(legJob)),
  };
}

/** A single label is a string, as in most workflows. */
function runsOn({ labels }: Runner): string | readonly string[] {
  const [only = ""] = labels;
  return labels.length === 1 ? only : labels;
}
