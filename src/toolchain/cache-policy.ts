import type { Host } from "../platform/host.js";

/** What may be done with the actions cache in this run. */
export interface CachePolicy {
  readonly restore: boolean;
  readonly save: boolean;
  /** A phrase for the log. */
  readonly why: string;
}

/**
 * Events whose cache nobody else may be given: a release must be built from scratch to be trusted, and code of others
 * runs with the rights of the default branch in `pull_request_target` and `workflow_run`.
 * https://github.com/astral-sh/setup-uv/blob/main/docs/caching.md
 */
const withoutCache = [
  /* promise: no-cache-in-release */ "release",
  /* promise: no-cache-in-pull-request-target */ "pull_request_target",
  /* promise: no-cache-in-workflow-run */ "workflow_run",
];

/** A build that shall show what it is made of alone. */
export const fromClean: CachePolicy = { restore: false, save: false, why: "reproducible: true builds from clean" };

/** The input `cache`. */
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
    return { restore: false, save: false, why: `cache: auto keeps off in ${eventName} events` };
  }
  // promise: no-cache-for-tags
  if (eventName === "push" && ref?.startsWith("refs/tags/")) {
    return { restore: false, save: false, why: "cache: auto keeps off for tags" };
  }
  return { restore: true, save: true, why: "cache: auto" };
}

/** The policy of the run that this machine is in. */
export function cachePolicyOf({ environment }: Pick<Host, "environment">, input: CacheChoice): CachePolicy {
  return cachePolicy(input, environment["GITHUB_EVENT_NAME"], environment["GITHUB_REF"]);
}
