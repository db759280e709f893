import { readdirSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { type Context, limitOf } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { killedFact, lastLines, quote } from "../platform/process/process.js";
import { findProgram } from "../platform/process/programs.js";
import { explainOpam } from "../toolchain/opam/opam-problem.js";
import { annotate } from "./annotate.js";
import { type Diagnostic, DiagnosticReader } from "./diagnostics.js";
import { packagesOf } from "./folder.js";
import { putOverlay } from "./mirage/overlay.js";
import type { BuildRequest, Step, PlannedStep } from "./plans/request.js";
import type { FinishedStep } from "./project.js";

/**
 * Runs a step of a build in the toolchain's environment, and annotates the sources with the compilers' errors.
 *
 * @throws Problem with the cause, if the output shows one, and a command to repeat the step.
 */
export async function runStep(
  context: Context,
  request: BuildRequest,
  step: Step,
  environment: Record<string, string>,
): Promise<FinishedStep> {
  const started = performance.now();
  if ("overlay" in step) {
    const folder = await putOverlay(request.project.directory, limitOf(context.host), step);
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

/**
 * The absolute path of a program on the PATH of `environment`, which is not the PATH of this process.
 *
 * @throws Problem when it is not there.
 */
export function programOf(name: string, environment: Record<string, string>): string {
  const program = findProgram(name, environment["PATH"]);
  if (program === undefined) {
    throw new Problem(`${name} is not on PATH`, {
      do: `run setup first; with \`ocaml-version: none\`, install ${name} in a step before the build`,
    });
  }
  return program;
}

/** Enough for opam's longest explanation and a compiler's longest list of errors; a build can print without limit. */
const keptLines = 4_000;
const keptCharacters = 4 * 1024 * 1024;
const keptDiagnostics = 1_000;

/** The end of a step's output, and the diagnostics in it, to explain a failure. */
export class StepOutput {
  private readonly reader = new DiagnosticReader();
  private readonly diagnostics: Diagnostic[] = [];
  private readonly recent: string[] = [];
  private recentCharacters = 0;

  line(coloured: string): void {
    const line = stripVTControlCharacters(coloured);
    this.recent.push(line);
    this.recentCharacters += line.length;
    while (this.recent.length > keptLines || this.recentCharacters > keptCharacters) {
      for (const { length } of this.recent.splice(0, Math.ceil(this.recent.length / 2)))
        this.recentCharacters -= length;
    }
    this.keep(this.reader.line(line));
  }

  annotate({ host, log }: Context, { cwd }: PlannedStep): void {
    this.keep(this.reader.end());
    annotate(log, { workspace: host.folders.workspace, cwd, packages: packagesOf(readdirSync(cwd)) }, this.diagnostics);
  }

  /**
   * The error of the failed step.
   *
   * @param ms how long it ran.
   * @param root opam's root, if there is one.
   */
  async problem(
    step: PlannedStep,
    exitCode: number,
    ms: number,
    root: string | undefined,
    request: BuildRequest,
  ): Promise<Problem> {
    const output = this.recent.join("\n");
    const { target, toolchain } = request;
    const explained = await explainOpam({ output, root, backend: target.backend, versions: toolchain?.spec.versions });
    const again = commandOf(step);
    if (explained !== undefined) {
      const { what, facts, wholeLog } = explained;
      return new Problem(`${step.name} failed after ${seconds(ms)}: ${what}`, { ...facts, again }, { wholeLog });
    }
    const advice = step.advice?.find(({ when }) => this.recent.some((line) => when.test(line)));
    return new Problem(`${step.name} failed with status ${exitCode} after ${seconds(ms)}`, {
      ...killedFact(exitCode),
      evidence: lastLines(output, 30),
      ...(advice === undefined ? {} : { do: advice.say }),
      again,
    });
  }

  private keep(diagnostics: readonly Diagnostic[]): void {
    if (this.diagnostics.length < keptDiagnostics) this.diagnostics.push(...diagnostics);
  }
}

/** The step as a shell command, to be run in the toolchain's environment. */
export function commandOf(step: PlannedStep): string {
  const variables = Object.entries(step.env).map(([name, value]) => `${name}=${quote(value)}`);
  return [`cd ${quote(step.cwd)} &&`, ...variables, ...step.argv.map(quote)].join(" ");
}
