import type { Context } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { withBuildPrograms } from "../platform/process/build-programs.js";
import { newestBeyondTable } from "../targets/beyond-table.js";
import { components } from "../targets/constraint.js";
import { versionSource } from "../targets/combinations.js";
import { targets } from "../targets/targets.js";
import { askOpam, releasesIn } from "./opam/solver.js";
import { componentPackages, recipeOf } from "./packages.js";
import {
  BeyondTable,
  type ProjectNeeds,
  type ToolchainInputs,
  type ToolchainPlan,
  explainVersions,
  givenVersions,
  planToolchain,
} from "./spec.js";

/** A decided toolchain, and why it has its versions: by component, `www.opam asks < 5.0`. */
export interface DecidedToolchain {
  readonly plan: ToolchainPlan;
  readonly versionReasons: Readonly<Record<string, string>>;
}

/**
 * Decides which toolchain the inputs and the project ask for, and logs it with the reasons.
 *
 * @param available see {@link planToolchain}.
 * @param findOpam finds the opam whose solver decides where the version table has no such toolchain.
 * @throws Problem when there is no such toolchain.
 */
export async function decideToolchain(
  context: Context,
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  available: ReadonlySet<string> | undefined,
  findOpam: () => Promise<string>,
): Promise<DecidedToolchain> {
  const { log } = context;
  const plan = await decidedPlan(context, inputs, project, available, findOpam);
  log.fact("target", `${targets[inputs.target].name}, ${plan.architecture} (${plan.backend})`);
  const { reasons, notices } = explainVersions(inputs, project, plan);
  const decided = reasons.map(({ component, version, reason }) => `${component} ${version}: ${reason}`);
  log.fact("versions", decided.join("\n"));
  for (const notice of notices) log.notice(notice);
  for (const sentence of unusedVersions(inputs, plan)) log.notice(sentence);
  const newer = newerReleases(plan, available);
  if (newer.length > 0) log.fact("newer", `${newer.join(", ")}: not in the version table; set the version to use it`);
  return { plan, versionReasons: Object.fromEntries(reasons.map(({ component, reason }) => [component, reason])) };
}

/** The plan by the version table, or by opam's solver where the table has no such toolchain. */
async function decidedPlan(
  context: Context,
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  available: ReadonlySet<string> | undefined,
  findOpam: () => Promise<string>,
): Promise<ToolchainPlan> {
  const { host, log } = context;
  try {
    return planToolchain(inputs, project, host, available);
  } catch (error) {
    if (!(error instanceof BeyondTable)) throw error;
    log.line(`  the version table (of ${versionSource.date}) has no such toolchain: asking opam`);
    const opam = await findOpam();
    const start = performance.now();
    try {
      const versions = await withBuildPrograms(context, (asking) => askOpam(asking, error.question, opam));
      log.fact("solver", `newer than the table: asked opam, ${seconds(performance.now() - start)}`);
      return planToolchain(inputs, project, host, available, versions);
    } catch (reason) {
      if (!error.canIgnoreLock || !(reason instanceof Problem)) throw reason;
      log.line(`  ${reason.message}`);
      return decidedPlan(context, { ...inputs, lock: "ignore" }, project, available, findOpam);
    }
  }
}

/** Releases of the repositories that the table lacks, and this toolchain too: unset versions come from the table. */
function newerReleases(plan: ToolchainPlan, available: ReadonlySet<string> | undefined): readonly string[] {
  if (available === undefined) return [];
  const names = components.filter((name) => plan.versions[name] !== undefined);
  const recipe = recipeOf(plan);
  const there = releasesIn(
    available,
    names.map((name) => [name, componentPackages(recipe, name, plan.packages)]),
  );
  return names.flatMap((name) => {
    const newest = newestBeyondTable(name, there);
    return newest === undefined || newest === plan.versions[name] ? [] : [`${name} ${newest}`];
  });
}

/** In a matrix, the same inputs set up toolchains of several backends. */
function unusedVersions(inputs: ToolchainInputs, { backend, versions }: ToolchainPlan): readonly string[] {
  const given = givenVersions(inputs);
  return components
    .filter((name) => given[name] !== undefined && versions[name] === undefined)
    .map((name) => `input ${name}-version is not used: a ${backend} toolchain has no ${name}`);
}
