import { type MatrixPlan, planMatrix } from "../../matrix/plan-matrix.js";
import { strategyMatrix } from "../../matrix/strategy.js";
import { matrixLines, matrixSummary, matrixTitle } from "../../matrix/table.js";
import type { Context } from "../../platform/host.js";
import { printedJson } from "../../platform/log.js";
import type { Runner } from "../../platform/runner/github.js";
import { detectProject } from "../../project/detect.js";
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
  else for (const line of matrixLines(plan)) print(`${line}\n`);
  tell(context, plan);
  return true;
}

async function decide({ host, log }: Context, inputs: MatrixInputs): Promise<MatrixPlan> {
  const project = await detectProject(host.folders.workspace, { ...inputs, buildCommand: undefined });
  log.debug(`project: ${project.description}`);
  return planMatrix(inputs, project);
}

function tell({ log }: Context, { skipped, notices }: MatrixPlan): void {
  for (const sentence of notices) log.notice(sentence);
  for (const sentence of skipped) log.notice(`skipped: ${sentence}`);
}
