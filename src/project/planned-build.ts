import { relative } from "node:path";
import type { Context } from "../platform/host.js";
import { isLockFor, type Toolchain } from "../toolchain/toolchain.js";
import { planBuild } from "./build-plan.js";
import { type BuildInputs, buildRequest } from "./build-project.js";
import type { Search } from "./images.js";
import { planAfterConfigure } from "./plans/mirage.js";
import { type BuildRequest, type Step, hookStep } from "./plans/request.js";
import type { Project } from "./project.js";
import { commandOf } from "./run-step.js";

/** What a build would do. */
export interface PlannedBuild {
  /** In this order. */
  readonly commands: readonly PlannedCommand[];
  /** Where its images would be. */
  readonly images: Search;
  /** Absolute paths that it would write before the first command. */
  readonly writes: readonly string[];
  /** The committed lock file that decides the packages if it fits, which shows after `mirage configure`. */
  readonly lockFile?: string;
}

export interface PlannedCommand {
  /** As in the log of a build. */
  readonly name: string;
  /** For a shell, in the toolchain's environment; absent for a step of ours. */
  readonly command?: string;
}

/**
 * Plans a build, and runs nothing.
 *
 * @param toolchain as it would be; its files need not exist.
 * @throws Problem as {@link planBuild} does.
 */
export async function plannedBuild(
  context: Context,
  inputs: BuildInputs,
  toolchain: Toolchain | undefined,
  project: Project,
): Promise<PlannedBuild> {
  const request = await buildRequest(context, inputs, toolchain, project);
  const { steps, files, images } = planBuild(request);
  const lockFile =
    request.lock === "ignore" ? undefined : project.lockFiles?.find(({ path }) => isLockFor(path, request.target));
  return {
    commands: [...steps, ...stepsAfter(request), ...hookStep(request, "post-build", inputs.postBuild)].map(
      (step): PlannedCommand =>
        "overlay" in step
          ? { name: `${step.name}: ${step.overlay.path}` }
          : { name: step.name, command: inFolder(step, context) },
    ),
    images,
    writes: files.map(({ path }) => path),
    ...(lockFile === undefined ? {} : { lockFile: lockFile.path }),
  };
}

/** What follows `mirage configure`, as if there were no lock file: whether that fits shows only then. */
function stepsAfter({ project, ...request }: BuildRequest): readonly Step[] {
  return project.buildSystem === "mirage"
    ? planAfterConfigure({ ...request, project, lock: "ignore" }, undefined).steps
    : [];
}

/** Without `cd` where the step runs in the workspace's folder. */
function inFolder(step: Exclude<Step, { overlay: unknown }>, { host }: Context): string {
  const command = commandOf(step);
  const isHere = relative(host.folders.workspace, step.cwd) === "";
  return isHere ? command.slice(command.indexOf(" && ") + " && ".length) : command;
}
