import { openMounts } from "../platform/files/mount.js";
import type { Context } from "../platform/host.js";
import { bufferedLog, seconds } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { ensureSystemPackages } from "../platform/packages/apt.js";
import { withBuildPrograms } from "../platform/process/build-programs.js";
import { cacheService } from "../platform/runner/cache-service.js";
import { readCompilerVersion, readHostSystem } from "../platform/system.js";
import { newestBeyondTable } from "../targets/beyond-table.js";
import { components } from "../targets/constraint.js";
import { versionSource } from "../targets/combinations.js";
import { targets } from "../targets/targets.js";
import { type CacheChoice, cachePolicyOf } from "./cache-policy.js";
import { keyComponents, toolchainKey } from "./key.js";
import { specBelow } from "./layers.js";
import { LackingPackages, buildWithOpam } from "./opam/build-toolchain.js";
import { findOpam } from "./opam/find.js";
import { askOpam, releasesIn } from "./opam/solver.js";
import { checkBuildFolder, componentPackages, opamTools, recipeOf, systemPackages } from "./packages.js";
import { packagesOf, withContent } from "./repository-content.js";
import { planSlimming, tellKept, stripToolchain } from "./slim.js";
import { linkTestImage } from "./smoke-test.js";
import {
  BeyondTable,
  type ProjectNeeds,
  type ToolchainInputs,
  type ToolchainPlan,
  explainVersions,
  givenVersions,
  planToolchain,
} from "./spec.js";
import { parseRepositories } from "./spec-text.js";
import { givesItself, handOut } from "./store/handed-out.js";
import type { InstalledToolchain } from "./store/installed.js";
import { takeJobCopy } from "./store/job-copy.js";
import { actionsCacheLevel, publishedLevel } from "./store/levels.js";
import { toolchainPlace } from "./store/place.js";
import { obtainToolchain } from "./store/store.js";
import type { Makers, Wanted } from "./store/wanted.js";
import type { Toolchain, ToolchainOrigin, ToolchainSpec } from "./toolchain.js";

export interface SetUpInputs extends ToolchainInputs {
  readonly cache: CacheChoice;
  readonly installSystemPackages: boolean;
  /** Another source of toolchain archives than this action's own: see platform/network/published.ts. */
  readonly mirror: string | undefined;
}

/** The job's toolchain, and why it has its versions: by component, `www.opam asks < 5.0`. */
export interface ToolchainSetUp extends Toolchain {
  readonly versionReasons: Readonly<Record<string, string>>;
}

/**
 * Installs the toolchain that the inputs and the project ask for, and runs the smoke test on it.
 * Wrong inputs are reported before anything is downloaded or installed.
 *
 * @returns the job's own toolchain: changes to it never reach the cached one.
 * @throws Problem when there is no such toolchain or it cannot be built.
 */
export async function setUpToolchain(
  context: Context,
  inputs: SetUpInputs,
  project: ProjectNeeds,
): Promise<ToolchainSetUp> {
  const { log } = context;
  return log.group("Toolchain", async () => {
    log.fact("project", project.description);
    const available = await packagesOf(parseRepositories(inputs.opamRepositories));
    try {
      return await setUpPlanned(context, inputs, project, available);
    } catch (error) {
      if (!(error instanceof LackingPackages)) throw error;
      log.notice(
        `${error.message}: using the newest versions that they have. ` +
          "Set `ocaml-version` to one of them to skip this check in later runs",
      );
      return setUpPlanned(context, inputs, project, error.available);
    }
  });
}

