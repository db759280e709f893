import { Problem } from "../platform/problem.js";
import { planCommand } from "./plans/command.js";
import { planDune } from "./plans/dune.js";
import { planMirage } from "./plans/mirage.js";
import { planOpam } from "./plans/opam.js";
import { type BuildPlan, type BuildRequest, hookStep } from "./plans/request.js";
import type { BuildSystem } from "./project.js";

/**
 * The commands that build a project, and what they need first; of a mirage project those up to its configuration.
 *
 * @throws Problem when an input is for mirage and the project is not, or a lock that must be there is missing.
 */
export function planBuild(request: BuildRequest): BuildPlan {
  checkMirageInputs(request);
  checkConfigureArgs(request);
  const { image, preConfigure, project } = request;
  const plan =
    project.buildSystem === "mirage" ? planMirage({ ...request, project }) : planners[project.buildSystem](request);
  const images = image === undefined ? plan.images : { folder: project.directory, pattern: image };
  return { ...plan, images, steps: [...hookStep(request, "pre-configure", preConfigure), ...plan.steps] };
}

function checkMirageInputs({ project, postPull, overlays, extraRepos, lock }: BuildRequest): void {
  if (project.buildSystem === "mirage") return;
  const given = {
    "post-pull": postPull !== undefined,
    "duniverse-overlay": overlays.length > 0,
    "extra-repos": extraRepos !== undefined,
    lock: lock === "require",
  };
  const [input] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (input === undefined) return;
  throw new Problem(
    `input ${input}: the project is built by ${project.buildSystem}, and only mirage pulls sources by a lock`,
    {
      do: `leave \`${input}\` out, or set \`build-system: mirage\``,
    },
  );
}

/** They name the artifact too: two artifacts of two variants would have the same image. */
function checkConfigureArgs({ project: { buildSystem }, configureArgs, preConfigure, postBuild }: BuildRequest): void {
  const areRead =
    buildSystem === "mirage" || buildSystem === "command" || preConfigure !== undefined || postBuild !== undefined;
  if (configureArgs.length === 0 || areRead) return;
  throw new Problem(`input configure-args: the project is built by ${buildSystem}, and nothing reads them`, {
    found: configureArgs.join(" "),
    do: "leave `configure-args` out (`variant=` of a matrix, or `artifact-name`, tells artifacts apart), or read `CONFIGURE_ARGS` in `pre-configure`",
  });
}

const planners: Readonly<Record<Exclude<BuildSystem, "mirage">, (request: BuildRequest) => BuildPlan>> = {
  dune: planDune,
  opam: planOpam,
  command: planCommand,
};
