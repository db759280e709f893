import { type Leg, ocamlWords, placeWords, type Runner } from "./leg.js";
import type { MatrixPlan } from "./plan-matrix.js";

/** `none`: a job for each leg. `toolchain`: a job for the legs that one toolchain on one kind of runner serves. */
export type Grouping = "none" | "toolchain";

/** What `strategy.matrix` of a workflow takes; keys are read as `matrix.KEY`. */
export interface StrategyMatrix {
  readonly include: readonly (LegJob | GroupJob)[];
}

/** A leg as a job; each key is what the input of that name takes, and empty where the leg says nothing. */
export interface LegJob {
  /** The job's title. */
  readonly name: string;
  readonly target: string;
  readonly arch: string;
  /** The exact version, or `none`. */
  readonly ocaml: string;
  readonly variant: string;
  readonly "configure-args": string;
  readonly "artifact-name": string;
  readonly "runs-on": string | readonly string[];
  /** See {@link Leg.boots}. */
  readonly boots: string;
}

/** Legs that share a job. */
export interface GroupJob {
  readonly name: string;
  /** The first leg's: any target of the group sets up the toolchain of all. */
  readonly target: string;
  readonly arch: string;
  readonly ocaml: string;
  readonly "runs-on": string | readonly string[];
  /** A JSON list of {@link LegJob}. */
  readonly legs: string;
}

/** The matrix as a workflow reads it: `strategy: { matrix: ${{ fromJSON(…) }} }`. */
export function strategyMatrix({ legs }: MatrixPlan, grouping: Grouping): StrategyMatrix {
  if (grouping === "none") return { include: legs.map(legJob) };
  return { include: groupsOf(legs).map(groupJob) };
}

/** Legs by the toolchain and the runner that they share, in the order in which each first appears. */
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

function legJob({ entry, target, runner, ocaml, name, artifactName, boots }: Leg): LegJob {
  return {
    name,
    target: target.name,
    arch: entry.architecture,
    ocaml,
    variant: entry.variant ?? "",
    "configure-args": entry.configureArgs ?? "",
    "artifact-name": artifactName,
    "runs-on": runsOn(runner),
    boots,
  };
}

function groupJob(legs: readonly [Leg, ...Leg[]]): GroupJob {
  const [{ entry, target, runner, ocaml }] = legs;
  const arch = entry.architecture;
  return {
    name: `${target.backend} ${placeWords(arch, runner.architecture)} (${ocamlWords(ocaml)})`,
    target: target.name,
    arch,
    ocaml,
    "runs-on": runsOn(runner),
    legs: JSON.stringify(legs.map(legJob)),
  };
}

/** One label is a text: so it stands in most workflows. */
function runsOn({ labels }: Runner): string | readonly string[] {
  const [only = ""] = labels;
  return labels.length === 1 ? only : labels;
}
