import type { Context } from "../../platform/host.js";
import type { CollectingRunner } from "../../platform/runner/github.js";
import type { Inputs, Part } from "../interface.js";
import type { PartFunction } from "../main.js";

/**
 * Runs all parts in order, as the root action does. A failed boot is still published, to keep its console.
 */
export async function runParts(
  parts: Readonly<Record<Part, PartFunction>>,
  context: Context,
  inputs: Inputs,
  runner: CollectingRunner,
): Promise<boolean> {
  if (!(await parts.setup(context, inputs, runner))) return false;
  if (!(await parts.build(context, inputs, runner))) return false;
  const built: Inputs = { ...inputs, image: runner.outputs["image"] };
  const outcomes: PromiseSettledResult<boolean>[] = [];
  for (const part of [parts.boot, parts.publish]) {
    outcomes.push(...(await Promise.allSettled([part(context, built, runner)])));
  }
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return outcomes.every((outcome) => outcome.status === "fulfilled" && outcome.value);
}
