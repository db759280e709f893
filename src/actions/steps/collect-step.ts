import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { artifactsIn } from "../../artifact/artifact.js";
import { mergedJunit } from "../../collect/merge-junit.js";
import {
  type CollectedLeg,
  mergedChecksums,
  readLegs,
  overBudget,
  overviewOf,
  overviewVerdict,
} from "../../collect/overview.js";
import { collectLines, collectSummary, overviewTitle } from "../../collect/table.js";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import type { Runner } from "../../platform/runner/github.js";
import type { CollectInputs } from "../collect-interface.js";

/**
 * Reports on the artifacts of all legs: one table, one SHA256SUMS, one JUnit file. It warns of images over budget, and
 * succeeds even if a leg failed: the leg has failed its own job.
 */
export async function collect(context: Context, inputs: CollectInputs, runner: Runner): Promise<boolean> {
  const { log } = context;
  const { matrix: planned } = inputs;
  const folder = resolve(context.host.folders.workspace, inputs.folder);
  const { overview, warnings } = await log.group("Collect", async () => {
    // actions/download-artifact makes no folder for a run without artifacts.
    const { artifacts } = existsSync(folder) ? await artifactsIn(folder) : { artifacts: [] };
    // Other jobs of the run, and other matrices, have artifacts too; they are not part of this report.
    const isPlanned = (artifact: string) => planned.length === 0 || planned.includes(artifact);
    const foreign = artifacts.filter((artifact) => !isPlanned(artifact));
    if (foreign.length > 0) log.notice(`ignored artifacts that belong to no leg of the matrix: ${foreign.join(", ")}`);
    const legs = await readLegs(folder, artifacts.filter(isPlanned));
    if (legs.length + planned.length === 0) {
      throw new Problem(`input folder: no artifact with a build-info.json in ${folder}`, {
        do: "download the artifacts of the run there first, each into a subfolder of its name",
      });
    }
    const seen = overviewOf(legs, await readBaseline(context, inputs.baseline), planned);
    log.fact("legs", overviewTitle(seen));
    for (const line of collectLines(seen)) log.line(`  ${line}`);
    runner.setOutput("checksums", await written(join(folder, "SHA256SUMS"), mergedChecksums(legs)));
    runner.setOutput("junit", await written(join(folder, "junit.xml"), mergedJunit(legs)));
    return { overview: seen, warnings: overBudget(seen, inputs) };
  });
  for (const warning of warnings) log.warning(warning);
  runner.setOutput("verdict", overviewVerdict(overview));
  await runner.appendSummary(collectSummary(overview, warnings));
  return true;
}

/** An unreadable baseline is a notice, not an error: only the comparison needs it. */
async function readBaseline({ host, log }: Context, baseline: string | undefined): Promise<readonly CollectedLeg[]> {
  if (baseline === undefined) return [];
  const folder = resolve(host.folders.workspace, baseline);
  if (!existsSync(folder)) {
    log.line("  no earlier run to compare with");
    return [];
  }
  try {
    return await readLegs(folder, (await artifactsIn(folder)).artifacts);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    log.notice(`sizes are not compared: ${error.message}`);
    return [];
  }
}

async function written(path: string, content: string | undefined): Promise<string> {
  if (content === undefined) return "";
  await writeFileAtomically(path, content);
  return path;
}
