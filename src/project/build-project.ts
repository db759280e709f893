import { readFile, rm } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { makeFolder } from "../platform/files/make-folder.js";
import { describeImage } from "../image/check.js";
import { readImage } from "../image/recognise.js";
import { writeFileAtomically } from "../platform/files/atomic.js";
import { hashOf } from "../platform/files/folder-content.js";
import { completeHistory } from "../platform/git-history.js";
import type { Context } from "../platform/host.js";
import { size } from "../platform/log.js";
import type { Architecture } from "../targets/architecture.js";
import { type TargetName, targets } from "../targets/targets.js";
import type { LockChoice, Toolchain } from "../toolchain/toolchain.js";
import { parseExtraRepositories } from "../toolchain/spec-text.js";
import { planBuild } from "./build-plan.js";
import { readDuneFiles } from "./dune-workspace.js";
import { buildEnvironment } from "./environment.js";
import { isOutside } from "./folder.js";
import { findImages } from "./images.js";
import { installProject, pinsItsRepository } from "./opam-project.js";
import { finishMirage } from "./plans/mirage.js";
import {
  type BuildPlan,
  type BuildRequest,
  type Findings,
  type Overlay,
  type Step,
  hookStep,
} from "./plans/request.js";
import type { Build, FinishedStep, BuiltImage, Project } from "./project.js";
import { runStep } from "./run-step.js";
import { usedPackages } from "./used-packages.js";

/** The inputs of a build: a subset of all inputs. */
export interface BuildInputs {
  readonly target: TargetName;
  readonly arch: Architecture;
  readonly configureArgs: readonly string[];
  readonly buildCommand: string | undefined;
  readonly lock: LockChoice;
  /** `name: url` lines, or `none`; undefined: mirage's defaults. */
  readonly extraRepos: readonly string[] | undefined;
  readonly duniverseOverlay: readonly Overlay[];
  readonly preConfigure: string | undefined;
  readonly postPull: string | undefined;
  readonly postBuild: string | undefined;
  readonly image: string | undefined;
  readonly installSystemPackages: boolean;
}

/**
 * Builds a project and finds its images.
 *
 * @param toolchain undefined: the build brings its own.
 * @throws Problem with the last lines of the failed step and a command to repeat it, or with the files that are not an
 *   image for the target.
 */
export async function buildProject(
  context: Context,
  inputs: BuildInputs,
  toolchain: Toolchain | undefined,
  project: Project,
): Promise<Build> {
  const request = await buildRequest(context, inputs, toolchain, project);
  const { target, architecture } = request;
  const plan = planBuild(request);
  await prepare(plan);
  const environment = buildEnvironment(context.host.environment, toolchain);
  const steps: FinishedStep[] = [];
  const run = async (planned: readonly Step[]) => {
    for (const step of planned) steps.push(await runStep(context, request, step, environment));
  };
  if (await pinsItsRepository(project)) await completeHistory(context, project.directory, environment);
  const runPlan = () => run(plan.steps);
  const installed =
    project.buildSystem === "opam" ? await installProject(context, request, environment, runPlan) : undefined;
  if (installed === undefined) await runPlan();
  const lockFile =
    project.buildSystem === "mirage" ? await finishMirage(context, { ...request, project }, run) : undefined;
  await run(hookStep(request, "post-build", inputs.postBuild));
  const images = await findImages(plan.images, target, architecture);
  for (const image of images) await logImage(context, project, image);
  const packages = installed ?? (await usedPackages(project, target, toolchain));
  return {
    project,
    steps,
    images,
    ...(lockFile === undefined ? {} : { lockFile }),
    ...(packages.length === 0 ? {} : { packages }),
  };
}

/** Everything that decides how the project is built. */
export async function buildRequest(
  context: Context,
  inputs: BuildInputs,
  toolchain: Toolchain | undefined,
  project: Project,
): Promise<BuildRequest> {
  return {
    ...inputs,
    extraRepos: inputs.extraRepos && parseExtraRepositories(inputs.extraRepos),
    overlays: inputs.duniverseOverlay,
    project,
    target: targets[inputs.target],
    architecture: inputs.arch,
    toolchain,
    findings: await inspect(project),
    folder: folderFor(context, project, inputs.target, inputs.arch),
  };
}

/** One state folder for each project, target and architecture: two builds of one job never share it. */
function folderFor({ host }: Context, project: Project, target: TargetName, architecture: Architecture): string {
  const mark = hashOf(project.directory, 8);
  return join(host.folders.state, "build", `${basename(project.directory)}-${mark}-${target}-${architecture}`);
}

async function inspect({ buildSystem, directory }: Project): Promise<Findings> {
  return {
    duneWorkspace: await readFile(join(directory, "dune-workspace"), "utf8").catch(() => undefined),
    duneFiles: buildSystem === "dune" ? await readDuneFiles(directory) : [],
  };
}

async function prepare(plan: BuildPlan): Promise<void> {
  for (const folder of plan.emptyFolders) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await makeFolder(folder);
  }
  for (const { path, text } of plan.files) await writeFileAtomically(path, text);
}

async function logImage(context: Context, project: Project, image: BuiltImage): Promise<void> {
  const { directory } = project;
  const shown = isOutside(directory, image.path) ? image.path : relative(directory, image.path);
  context.log.fact("image", `${shown}  ${size(image.bytes)}  sha256 ${image.sha256.slice(0, 16)}…`);
  context.log.fact("", describeImage(await readImage(image.path)));
}
