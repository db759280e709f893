import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readInputs } from "../../src/actions/interface.js";
import { build } from "../../src/actions/steps/build-step.js";
import { publishTo } from "../../src/actions/steps/publish-step.js";
import { setup } from "../../src/actions/steps/setup-step.js";
import type { Context } from "../../src/platform/host.js";
import { Problem } from "../../src/platform/problem.js";
import { processes } from "../../src/platform/process/process.js";
import { collectingRunner } from "../../src/platform/runner/github.js";
import type { BuildInfo } from "../../src/artifact/schema.js";
import { collectingLog } from "../collecting-log.js";
import { type GivenInputs, hostIn } from "./set-up.js";

/** A job without its boot: what the parts gave, and the folder of the artifact. */
export interface Job {
  /** Absolute paths. */
  readonly images: readonly string[];
  /** Absolute. */
  readonly artifact: string;
  readonly info: BuildInfo;
  readonly summary: string;
  readonly log: readonly string[];
}

/** A folder of its own: the tool cache, the state, and the checkout in `checkout`. */
export function newMachine(): string {
  return mkdtempSync(join(tmpdir(), "unikernel-ci-job-"));
}

/** Writes files of the checkout. */
export function checkout(machine: string, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(machine, "checkout");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** @param runner what RUNNER_ENVIRONMENT says; undefined: outside of Actions. */
function contextIn(machine: string, log: string[], runner?: string): Context {
  const outside = hostIn(machine);
  const environment = { ...outside.environment, RUNNER_ENVIRONMENT: runner };
  const host = runner === undefined ? outside : { ...outside, environment, isGitHubActions: true };
  return {
    host: { ...host, folders: { ...host.folders, workspace: join(machine, "checkout") } },
    log: collectingLog(log),
    processes,
  };
}

async function setUpOnly(machine: string, given: GivenInputs, log: string[], on?: string): Promise<void> {
  await setup(
    contextIn(machine, log, on),
    readInputs((name) => given[name]),
    collectingRunner(),
  );
}

/** Sets up, builds and publishes, one step after another, as a job does. */
export async function runJob(machine: string, given: GivenInputs, log: string[] = [], on?: string): Promise<Job> {
  const context = contextIn(machine, log, on);
  const runner = collectingRunner();
  const inputs = (more: GivenInputs = {}) => readInputs((name) => ({ ...given, ...more })[name]);
  await setup(context, inputs(), runner);
  await build(context, inputs(), runner);
  const image = runner.outputs["image"] ?? "";
  await publishTo({ unavailable: "a test" })(context, inputs({ image }), runner);
  const artifact = log.findLast((line) => line.startsWith("folder: "))?.slice("folder: ".length) ?? "";
  return {
    images: JSON.parse(runner.outputs["images"] ?? "[]") as string[],
    artifact,
    info: JSON.parse(readFileSync(join(artifact, "build-info.json"), "utf8")) as BuildInfo,
    summary: runner.summaries.join("\n"),
    log,
  };
}

/** How a job fails. */
export async function failedJob(machine: string, given: GivenInputs, log: string[] = []): Promise<Problem> {
  const error: unknown = await runJob(machine, given, log).catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error("no Problem", { cause: error });
}

// For tests of jobs by other users: `node --import tsx job.ts MACHINE INPUTS-AS-JSON`; with `"only": "setup"` no more
// than that, with `"on"` on a runner.
const [, script, folder, text] = process.argv;
if (script?.endsWith("/job.ts") === true && folder !== undefined && text !== undefined) {
  const { only, on, ...given } = JSON.parse(text) as GivenInputs & { readonly only?: string; readonly on?: string };
  const log: string[] = [];
  try {
    await (only === "setup" ? setUpOnly : runJob)(folder, given, log, on);
  } finally {
    console.log(log.join("\n"));
  }
}
