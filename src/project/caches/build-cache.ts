import { readFile, rm } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { glob } from "tinyglobby";
import { folderBytes, removeOldest } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { seconds, size } from "../../platform/log.js";
import { quote, succeed } from "../../platform/process/process.js";
import { findProgram } from "../../platform/process/programs.js";
import type { NearestCache } from "../../platform/runner/actions-cache.js";
import type { Target } from "../../targets/targets.js";
import type { CachePolicy } from "../../toolchain/cache-policy.js";
import type { Toolchain } from "../../toolchain/toolchain.js";
import { buildEnvironment } from "../environment.js";
import type { Project } from "../project.js";
import { type BuildCache, buildCaches, dependenciesHash, duneCacheUse } from "./cache-plan.js";
import { messageOf } from "../../platform/problem.js";

export interface CacheRequest {
  readonly project: Project;
  readonly target: Target;
  /** Undefined: the build brings its own toolchain, and manages its own caches. */
  readonly toolchain: Toolchain | undefined;
  readonly policy: CachePolicy;
  /** Undefined when there is none, or the policy disables it. */
  readonly service: NearestCache | undefined;
}

/** A cache that the build used, with what saving it needs. */
export interface UsedCache extends Omit<BuildCache, "prefix"> {
  /** Undefined when the dependencies are not known. */
  readonly key: string | undefined;
  /** Undefined when nothing was restored. */
  readonly restored: Restored | undefined;
  /** The toolchain's dune program; only for dune's cache. */
  readonly dune: string | undefined;
}

export interface Restored {
  /** The wanted key, or another with the same prefix. */
  readonly key: string;
  readonly bytes: number;
  readonly ms: number;
}

export interface RestoredCaches {
  /** Replaces the caller's variables of the same names in the build. */
  readonly environment: Readonly<Record<string, string>>;
  /** Call it after the build, which may have written mirage's lock: the keys depend on it. */
  readonly afterBuild: () => Promise<readonly UsedCache[]>;
}

/** Restores the caches of earlier builds, if the policy of this run allows it. */
export async function restoreBuildCaches(context: Context, request: CacheRequest): Promise<RestoredCaches> {
  const { host, log } = context;
  const { project, target, toolchain, policy, service } = request;
  const planned = toolchain === undefined ? [] : buildCaches(host, { project, target, toolchain });
  const dune = findProgram("dune", buildEnvironment(host.environment, toolchain)["PATH"]);
  const use = duneCacheUse(host.environment, policy, planned.find(({ kind }) => kind === "dune")?.folder);
  if (use.because !== undefined) log.fact("dune cache", `not used (${use.because})`);
  // opam verifies its downloads, but a policy that forbids restoring forbids these too.
  const caches = planned.filter(({ kind }) =>
    kind === "dune"
      ? /* promise: restored-dune-cache-keeps-to-the-policy */ use.because === undefined && dune !== undefined
      : /* promise: opam-cache-keeps-to-the-policy */ policy.restore,
  );
  const before = await readDependencies(project, target);
  const restored = new Map<BuildCache, Restored | undefined>();
  for (const cache of caches) {
    if (service !== undefined) restored.set(cache, await restore(context, cache, before, service));
    else if (cache.kind === "dune") await logLocal(context, cache);
  }
  return {
    environment: use.environment,
    async afterBuild() {
      const dependencies = project.buildSystem === "mirage" ? await readDependencies(project, target) : before;
      const used = caches.map((cache): UsedCache => {
        const { kind, label, folder, limitBytes } = cache;
        return {
          kind,
          label,
          folder,
          limitBytes,
          key: keyOf(cache, dependencies),
          restored: restored.get(cache),
          dune: kind === "dune" ? dune : undefined,
        };
      });
      if (!host.isGitHubActions) await Promise.all(used.map((one) => trimDuneCache(context, one)));
      return used;
    },
  };
}

function keyOf({ prefix }: BuildCache, dependencies: string | undefined): string | undefined {
  return dependencies === undefined ? undefined : prefix + dependencies;
}

async function restore(
  { log }: Context,
  cache: BuildCache,
  dependencies: string | undefined,
  service: NearestCache,
): Promise<Restored | undefined> {
  const { kind, label, folder, prefix } = cache;
  const wanted = keyOf(cache, dependencies);
  const start = performance.now();
  await makeFolder(folder);
  const key = await service.restoreNearest(wanted ?? `${prefix}unknown`, [prefix], [folder]);
  if (key === undefined) {
    // Removes the files of an interrupted transfer: dune does not check whether they are complete.
    if (kind === "dune") await rm(folder, { recursive: true, force: true });
    log.fact(label, `miss (${prefix}…)`);
    return undefined;
  }
  const restored = { key, bytes: await folderBytes(folder), ms: Math.round(performance.now() - start) };
  const hit = wanted === undefined ? "newest" : key === wanted ? "hit" : "nearest";
  log.fact(label, `${hit} (${key}), ${size(restored.bytes)} in ${seconds(restored.ms)}`);
  return restored;
}

