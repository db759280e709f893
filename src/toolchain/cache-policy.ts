import type { Host } from "../platform/host.js";

/** How this run may use the actions cache. */
export interface CachePolicy {
  readonly restore: boolean;
  readonly save: boolean;
  /** A phrase for the log. */
  readonly why: string;
}

/**
 * Events that must not share a cache: a release must be built from scratch to be trusted, and `pull_request_target`
 * and `workflow_run` run foreign code with the rights of the default branch.
 * https://github.com/astral-sh/setup-uv/blob/main/docs/caching.md
 */
const withoutCache = [
  /* promise: no-cache-in-release */ "release",
  /* promise: no-cache-in-pull-request-target */ "pull_request_target",
  /* promise: no-cache-in-workflow-run */ "workflow_run",
];

/** For a build that must depend on its sources alone. */
export const fromClean: CachePolicy = { restore: false, save: false, why: "reproducible: true builds from clean" };

export type CacheChoice = "auto" | "true" | "false" | "read-only";

/**
 * @param input the input `cache`.
 * @param eventName GITHUB_EVENT_NAME; undefined outside of Actions.
 * @param ref GITHUB_REF.
 */
export function cachePolicy(input: CacheChoice, eventName: string | undefined, ref: string | undefined): CachePolicy {
  if (input === "true") return { restore: true, save: true, why: "cache: true" };
  if (input === "false") return { restore: false, save: false, why: "cache: false" };
  if (input === "read-only") return { restore: true, save: false, why: "cache: read-only" };
  // promise: no-cache-in-such-events
  if (eventName !== undefined && withoutCache.includes(eventName)) {
    return { restore: false, save: false, why: `cache: auto disables caching in ${eventName} events` };
  }
  // By the ref: `create` and `workflow_dispatch` run on tags too.
  // promise: no-cache-for-tags
  if (ref?.startsWith("refs/tags/") === true) {
    return { restore: false, save: false, why: "cache: auto disables caching for tags" };
  }
  return { restore: true, save: true, why: "cache: auto" };
}

export function cachePolicyOf({ environment }: Pick<Host, "environment">, input: CacheChoice): CachePolicy {
  return cachePolicy(input, environment["GITHUB_EVENT_NAME"], environment["GITHUB_REF"]);
}
