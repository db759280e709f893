import { join, relative } from "node:path";
import { hashOf } from "../../platform/files/hash.js";
import type { Host } from "../../platform/host.js";
import type { Target } from "../../targets/targets.js";
import type { CachePolicy } from "../../toolchain/cache-policy.js";
import type { Toolchain } from "../../toolchain/toolchain.js";
import type { Project } from "../project.js";

/** Raised when what an older unikernel-ci has kept must not be used any more. */
const format = 1;

/** A folder that one build leaves for the next. */
export interface BuildCache {
  readonly kind: "dune" | "downloads";
  /** As log and summary call it. */
  readonly label: string;
  /** Absolute. */
  readonly folder: string;
  /** It is trimmed to this before it is kept. */
  readonly limitBytes: number;
  /** What its keys begin with: any of them is better than none, as each has only what is found by its own hash. */
  readonly prefix: string;
}

/** The build that wants caches. */
export interface CachedBuild {
  readonly project: Project;
  readonly target: Target;
  readonly toolchain: Pick<Toolchain, "key" | "path">;
}

/** Bytes before compression. */
const limits = { dune: 500e6, downloads: 300e6, duneOnKeptMachine: 2e9 } as const;

/**
 * The caches of a build: what dune has built, by the hash of all that it was made from; and for mirage the archives that
 * opam has downloaded, by their checksums. Not mirage's `duniverse/` itself: `opam monorepo pull` removes it and fills
 * it from those archives, which opam checks when it takes them (opam 2.5, opamRepository.ml, `fetch_from_cache`).
 *
 * On a runner, dune's cache is gone after the job: a later one on the same machine, of other people perhaps, finds only
 * what the service gives it. Elsewhere it stays on the machine, and all builds share it.
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

/** Two projects of one repository have other dependencies. */
function placeOf({ folders }: Pick<Host, "folders">, { project }: CachedBuild): string {
  return hashOfWords(
    [relative(folders.workspace, project.directory), project.buildSystem === "mirage" ? project.configFile : ""],
    8,
  );
}

/**
 * The end of a key: what the dependencies are.
 *
 * @param files those that name them, each with its path and content.
 */
export function dependenciesHash(files: readonly (readonly [path: string, content: string])[]): string {
  return hashOfWords([...files].sort(([a], [b]) => (a < b ? -1 : 1)).flat());
}

function hashOfWords(words: readonly string[], digits = 16): string {
  return hashOf(JSON.stringify(words), digits);
}

/** Whether a build may use dune's cache; `environment` is for the build. */
export interface DuneCacheUse {
  readonly environment: Readonly<Record<string, string>>;
  /** Why not; absent: it may. */
  readonly because?: string;
}

/**
 * dune's own default would be a cache in the user's home, which a machine keeps from one job to the next: a release could
 * be made of what a pull request has left there. So it is told each time.
 *
 * `enabled`: with `enabled-except-user-rules` dune 3.24 keeps nothing at all. `copy`: hard links do not reach from one
 * mount of a container to another, dune's trimming does not count what is linked, and a build that writes into a file of
 * `_build` would write into the cache.
 *
 * @param folder of the cache; undefined: there is no toolchain of ours to make a key of.
 */
export function duneCacheUse(
  caller: Readonly<Record<string, string | undefined>>,
  policy: CachePolicy,
  folder: string | undefined,
): DuneCacheUse {
  const theirs = ["DUNE_CACHE", "DUNE_CACHE_ROOT"].find((name) => (caller[name] ?? "") !== "");
  if (theirs !== undefined) return { environment: {}, because: `${theirs} is set, so it is left as it is` };
  // promise: dune-cache-keeps-to-the-policy
  if (!policy.restore) return { environment: { DUNE_CACHE: "disabled" }, because: policy.why };
  if (folder === undefined) return { environment: {}, because: "the build brings its own toolchain" };
  return { environment: { DUNE_CACHE: "enabled", DUNE_CACHE_ROOT: folder, DUNE_CACHE_STORAGE_MODE: "copy" } };
}
