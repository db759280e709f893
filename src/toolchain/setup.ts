import { openMounts } from "../platform/files/mount.js";
import type { Context } from "../platform/host.js";
import { bufferedLog } from "../platform/log.js";
import { ensureSystemPackages } from "../platform/packages/apt.js";
import { withBuildPrograms } from "../platform/process/build-programs.js";
import type { Processes } from "../platform/process/process.js";
import { cacheService } from "../platform/runner/cache-service.js";
import { readCompilerVersion, readHostSystem } from "../platform/system.js";
import { targets } from "../targets/targets.js";
import { type CacheChoice, cachePolicyOf } from "./cache-policy.js";
import { decideToolchain } from "./decide.js";
import { keyComponents, toolchainKey } from "./key.js";
import { specBelow } from "./layers.js";
import { LackingPackages, buildWithOpam } from "./opam/build-toolchain.js";
import { findOpam } from "./opam/find.js";
import { checkBuildFolder, opamTools, recipeOf, systemPackages } from "./packages.js";
import { packagesOf, withContent } from "./repository-content.js";
import { planSlimming, tellKept, stripToolchain } from "./slim.js";
import { linkTestImage } from "./smoke-test.js";
import type { ProjectNeeds, ToolchainInputs, ToolchainPlan } from "./spec.js";
import { parseRepositories } from "./spec-text.js";
import { givesItself, handOut } from "./store/handed-out.js";
import type { InstalledToolchain } from "./store/installed.js";
import { takeJobCopy } from "./store/job-copy.js";
import { type ArchiveLevel, actionsCacheLevel, publishedLevel } from "./store/levels.js";
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
  const install = { install: inputs.installSystemPackages };
  const { plan, versionReasons } = await decideToolchain(context, inputs, project, available, () =>
    prepareBuild(context, opamTools, install),
  );
  const recipe = recipeOf(plan);
  const system = systemPackages(recipe, plan.versions);
  await ensureSystemPackages(context, system.use, install);
  const spec = await specFor(processes, plan);
  log.fact("key", toolchainKey(spec));
  for (const [name, text] of keyComponents(spec))
    log.line(`                ${name.padEnd(13)} ${text === "" ? "none" : text}`);
  const { levels, trusts } = await toolchainSources(context, inputs);
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
  return { ...toolchain, versionReasons };
}

/**
 * The whole spec of a decided toolchain on this machine.
 *
 * @throws Problem when its C compiler is not installed.
 */
export async function specFor(processes: Processes, plan: ToolchainPlan): Promise<ToolchainSpec> {
  const machine = {
    hostSystem: await readHostSystem(),
    cCompiler: await readCompilerVersion(processes, recipeOf(plan).cCompiler),
  };
  return { ...plan, ...machine, repositories: await withContent(plan.repositories) };
}

/** Where a toolchain may come from, and which of those this run trusts. */
export interface ToolchainSources {
  /** Outside this machine, in the order in which they are asked. */
  readonly levels: readonly ArchiveLevel[];
  /** Whether this run may use a toolchain of the tool cache that came from there. */
  readonly trusts: (origin: ToolchainOrigin) => boolean;
}

export async function toolchainSources(
  { host, log }: Context,
  { cache, mirror }: Pick<SetUpInputs, "cache" | "mirror">,
): Promise<ToolchainSources> {
  const policy = cachePolicyOf(host, cache);
  return {
    levels: [publishedLevel(log, mirror), actionsCacheLevel(await cacheService(host, log), policy)],
    trusts: (origin) =>
      origin !== "actions-cache" || /* promise: cached-toolchains-keep-to-the-policy */ policy.restore,
  };
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
