import { getInput } from "@actions/core";
import { type Context, foldersOf, inspectHost } from "../platform/host.js";
import type { Log } from "../platform/log.js";
import { Problem, type WholeLog } from "../platform/problem.js";
import { processes } from "../platform/process/process.js";
import { createLog, wantsColour } from "../platform/runner/console-log.js";
import { type Runner, gitHubRunner } from "../platform/runner/github.js";
import { systemProblem } from "../platform/system-error.js";
import { type InputDefinitions, type Parsed, type ReadInput, deprecations, parseInputs } from "./definition.js";
import { type InputName, type Inputs, type Part, inputs } from "./interface.js";

/** One part of a run. False: it failed, and has said why. */
export type PartFunction = (context: Context, inputs: Inputs, runner: Runner) => Promise<boolean>;

/** The entry of the JavaScript action of a part: reads its inputs, runs it, and fails the step where it fails. */
export async function runPart(part: Part, run: PartFunction): Promise<void> {
  const isOurs = (name: InputName) => inputs[name].parts.includes(part);
  await runAction(inputs, run, (name) => (isOurs(name) ? getInput(name) : undefined));
}

/** What every action of ours does around its work: the log, the inputs, the machine, and the end. */
export async function runAction<Definitions extends InputDefinitions>(
  definitions: Definitions,
  run: (context: Context, inputs: Parsed<Definitions>, runner: Runner) => Promise<boolean>,
  read: ReadInput<keyof Definitions & string> = getInput,
): Promise<void> {
  const log = createLog({
    gitHub: process.env["GITHUB_ACTIONS"] === "true",
    write: (text) => process.stdout.write(text),
    colour: wantsColour(process.env),
    verbose: process.env["RUNNER_DEBUG"] === "1",
  });
  await runGuarded(log, async () => {
    const context: Context = { log, processes, host: inspectHost() };
    return run(context, given(log, definitions, read), gitHubRunner(context.host.environment));
  });
  // A service that has never answered would keep us here by the socket that waits for it.
  process.exit();
}

/** The inputs that somebody gave; the log says which of them will not be there for ever. */
export function given<Definitions extends InputDefinitions>(
  log: Log,
  definitions: Definitions,
  read: ReadInput<keyof Definitions & string>,
): Parsed<Definitions> {
  for (const sentence of deprecations(definitions, read)) log.warning(sentence);
  return parseInputs(definitions, read);
}

/** Runs to the end and sets our exit status; a {@link Problem} is told as it is, so is a folder that cannot be used, anything else as our own defect. */
export async function runGuarded(log: Log, run: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await run())) process.exitCode = 1;
  } catch (error) {
    process.exitCode = 1;
    const problem = error instanceof Problem ? error : systemProblem(error, () => foldersOf(process.env));
    if (problem !== undefined) {
      if (problem.wholeLog !== undefined) await showWhole(log, problem.wholeLog);
      log.error(problem.toString());
      return;
    }
    log.error("a defect of unikernel-ci, not of your project: please report it with this log");
    log.line(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function showWhole(log: Log, { title, lines }: WholeLog): Promise<void> {
  return log.group(title, () => {
    log.untrusted(lines);
    return Promise.resolve();
  });
}
