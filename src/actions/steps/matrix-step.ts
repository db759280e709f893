import { type MatrixPlan, type Projects, placesIn, planMatrix } from "../../matrix/plan-matrix.js";
import { strategyMatrix } from "../../matrix/strategy.js";
import { matrixLines, matrixSummary, matrixTables, matrixTitle } from "../../matrix/table.js";
import { type Context, type Host, limitOf } from "../../platform/host.js";
import { printedJson } from "../../platform/log.js";
import type { Runner } from "../../platform/runner/github.js";
import { Problem } from "../../platform/problem.js";
import { detectProject } from "../../project/detect.js";
import type { Project } from "../../project/project.js";
import type { MatrixInputs } from "../matrix-interface.js";

/** Plans the matrix: sets the output `matrix`, and writes a table to the summary. */
export async function matrix(context: Context, inputs: MatrixInputs, runner: Runner): Promise<boolean> {
  const { log } = context;
  const plan = await log.group("Matrix", async () => {
    const decided = await decide(context, inputs);
    log.fact("legs", matrixTitle(decided));
    for (const line of matrixLines(decided)) log.line(`  ${line}`);
    return decided;
  });
  tell(context, plan);
  runner.setOutput("matrix", JSON.stringify(strategyMatrix(plan, inputs.group)));
  await runner.appendSummary(matrixSummary(plan));
  return true;
}

/** The same for the command line: prints the table, or the JSON of the output. */
export async function printMatrix(
  context: Context,
  inputs: MatrixInputs,
  print: (text: string) => void,
  asJson: boolean,
): Promise<boolean> {
  const plan = await decide(context, inputs);
  if (asJson) print(`${printedJson(strategyMatrix(plan, inputs.group))}\n`);
  else for (const line of matrixTables(plan)) print(`${line}\n`);
  tell(context, plan);
  return true;
}

async function decide({ host, log }: Context, inputs: MatrixInputs): Promise<MatrixPlan> {
  const projects = await projectsOf(host, inputs);
  for (const project of projects.values())
    if (!(project instanceof Problem)) log.debug(`project: ${project.description}`);
  return planMatrix(inputs, projects);
}

/** The projects of all lines: one that is missing is an error of its line. */
async function projectsOf(host: Host, inputs: MatrixInputs): Promise<Projects> {
  const projects = new Map<string, Project | Problem>();
  for (const [name, { directory, configFile }] of placesIn(inputs)) {
    const asked = { ...inputs, directory, configFile: configFile === "" ? undefined : configFile };
    const found = detectProject(host.folders.workspace, { ...asked, buildCommand: undefined }, limitOf(host));
    projects.set(
      name,
      await found.catch((error: unknown) => {
        if (error instanceof Problem) return error;
        throw error;
      }),
    );
  }
  return projects;
}

function tell({ log }: Context, { skipped, notices }: MatrixPlan): void {
  for (const sentence of notices) log.notice(sentence);
  for (const sentence of skipped) log.notice(`skipped: ${sentence}`);
}