async function logLocal({ host, log }: Context, { label, folder }: BuildCache): Promise<void> {
  const bytes = await folderBytes(folder);
  log.fact(label, host.isGitHubActions ? "empty (no cache service here)" : `${size(bytes)} (${quote(folder)})`);
}

/** The hash of the files that declare a project's dependencies; undefined for a mirage project without a lock. */
async function readDependencies(project: Project, target: Target): Promise<string | undefined> {
  const { buildSystem, directory } = project;
  const patterns =
    buildSystem === "mirage"
      ? [posix.join(dirname(project.configFile), "mirage", `*-${target.name}.opam.locked`)]
      : ["**/dune-project", "**/dune-workspace", "**/*.opam", "**/*.opam.locked", "dune.lock/**"];
  const paths = await glob(patterns, {
    cwd: directory,
    ignore: ["**/_build/**", "**/_opam/**", "**/node_modules/**"],
    dot: false,
  });
  if (buildSystem === "mirage" && paths.length === 0) return undefined;
  return dependenciesHash(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(directory, path), "utf8")] as const)),
  );
}

interface DuneCache {
  readonly folder: string;
  readonly limitBytes: number;
  /** The program; undefined: not installed, so nothing is trimmed. */
  readonly dune: string | undefined;
}

/** Trims dune's cache with dune itself, which removes the least recently used entries; does nothing below the limit. */
async function trimDuneCache(
  { log, processes, host }: Context,
  { folder, limitBytes, dune }: DuneCache,
): Promise<void> {
  if (dune === undefined || (await folderBytes(folder)) <= limitBytes) return;
  const environment = {
    PATH: host.environment["PATH"] ?? "",
    HOME: host.environment["HOME"] ?? "/",
    DUNE_CACHE_ROOT: folder,
  };
  const outcome = await processes.run([dune, "cache", "trim", `--size=${limitBytes}B`], {
    cwd: folder,
    env: environment,
  });
  log.fact("dune cache", `trimmed to ${size(limitBytes)}: ${succeed(outcome, "trimming dune’s cache").stdout.trim()}`);
}

export interface KeptCache {
  readonly cache: UsedCache;
  /** Whether it was saved, or why not, in the words of the log and summary. */
  readonly outcome: string;
}

/**
 * Trims the caches and saves them for the next build, each under the key of the dependencies. A key can be written only
 * once, so a cache that was restored from this exact key is not saved again. An error is only a warning: the build has
 * already succeeded.
 */
export async function saveBuildCaches(
  context: Context,
  caches: readonly UsedCache[],
  policy: CachePolicy,
  service: NearestCache | undefined,
): Promise<readonly KeptCache[]> {
  const kept: KeptCache[] = [];
  for (const cache of caches) {
    const outcome = await save(context, cache, policy, service).catch((error: unknown) => {
      context.log.warning(`${cache.label}: not saved: ${messageOf(error)}`);
      return "not saved (saving failed)";
    });
    context.log.fact(cache.label, outcome);
    kept.push({ cache, outcome });
  }
  return kept;
}

async function save(
  context: Context,
  cache: UsedCache,
  policy: CachePolicy,
  service: NearestCache | undefined,
): Promise<string> {
  const { key, restored, folder } = cache;
  if (!policy.save) return `not saved (${policy.why})`;
  if (service === undefined) return "not saved (no cache service here)";
  if (key === undefined) return "not saved (no lock file to derive a key from)";
  if (restored?.key === key) return "not saved (already saved for the same dependencies)";
  if (cache.kind === "dune") await trimDuneCache(context, cache);
  else await removeOldest(folder, cache.limitBytes);
  const bytes = await folderBytes(folder);
  if (bytes === 0) return "not saved (empty)";
  if (await service.has(key, [folder])) return "not saved (another run has saved it meanwhile)";
  const start = performance.now();
  if (await service.save(key, [folder]))
    return `saved (${key}), ${size(bytes)} in ${seconds(performance.now() - start)}`;
  context.log.warning(`${cache.label}: not saved in the actions cache; the next build starts without it`);
  return "not saved (the cache service did not accept it)";
}
