import { getInput } from "@actions/core";
import { type Context, foldersOf, inspectHost } from "../platform/host.js";
import type { Log } from "../platform/log.js";
import { Problem, type WholeLog, messageOf } from "../platform/problem.js";
import { processes } from "../platform/process/process.js";
import { isLostUpload } from "../platform/runner/cache-service.js";
import { createLog, wantsColour } from "../platform/runner/console-log.js";
import { type Runner, gitHubRunner } from "../platform/runner/github.js";
import { guardStreams, writeTo } from "../platform/runner/standard-streams.js";
import { systemProblem } from "../platform/system-error.js";
import {
  type InputDefinitions,
  type Parsed,
  type ReadInput,
  deprecations,
  mistypedInputs,
  parseInputs,
} from "./definition.js";
import { type InputName, type Inputs, type Part, inputNames, inputs } from "./interface.js";

/** One part of a run. It returns false when it failed and has logged why. */
export type PartFunction = (context: Context, inputs: Inputs, runner: Runner) => Promise<boolean>;

/** Whitespace can be part of a regular expression: {@link parseInputs} removes it elsewhere. */
const readInput = (name: string): string => getInput(name, { trimWhitespace: false });

/** The entry of a part's JavaScript action: reads its inputs, runs it, and fails the step if it fails. */
export async function runPart(part: Part, run: PartFunction): Promise<void> {
  const isOurs = (name: InputName) => inputs[name].parts.includes(part);
  await runAction(inputs, run, (name) => (isOurs(name) ? readInput(name) : undefined));
}

/** Runs an action: makes its log, reads its inputs, inspects the machine, sets the exit status and ends the process. */
export async function runAction<Definitions extends InputDefinitions>(
  definitions: Definitions,
  run: (context: Context, inputs: Parsed<Definitions>, runner: Runner) => Promise<boolean>,
  read: ReadInput<keyof Definitions & string> = readInput,
): Promise<void> {
  const gitHub = process.env["GITHUB_ACTIONS"] === "true";
  const log = createLog({
    gitHub,
    write: writeTo("stdout"),
    colour: wantsColour(process.env),
    verbose: process.env["RUNNER_DEBUG"] === "1",
  });
  guardProcess(log, gitHub);
  await runGuarded(log, async () => {
    const context: Context = { log, processes, host: inspectHost() };
    for (const sentence of mistypedInputs([...Object.keys(definitions), ...inputNames], process.env))
      log.warning(sentence);
    return run(context, given(log, definitions, read), gitHubRunner(context.host.environment));
  });
  // An open socket to a service that never answered would keep the process alive.
  process.exit();
}

/** Parses the inputs, and warns of deprecated ones. */
export function given<Definitions extends InputDefinitions>(
  log: Log,
  definitions: Definitions,
  read: ReadInput<keyof Definitions & string>,
): Parsed<Definitions> {
  for (const sentence of deprecations(definitions, read)) log.warning(sentence);
  return parseInputs(definitions, read);
}

/** Gets the error that ends a command, before it is logged: `--json` prints it too. */
let observe: (error: unknown) => void = () => undefined;

export function observeFailures(observer: (error: unknown) => void): void {
  observe = observer;
}

/**
 * Runs, and sets the exit status (docs/command-line.md). A {@link Problem} and an unusable folder are logged as the
 * user's to solve, any other error as a bug of unikernel-ci.
 */
export async function runGuarded(log: Log, run: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await run())) process.exitCode = 1;
  } catch (error) {
    process.exitCode = problemOf(error)?.exitCode ?? 1;
    await showFailure(log, error);
  }
}

let catchesRest = false;

/**
 * From now on, the log gets everything that is printed. An error or rejection that nothing catches ends the process as
 * {@link runGuarded} does: Node would print it, with its stack, past the guard.
 */
export function guardProcess(log: Log, gitHub: boolean): void {
  guardStreams(log, gitHub);
  if (catchesRest) return;
  catchesRest = true;
  // promise: uncaught-errors-are-guarded
  process.on("uncaughtException", (error) => {
    if (isLostUpload(error)) return;
    void showFailure(log, error).finally(() => process.exit(1));
  });
}

const problemOf = (error: unknown): Problem | undefined =>
  error instanceof Problem ? error : systemProblem(error, () => foldersOf(process.env));

async function showFailure(log: Log, error: unknown): Promise<void> {
  const problem = problemOf(error);
  observe(problem ?? error);
  if (problem !== undefined) {
    if (problem.wholeLog !== undefined) await showWhole(log, problem.wholeLog);
    log.error(problem.toString());
    return;
  }
  const report = "please report it with this log; debug logging, or `--verbose`, adds where it happened";
  log.error(new Problem("this is a bug in unikernel-ci", { because: messageOf(error), do: report }).toString());
  if (error instanceof Error) log.debug(error.stack ?? "");
}

function showWhole(log: Log, { title, lines }: WholeLog): Promise<void> {
  return log.group(title, () => {
    log.untrusted(lines);
    return Promise.resolve();
  });
}
