import type { Context } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { findProgram } from "../platform/process/programs.js";
import { putOverlay } from "./mirage/overlay.js";
import type { BuildRequest, Step } from "./plans/request.js";
import type { FinishedStep } from "./project.js";
import { StepOutput } from "./step-output.js";

/**
 * Runs a step of a build, in the toolchain's environment; what compilers said is shown beside the sources.
 *
 * @throws Problem with why it failed, as far as its output tells, and the command that does it again.
 */
export async function runStep(
  context: Context,
  request: BuildRequest,
  step: Step,
  environment: Record<string, string>,
): Promise<FinishedStep> {
  const started = performance.now();
  if ("overlay" in step) {
    const folder = await putOverlay(request.project.directory, context.host.folders.workspace, step);
    context.log.fact(step.name, `${step.overlay.path} is now ${folder}`);
    return { name: step.name, ms: Math.round(performance.now() - started) };
  }
  const printed = new StepOutput();
  const [name, ...args] = step.argv;
  const { exitCode } = await context.processes.run([programOf(name, environment), ...args], {
    cwd: step.cwd,
    env: { ...environment, ...step.env },
    onLine: (line) => {
      context.log.line(line);
      printed.line(line);
    },
  });
  const ms = Math.round(performance.now() - started);
  printed.annotate(context, step);
  if (exitCode !== 0) throw await printed.problem(step, exitCode, ms, environment["OPAMROOT"], request);
  context.log.fact(step.name, seconds(ms));
  return { name: step.name, ms };
}

/** Looked up on the toolchain's PATH, which is not the one of our own process. */
export function programOf(name: string, environment: Record<string, string>): string {
  const program = findProgram(name, environment["PATH"]);
  if (program === undefined) {
    throw new Problem(`${name} is not on PATH`, {
      do: `run setup first; without it (\`ocaml-version: none\`), install ${name} in a step of your own`,
    });
  }
  return program;
}