/** @param available see {@link planToolchain}. */
async function setUpPlanned(
  context: Context,
  inputs: SetUpInputs,
  project: ProjectNeeds,
  available: ReadonlySet<string> | undefined,
): Promise<ToolchainSetUp> {
  const { host, log, processes } = context;
  const target = targets[inputs.target];
  const plan = await decidedPlan(context, inputs, project, available);
  log.fact("target", `${target.name}, ${plan.architecture} (${plan.backend})`);
  const { reasons, notices } = explainVersions(inputs, project, plan);
  const decided = reasons.map(({ component, version, reason }) => `${component} ${version}: ${reason}`);
  log.fact("versions", decided.join("\n"));
  for (const notice of notices) log.notice(notice);

  for (const sentence of unusedVersions(inputs, plan)) log.notice(sentence);
  const newer = newerReleases(plan, available);
  if (newer.length > 0) log.fact("newer", `${newer.join(", ")}: not in the version table; set the version to use it`);

  const recipe = recipeOf(plan);
  const system = systemPackages(recipe, plan.versions);
  const install = { install: inputs.installSystemPackages };
  await ensureSystemPackages(context, system.use, install);
  const machine = {
    hostSystem: await readHostSystem(),
    cCompiler: await readCompilerVersion(processes, recipe.cCompiler),
  };
  const spec = { ...plan, ...machine, repositories: await withContent(plan.repositories) };
  log.fact("key", toolchainKey(spec));
  for (const [name, text] of keyComponents(spec))
    log.line(`                ${name.padEnd(13)} ${text === "" ? "none" : text}`);

  const policy = cachePolicyOf(host, inputs.cache);
  const levels = [publishedLevel(log, inputs.mirror), actionsCacheLevel(await cacheService(host, log), policy)];
  const trusts = (origin: ToolchainOrigin) =>
    origin !== "actions-cache" || /* promise: cached-toolchains-keep-to-the-policy */ policy.restore;
  // On a developer's machine the mount would stay, unnoticed, until the next restart.
  const findMounts = () => (host.isGitHubActions ? openMounts(context) : Promise.resolve(undefined));
  const makerOf =
    (layer: ToolchainSpec): Makers["build"] =>
    async (path, builds, below) => {
      checkBuildFolder(recipe, builds);
      const opam = await prepareBuild(context, system.build, install);
      return withBuildPrograms(context, (building) =>
        buildWithOpam(building, layer, { path, builds }, opam, { whole: spec, below }),
      );
    };
  const slim: Makers["slim"] = async (path, isNew) => {
    if (!spec.slim) return () => true;
    const slimming = await planSlimming(path);
    tellKept(log, slimming);
    await withBuildPrograms(context, (building) =>
      stripToolchain(building, path, (file) => slimming.keeps(file) && isNew(file)),
    );
    return slimming.keeps;
  };
  const smokeTest = (toolchain: InstalledToolchain) => linkTestImage(context, toolchain, target);
  const wantedOf = async (layer: ToolchainSpec): Promise<Wanted> => {
    const key = toolchainKey(layer);
    const below = specBelow(layer);
    return {
      ...{ spec: layer, key, trusts, findMounts, build: makerOf(layer), slim, smokeTest },
      place: await toolchainPlace(host.folders.toolCache, key),
      spare: () => toolchainPlace(host.folders.state, key),
      ...(below === undefined ? {} : { below: await wantedOf(below) }),
    };
  };
  const obtained = await obtainToolchain(log, await wantedOf(spec), levels);
  const itself = givesItself(host, obtained, project.buildSystem) ? await handOut(log, obtained) : undefined;
  const toolchain = itself ?? /* promise: jobs-have-a-copy */ (await takeJobCopy(context, obtained));
  const versionReasons = Object.fromEntries(reasons.map(({ component, reason }) => [component, reason]));
  return { ...toolchain, versionReasons };
}

/** The plan by the version table, or by opam's solver where the table has no such toolchain. */
async function decidedPlan(
  context: Context,
  inputs: SetUpInputs,
  project: ProjectNeeds,
  available: ReadonlySet<string> | undefined,
): Promise<ToolchainPlan> {
  const { host, log } = context;
  try {
    return planToolchain(inputs, project, host, available);
  } catch (error) {
    if (!(error instanceof BeyondTable)) throw error;
    log.line(`  the version table (of ${versionSource.date}) has no such toolchain: asking opam`);
    const opam = await prepareBuild(context, opamTools, { install: inputs.installSystemPackages });
    const start = performance.now();
    try {
      const versions = await withBuildPrograms(context, (asking) => askOpam(asking, error.question, opam));
      log.fact("solver", `newer than the table: asked opam, ${seconds(performance.now() - start)}`);
      return planToolchain(inputs, project, host, available, versions);
    } catch (reason) {
      if (!error.canIgnoreLock || !(reason instanceof Problem)) throw reason;
      log.line(`  ${reason.message}`);
      return decidedPlan(context, { ...inputs, lock: "ignore" }, project, available);
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

/**
 * Installs the system packages of a build while opam is fetched.
 *
 * @returns the path of opam.
 */
async function prepareBuild(
  context: Context,
  packages: readonly string[],
  install: { readonly install: boolean },
): Promise<string> {
  const beside = bufferedLog(context.log);
  const installing = ensureSystemPackages(context, packages, install);
  const finding = findOpam({ ...context, log: beside.log }, { ...install, aptIsFree: installing });
  const outcomes = await Promise.allSettled([installing, finding]);
  beside.flush();
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return finding;
}
