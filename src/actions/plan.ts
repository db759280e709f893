import type { Context } from "../platform/host.js";
import { type Log, printedJson, seconds } from "../platform/log.js";
import { quote } from "../platform/process/process.js";
import { describeToolchain, type PlannedSetUp } from "../toolchain/planned-set-up.js";
import type { Inputs } from "./interface.js";
import { type PlannedRun, type PlannedScenario, planRun } from "./steps/planned-run.js";

/** Shows what a run with these inputs would do, and does nothing. */
export async function plan(
  context: Context,
  inputs: Inputs,
  print: (text: string) => void,
  asJson: boolean,
): Promise<boolean> {
  const planned = await planRun(context, inputs);
  if (asJson) print(`${printedJson(printable(planned))}\n`);
  else tellPlan(context.log, planned);
  return true;
}

/** Without the environment of the toolchain, which is long and about files that may not exist. */
function printable({ setup, ...rest }: PlannedRun): object {
  if (setup === null) return { ...rest, setup };
  const { toolchain, ...known } = setup;
  return { ...rest, setup: { ...known, key: toolchain?.key ?? null, path: toolchain?.path ?? null } };
}

/** The plan, in the order and words of a run's log. */
function tellPlan(log: Log, { setup, build, boots, publish }: PlannedRun): void {
  if (setup === null) log.line("no toolchain: `ocaml-version: none`");
  else tellSetUp(log, setup);
  log.line("> Build");
  for (const path of build.writes) log.fact("writes", path);
  for (const { name, command } of build.commands) log.fact("runs", command ?? name);
  if (build.lockFile !== undefined)
    log.fact("lock", `${build.lockFile} decides the packages if it fits, which \`mirage configure\` shows`);
  log.fact("images", `${build.images.folder}/${build.images.pattern}`);
  log.line("> Boot");
  for (const boot of boots) tellBoot(log, boot);
  log.line("> Publish");
  log.fact("artifact", publish.artifact);
  log.fact("folder", publish.folder);
}

function tellSetUp(log: Log, { systemPackages, toolchains }: PlannedSetUp): void {
  if (systemPackages.length > 0) log.fact("apt", `would install ${systemPackages.join(" ")}`);
  if (toolchains.length === 0)
    log.fact("toolchain", "its key is known once the C compiler is installed; it may be in a cache");
  for (const [at, one] of toolchains.entries()) log.fact(at === 0 ? "toolchain" : "on", describeToolchain(one));
}

function tellBoot(log: Log, { scenario, images, times, args, ways, refusal, passes, withinMs }: PlannedScenario): void {
  if (scenario !== undefined)
    log.line(`  scenario ${scenario}${images === undefined ? "" : ` (${images.join(", ")})`}:`);
  if (refusal !== undefined) {
    log.fact("not booted", refusal);
    return;
  }
  for (const [at, { words, needs }] of ways.entries())
    log.fact(at === 0 ? "machine" : "else", needs === undefined ? words : `${words} (${needs})`);
  if (times > 1) log.fact("times", String(times));
  if (args.length > 0) log.fact("arguments", args.map(quote).join(" "));
  log.fact("passes if it", `${passes.join(" and ")}, within ${seconds(withinMs)}`);
}
