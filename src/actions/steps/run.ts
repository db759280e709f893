import type { Context } from "../../platform/host.js";
import type { Runner } from "../../platform/runner/github.js";
import type { Inputs, Part } from "../interface.js";
import type { PartFunction } from "../main.js";

/**
 * Runs all parts in order, as the root action does. A failed boot is still published, to keep its console.
 */
export async function runParts(
  parts: Readonly<Record<Part, PartFunction>>,
  context: Context,
  inputs: Inputs,
  runner: Runner,
): Promise<boolean> {
  let images: string | undefined;
  const watching: Runner = {
    ...runner,
    setOutput(name, value) {
      if (name === "images") images = value;
      runner.setOutput(name, value);
    },
  };
  if (!(await parts.setup(context, inputs, runner))) return false;
  if (!(await parts.build(context, inputs, watching))) return false;
  const built: Inputs = { ...inputs, image: images };
  const outcomes: PromiseSettledResult<boolean>[] = [];
  for (const part of [parts.boot, parts.publish]) {
    outcomes.push(...(await Promise.allSettled([part(context, built, runner)])));
  }
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return outcomes.every((outcome) => outcome.status === "fulfilled" && outcome.value);
}
