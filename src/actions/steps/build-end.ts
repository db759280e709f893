import type { Context } from "../../platform/host.js";
import { cacheService } from "../../platform/runner/cache-service.js";
import { type Runner, gitHubRunner, readState } from "../../platform/runner/github.js";
import { type UsedCache, saveBuildCaches } from "../../project/caches/build-cache.js";
import { buildCacheSummary } from "../../summary/markup.js";
import { type CacheChoice, cachePolicyOf } from "../../toolchain/cache-policy.js";
import { runAction } from "../main.js";

const stateName = "build";

/** Inputs are read once, so the end of the job gets what it needs of them here. */
interface State {
  readonly caches: readonly UsedCache[];
  readonly cache: CacheChoice;
}

/**
 * The entry of an action with a build: the runner calls it for the step, and again at the end of a successful job, when
 * there is a state.
 */
export async function runWithEnd(step: () => Promise<void>): Promise<void> {
  const state = readState(stateName);
  if (state !== "") return runAction({}, (context, _, runner) => endOfBuild(context, runner, state));
  // Before anything can fail: a failed step with `continue-on-error` has an end of the job too.
  saveForEnd(gitHubRunner(process.env), [], "false");
  return step();
}

/** Saves the state for {@link endOfBuild}. */
export function saveForEnd(runner: Runner, caches: readonly UsedCache[], cache: CacheChoice): void {
  runner.saveState(stateName, JSON.stringify({ caches, cache } satisfies State));
}

/** Saves the build's caches for the next build. It never fails the job: the image is already published. */
async function endOfBuild(context: Context, runner: Runner, state: string): Promise<boolean> {
  const { caches, cache } = JSON.parse(state) as State;
  if (caches.length === 0) return true;
  const { host, log } = context;
  const policy = cachePolicyOf(host, cache);
  const kept = await log.group("Build caches", async () =>
    saveBuildCaches(context, caches, policy, policy.save ? await cacheService(host, log) : undefined),
  );
  await runner.appendSummary(buildCacheSummary(kept));
  return true;
}
