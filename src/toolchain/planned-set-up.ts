import { realpath } from "node:fs/promises";
import type { Context } from "../platform/host.js";
import { size } from "../platform/log.js";
import { missingPackages } from "../platform/packages/apt.js";
import { Problem } from "../platform/problem.js";
import { findProgram } from "../platform/process/programs.js";
import { decideToolchain } from "./decide.js";
import { environmentOf } from "./environment.js";
import { toolchainKey } from "./key.js";
import { specBelow } from "./layers.js";
import { installedOpam } from "./opam/find.js";
import { opamTools, recipeOf, systemPackages } from "./packages.js";
import { packagesOf } from "./repository-content.js";
import { type SetUpInputs, specFor, toolchainSources, type ToolchainSources } from "./setup.js";
import type { ProjectNeeds, ToolchainPlan } from "./spec.js";
import { parseRepositories } from "./spec-text.js";
import { type Place, placeIn, toolchainsFolder } from "./store/place.js";
import { findInToolCache } from "./store/store.js";
import type { Toolchain, ToolchainSource, ToolchainSpec } from "./toolchain.js";

/** What a set-up would do with one toolchain: take it from there, or build it (`built`) on the one below. */
export interface PlannedToolchain {
  readonly key: string;
  readonly from: ToolchainSource;
  /** The size of its download, where that is known. */
  readonly bytes?: number;
  /** What opam would install: `mirage.4.11.1`. Empty for one that is not built. */
  readonly packages: readonly string[];
}

/** What a set-up would do. */
export interface PlannedSetUp {
  readonly versions: ToolchainPlan["versions"];
  readonly versionReasons: Readonly<Record<string, string>>;
  /** Debian packages that it would install. */
  readonly systemPackages: readonly string[];
  /** From the job's own toolchain down to the first that need not be built. Empty: the key is not known yet. */
  readonly toolchains: readonly PlannedToolchain[];
  /** As it would be afterwards; its files need not exist. Absent where the key is not known yet. */
  readonly toolchain?: Toolchain;
}

/**
 * Plans the set-up of a toolchain: reads, but installs, downloads and writes nothing. Logs what a set-up would.
 *
 * @throws Problem when there is no such toolchain, or only opam can tell and is not installed.
 */
export async function planSetUp(context: Context, inputs: SetUpInputs, project: ProjectNeeds): Promise<PlannedSetUp> {
  const { host, log, processes } = context;
  log.fact("project", project.description);
  const available = await packagesOf(parseRepositories(inputs.opamRepositories));
  const { plan, versionReasons } = await decideToolchain(context, inputs, project, available, () => opamHere(context));
  const recipe = recipeOf(plan);
  const system = systemPackages(recipe, plan.versions);
  const known = { versions: plan.versions, versionReasons };
  if (findProgram(recipe.cCompiler, host.environment["PATH"]) === undefined) {
    const missing = await missingPackages(context, system.use);
    return { ...known, systemPackages: missing, toolchains: [] };
  }
  const spec = await specFor(processes, plan);
  log.fact("key", toolchainKey(spec));
  const toolchains = await plannedToolchains(context, spec, await toolchainSources(context, inputs));
  const isBuilt = toolchains[0]?.from === "built";
  return {
    ...known,
    systemPackages: await missingPackages(context, [...system.use, ...(isBuilt ? system.build : [])]),
    toolchains,
    toolchain: await finished(context, spec),
  };
}

/** opam and the programs that it calls, without installing any. */
async function opamHere(context: Context): Promise<string> {
  const opam = await installedOpam(context);
  const missing = await missingPackages(context, opamTools);
  if (opam !== undefined && missing.length === 0) return opam;
  throw new Problem("the versions cannot be planned: opam has to decide them, and a plan installs nothing", {
    because: opam === undefined ? "opam is not installed" : `system packages are missing: ${missing.join(" ")}`,
    do: ["run `unikernel-ci setup`, which installs what it needs", "or set the versions that you want"],
  });
}

async function plannedToolchains(
  context: Context,
  spec: ToolchainSpec,
  sources: ToolchainSources,
): Promise<readonly PlannedToolchain[]> {
  const key = toolchainKey(spec);
  const below = specBelow(spec);
  const found = await sourceOf(context, key, below !== undefined, sources);
  if (found !== undefined) return [{ key, packages: [], ...found }];
  const on = below === undefined ? [] : await plannedToolchains(context, below, sources);
  return [{ key, from: "built", packages: added(spec, below) }, ...on];
}

/** The first place that has the toolchain; undefined: it would be built. */
async function sourceOf(
  context: Context,
  key: string,
  isOnAnother: boolean,
  { levels, trusts }: ToolchainSources,
): Promise<Pick<PlannedToolchain, "from" | "bytes"> | undefined> {
  const { toolCache, state } = context.host.folders;
  const place = await placeOf(toolCache, key);
  for (const one of [place, await placeOf(state, key)])
    if ((await findInToolCache(context.log, { key, place: one, trusts })) !== undefined) return { from: "tool-cache" };
  for (const level of levels) {
    const there = await level.has(key, place, isOnAnother);
    if (there !== undefined && !("because" in there)) return { from: level.source, ...there };
  }
  return undefined;
}

async function placeOf(toolCache: string, key: string): Promise<Place> {
  const folder = toolchainsFolder(toolCache);
  return placeIn(await realpath(folder).catch(() => folder), key);
}

/** The packages that opam installs on top of those below. */
const added = (spec: ToolchainSpec, below: ToolchainSpec | undefined): readonly string[] =>
  spec.packages.filter((name) => below?.packages.includes(name) !== true);

async function finished(context: Context, spec: ToolchainSpec): Promise<Toolchain> {
  const key = toolchainKey(spec);
  const { path } = await placeOf(context.host.folders.toolCache, key);
  return { spec, key, path, source: "built", origin: "built", environment: environmentOf(spec, path, "") };
}

/** One line for each toolchain: `would be built by opam: mirage.4.11.1`. */
export function describeToolchain({ from, bytes, packages }: PlannedToolchain): string {
  switch (from) {
    case "tool-cache":
      return "at hand in the tool cache";
    case "published":
      return `published, ${bytes === undefined ? "" : `${size(bytes)} `}to download`;
    case "actions-cache":
      return "in the actions cache";
    case "built":
      return `opam would build ${packages.join(" ")}`;
  }
}
