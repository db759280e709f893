import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { artifactName, artifactsFolder, checkedArtifactName } from "../../artifact/artifact-name.js";
import { type PlannedBoot, plannedBoot } from "../../boot/planned-boot.js";
import { usualImage } from "../../image/check.js";
import type { Context } from "../../platform/host.js";
import { limitOf } from "../../platform/host.js";
import { searchPath } from "../../platform/process/programs.js";
import { detectProject } from "../../project/detect.js";
import { registeredName } from "../../project/mirage/config-ml.js";
import { tokensOf } from "../../project/mirage/ocaml-tokens.js";
import { type PlannedBuild, plannedBuild } from "../../project/planned-build.js";
import type { Project } from "../../project/project.js";
import type { Architecture } from "../../targets/architecture.js";
import { type TargetName, targets } from "../../targets/targets.js";
import { findRecipe } from "../../toolchain/packages.js";
import { type PlannedSetUp, planSetUp } from "../../toolchain/planned-set-up.js";
import { type Inputs, withTarget } from "../interface.js";
import type { Scenario } from "../scenarios.js";

/** What a run would do, for people and for `--json`. */
export interface PlannedRun {
  readonly target: TargetName;
  readonly architecture: Architecture;
  /** Null: `ocaml-version: none`, so the build brings its own toolchain. */
  readonly setup: PlannedSetUp | null;
  readonly build: PlannedBuild;
  readonly boots: readonly PlannedScenario[];
  readonly publish: PlannedArtifact;
}

/** One boot of each image, or of those that a scenario names. */
export interface PlannedScenario extends PlannedBoot {
  readonly scenario?: string;
  /** Names or paths; absent: all. */
  readonly images?: readonly string[];
  readonly times: number;
  readonly args: readonly string[];
}

export interface PlannedArtifact {
  /** `NAME` stands for a name that only the build shows. */
  readonly artifact: string;
  /** Absolute. */
  readonly folder: string;
}

/**
 * Plans a run: reads the project and looks for what is at hand, but installs, downloads, builds and boots nothing.
 *
 * @throws Problem where a run would end with the same one before its first command.
 */
export async function planRun(context: Context, given: Inputs): Promise<PlannedRun> {
  const { host, log } = context;
  const architecture = given.arch ?? host.architecture;
  const inputs = { ...withTarget(given), arch: architecture };
  const target = targets[inputs.target];
  const project = await detectProject(host.folders.workspace, inputs, limitOf(host));
  if (inputs.ocamlVersion !== "none") log.line("> Toolchain");
  const setup = inputs.ocamlVersion === "none" ? null : await planSetUp(context, inputs, project);
  const toolchain = setup?.toolchain;
  const build = await plannedBuild(context, inputs, toolchain, project);
  const scenarios =
    inputs.scenarios === undefined ? undefined : await (await import("../scenarios.js")).readScenarios(context, inputs);
  const recipe = findRecipe({ backend: target.backend, architecture, hostArchitecture: host.architecture });
  const name = await unikernelName(project, inputs);
  const planOf = async (asked: Inputs, scenario?: Scenario): Promise<PlannedScenario> => ({
    ...(scenario === undefined ? {} : { scenario: scenario.name }),
    ...(scenario?.images === undefined ? {} : { images: scenario.images }),
    times: asked.repeat,
    args: asked.args,
    ...(await plannedBoot(
      context,
      {
        ...asked,
        net: asked.net.value,
        block: asked.block.value,
        imagePath: join(build.images.folder, target.suffix === "" ? name : `${name}.${target.suffix}`),
        image: usualImage(target, architecture),
        target,
        architecture,
        searchPath: searchPath(toolchain?.environment.path ?? [], host.environment),
      },
      recipe === undefined ? [] : [architecture],
    )),
  });
  const boots =
    scenarios === undefined
      ? [await planOf(inputs)]
      : await Promise.all(scenarios.map((scenario) => planOf(scenario.inputs, scenario)));
  return { target: target.name, architecture, setup, build, boots, publish: artifactOf(context, inputs, name) };
}

function artifactOf(
  context: Context,
  {
    artifactName: given,
    configureArgs,
    target,
    arch: architecture,
  }: Inputs & { readonly target: TargetName; readonly arch: Architecture },
  unikernel: string,
): PlannedArtifact {
  const artifact =
    given === undefined
      ? artifactName({ unikernel, variant: configureArgs, target, architecture })
      : checkedArtifactName(given);
  return { artifact, folder: join(artifactsFolder(context), artifact) };
}

/** The name of config.ml, or of the one file that `image` names; `NAME` where only the build shows it. */
async function unikernelName(project: Project, { image }: Pick<Inputs, "image">): Promise<string> {
  if (image !== undefined && !/[*?[{]/.test(image)) return basename(image).replace(/\.[^.]*$/, "");
  if (project.buildSystem !== "mirage") return "NAME";
  const text = await readFile(resolve(project.directory, project.configFile), "utf8");
  return registeredName(tokensOf(text)) ?? "NAME";
}
