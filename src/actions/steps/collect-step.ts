import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as v from "valibot";
import { type Artifact, artifactsIn } from "../../artifact/artifact.js";
import { attemptOf } from "../../artifact/build-info.js";
import { sumsName } from "../../artifact/checksums.js";
import {
  mergedChecksums,
  mergedJunit,
  olderAttempts,
  overBudget,
  overviewOf,
  overviewVerdict,
} from "../../collect/overview.js";
import { collectLines, collectSummary, overviewTitle } from "../../collect/table.js";
import { replaceFolder } from "../../platform/files/atomic.js";
import { hashOf } from "../../platform/files/folder-content.js";
import { createGitHubApi } from "../../platform/github/api.js";
import { keepComment } from "../../platform/github/comments.js";
import { type Context, isPersonal } from "../../platform/host.js";
import { firstOf, terminalWidth } from "../../platform/log.js";
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
    const found = existsSync(folder) ? await artifactsIn(folder, planned) : { artifacts: [], unwanted: [] };
    const { artifacts: legs, unwanted } = found;
    // Other jobs of the run, and other matrices, have artifacts too; they are not part of this report.
    if (unwanted.length > 0)
      log.notice(`ignored artifacts that belong to no leg of the matrix: ${firstOf(unwanted, 20).join(", ")}`);
    if (legs.length + planned.length === 0) {
      throw new Problem(`input folder: no artifact with a build-info.json in ${folder}`, {
        do: "download the artifacts of the run there first",
      });
    }
    const seen = overviewOf(legs, await readBaseline(context, inputs.baseline), planned);
    log.fact("legs", overviewTitle(seen));
    const most = isPersonal(context.host) ? terminalWidth - 2 : undefined;
    for (const line of collectLines(seen, most)) log.line(`  ${line}`);
    for (const sentence of olderAttempts(legs, attemptOf(context.host))) log.notice(sentence);
    const files = await writeReport(context, folder, legs);
    runner.setOutput("checksums", files.checksums);
    runner.setOutput("junit", files.junit);
    return { overview: seen, warnings: overBudget(seen, inputs) };
  });
  for (const warning of warnings) log.warning(warning);
  runner.setOutput("verdict", overviewVerdict(overview));
  await runner.appendSummary(collectSummary(overview, warnings));
  if (inputs.comment) {
    await comment(context, inputs.token, collectSummary(overview, warnings, mostOfComment)).catch((error: unknown) => {
      // The report is in the summary too.
      if (!(error instanceof Problem)) throw error;
      log.warning(`the pull request has no comment: ${error.message}${because(error)}`);
    });
  }
  return true;
}

const because = ({ facts }: Problem): string =>
  [facts.because ?? [], facts.do ?? []]
    .flat()
    .map((text) => `; ${text}`)
    .join("");

/** GitHub takes 65,536 characters. */
const mostOfComment = 60_000;

/** Writes the report as a comment of the pull request that the workflow runs for. */
async function comment({ host, log }: Context, token: string, body: string): Promise<void> {
  const { environment } = host;
  const repository = environment["GITHUB_REPOSITORY"] ?? "";
  const number = await pullRequestOf(environment["GITHUB_EVENT_PATH"]);
  if (number === undefined || repository === "") {
    log.notice("input comment: the workflow does not run for a pull request");
    return;
  }
  const api = createGitHubApi({
    baseUrl: environment["GITHUB_API_URL"] ?? "https://api.github.com",
    token,
    permission: "pull-requests: write",
    log,
    wait: (ms) => setTimeout(ms),
  });
  // A repository can have several workflows, and each keeps its own.
  const key = hashOf([environment["GITHUB_WORKFLOW"], environment["GITHUB_JOB"]].join("\n"), 16);
  log.fact("comment", await keepComment(api, { repository, number, marker: `<!-- unikernel-ci ${key} -->`, body }));
}

/** @returns the number of the pull request in the file with the workflow's event. */
async function pullRequestOf(path: string | undefined): Promise<number | undefined> {
  if (path === undefined) return undefined;
  const event: unknown = JSON.parse(await readFile(path, "utf8"));
  return v.is(pullRequestEvent, event) ? event.pull_request.number : undefined;
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
const pullRequestEvent = v.object({ pull_request: v.object({ number: v.number() }) });

/** An unreadable baseline is a notice, not an error: only the comparison needs it. */
async function readBaseline({ host, log }: Context, baseline: string | undefined): Promise<readonly Artifact[]> {
  if (baseline === undefined) return [];
  const folder = resolve(host.folders.workspace, baseline);
  if (!existsSync(folder)) {
    log.line("  no earlier run to compare with");
    return [];
  }
  try {
    return (await artifactsIn(folder)).artifacts;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    log.notice(`sizes are not compared: ${error.message}`);
    return [];
  }
}

/**
 * Writes the files over all legs into a folder of our own: where the artifacts are, a file of these names can be part
 * of one.
 */
async function writeReport({ host }: Context, artifacts: string, legs: readonly Artifact[]): Promise<ReportFiles> {
  // A job can collect several folders.
  const folder = host.isGitHubActions
    ? join(host.folders.state, "collect", hashOf(artifacts, 16))
    : join(host.folders.workspace, "_collect");
  const junit = await mergedJunit(legs);
  await replaceFolder(/* promise: reports-lie-elsewhere */ folder, async (draft) => {
    await writeFile(join(draft, sumsName), mergedChecksums(legs));
    if (junit !== undefined) await writeFile(join(draft, "junit.xml"), junit);
  });
  return { checksums: join(folder, sumsName), junit: junit === undefined ? "" : join(folder, "junit.xml") };
}

/** Absolute paths; empty for a file that was not written. */
interface ReportFiles {
  readonly checksums: string;
  readonly junit: string;
}
