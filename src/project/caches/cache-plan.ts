import { join, relative } from "node:path";
import { hashOf } from "../../platform/files/folder-content.js";
import type { Host } from "../../platform/host.js";
import type { Target } from "../../targets/targets.js";
import type { CachePolicy } from "../../toolchain/cache-policy.js";
import type { Toolchain } from "../../toolchain/toolchain.js";
import type { Project } from "../project.js";

/** Raised when caches of older versions of unikernel-ci must not be used. */
const format = 1;

/** A folder that is carried from one build to the next. */
export interface BuildCache {
  readonly kind: "dune" | "downloads";
  /** Its name in the log and summary. */
  readonly label: string;
  /** Absolute. */
  readonly folder: string;
  /** It is trimmed to this size before it is saved. */
  readonly limitBytes: number;
  /** The start of its keys. Any cache with this prefix is safe to restore: its entries are looked up by hash. */
  readonly prefix: string;
}

export interface CachedBuild {
  readonly project: Project;
  readonly target: Target;
  readonly toolchain: Pick<Toolchain, "key" | "path">;
}

/** In bytes, before compression. */
const limits = { dune: 500e6, downloads: 300e6, duneOnKeptMachine: 2e9 } as const;

/**
 * The caches of a build: dune's, by the hash of all inputs of a rule; and for mirage the archives that opam downloads,
 * by checksum. mirage's `duniverse/` is not cached: `opam monorepo pull` deletes it and refills it from those archives,
 * which opam verifies (opam 2.5, opamRepository.ml, `fetch_from_cache`).
 *
 * On a runner, dune's cache is in the state folder, which does not outlive the job: a later job on the same machine,
 * perhaps another user's, gets only what the cache service has. Elsewhere all builds of the machine share one cache.
 */
export function buildCaches(
  host: Pick<Host, "folders" | "isGitHubActions">,
  build: CachedBuild,
): readonly BuildCache[] {
  const { folders, isGitHubActions } = host;
  const own = join("dune-cache", hashOfWords([build.toolchain.key, build.target.name, placeOf(host, build)]));
  const dune: BuildCache = {
    kind: "dune",
    label: "dune cache",
    folder: isGitHubActions ? join(folders.state, own) : join(folders.toolCache, "dune-cache"),
    limitBytes: isGitHubActions ? limits.dune : limits.duneOnKeptMachine,
    prefix: keyPrefix(host, "dune", build),
  };
  if (build.project.buildSystem !== "mirage") return [dune];
  const downloads: BuildCache = {
    kind: "downloads",
    label: "downloads",
    folder: join(build.toolchain.path, "opam", "download-cache"),
    limitBytes: limits.downloads,
    prefix: keyPrefix(host, "downloads", build),
  };
  return [dune, downloads];
}

function keyPrefix(host: Pick<Host, "folders">, kind: BuildCache["kind"], build: CachedBuild): string {
  const toolchain = build.toolchain.key.replace(/^unikernel-ci-/, "");
  return `unikernel-ci-${kind}-${format}-${toolchain}-${build.target.name}-${placeOf(host, build)}-`;
}

/** Projects in one repository have different dependencies. */
function placeOf({ folders }: Pick<Host, "folders">, { project }: CachedBuild): string {
  return hashOfWords(
    [relative(folders.workspace, project.directory), project.buildSystem === "mirage" ? project.configFile : ""],
    8,
  );
}

/**
 * The end of a key: a hash of the dependencies.
 *
 * @param files the files that declare them.
 */
export function dependenciesHash(files: readonly (readonly [path: string, content: string])[]): string {
  return hashOfWords([...files].sort(([a], [b]) => (a < b ? -1 : 1)).flat());
}

function hashOfWords(words: readonly string[], digits = 16): string {
  return hashOf(JSON.stringify(words), digits);
}

/** Whether a build uses dune's cache. */
export interface DuneCacheUse {
  /** Added to the build's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why not; absent when it does. */
  readonly because?: string;
}

/**
 * dune's default is a cache in the user's home, which can outlive a job: a release could contain what a pull request
 * left there. So the environment always sets or disables the cache.
 *
 * `enabled`: with `enabled-except-user-rules` dune 3.24 caches nothing at all. `copy`: hard links do not work across
 * the mounts of a container, dune's trimming does not count linked files, and a build that writes into a file of
 * `_build` would write into the cache.
 *
 * @param folder of the cache; undefined: the build brings its own toolchain, so there is no key.
 */
export function duneCacheUse(
  caller: Readonly<Record<string, string | undefined>>,
  policy: CachePolicy,
  folder: string | undefined,
): DuneCacheUse {
  const theirs = ["DUNE_CACHE", "DUNE_CACHE_ROOT"].find((name) => (caller[name] ?? "") !== "");
  if (theirs !== undefined) return { environment: {}, because: `${theirs} is already set` };
  // promise: dune-cache-keeps-to-the-policy
  if (!policy.restore) return { environment: { DUNE_CACHE: "disabled" }, because: policy.why };
  if (folder === undefined) return { environment: {}, because: "the build brings its own toolchain" };
  return { environment: { DUNE_CACHE: "enabled", DUNE_CACHE_ROOT: folder, DUNE_CACHE_STORAGE_MODE: "copy" } };
}
