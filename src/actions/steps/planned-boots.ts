import { basename, relative, resolve } from "node:path";
import { readRecord, readToolchain } from "../../artifact/records.js";
import type { BootRequest } from "../../boot/boot-request.js";
import { describeImage, targetOf } from "../../image/check.js";
import type { Image } from "../../image/image.js";
import { readImage } from "../../image/recognise.js";
import { isFile } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { Problem, RequiredSkip } from "../../platform/problem.js";
import { searchPath } from "../../platform/process/programs.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import { describeBuilt } from "../../project/images.js";
import type { BuiltImage } from "../../project/project.js";
import type { Architecture } from "../../targets/architecture.js";
import { type Target, defaultTarget, targets } from "../../targets/targets.js";
import type { Inputs } from "../interface.js";
import type { Scenario } from "../scenarios.js";

/** An image that a step boots. */
export interface Subject {
  /** As it was before the boots. */
  readonly built: BuiltImage;
  /** In the log: the file's name, or its path in the workspace if two images have the same file name. */
  readonly name: string;
  readonly image: Image;
  readonly target: Target;
  readonly architecture: Architecture;
  readonly searchPath: string;
  /** Absolute paths of all images of its build, as far as known. */
  readonly ofBuild: readonly string[];
}

/** One boot of one image. */
export interface PlannedBoot {
  readonly subject: Subject;
  /** The step's inputs, or the scenario's. */
  readonly asked: Inputs;
  readonly request: BootRequest;
  /** In the log; empty if the step has only one boot. */
  readonly name: string;
  /** The same for the beginning of an error. */
  readonly inErrors: string;
  /** False: every scenario names other images, so this one is only reported. */
  readonly isAsked: boolean;
}

/** Reads an image, and the records of the steps before. @throws Problem when it is not an image. */
export async function readSubject(
  context: Context,
  inputs: Inputs,
  paths: readonly string[],
  path: string,
): Promise<Subject> {
  const { host, log } = context;
  const isNamesake = (other: string) => other !== path && basename(other) === basename(path);
  const name = paths.some(isNamesake) ? relative(host.folders.workspace, path) : basename(path);
  const image = await readImage(path);
  log.fact("image", `${paths.length > 1 ? `${name}: ` : ""}${describeImage(image)}`);
  const record = await readRecord(context, path, "build");
  const target = targets[inputs.target ?? record?.target ?? targetOf(image) ?? defaultTarget];
  const architecture = inputs.arch ?? record?.architecture ?? image.architecture;
  // For an image built elsewhere: Solo5's tenders come with a toolchain.
  const toolchain = record?.toolchain ?? (await readToolchain(context, target.backend, architecture));
  const built = await describeBuilt(path, target);
  const recorded = record?.images.find((one) => one.path === path);
  return {
    built: { ...built, name: recorded?.unikernel ?? built.name },
    name,
    image,
    target,
    architecture,
    searchPath: searchPath(toolchain?.toolchain.environment.path ?? [], host.environment),
    ofBuild: (record?.images ?? []).map((one) => one.path),
  };
}

/**
 * The images that a scenario boots: those of its key `image`, by file name or path; without it, all.
 *
 * @param paths absolute paths of the step's images.
 * @throws Problem when it names another image.
 */
export function imagesOf(
  { name, images }: Pick<Scenario, "name" | "images">,
  paths: readonly string[],
  workspace: string,
): string[] {
  const named = (images ?? paths).map((one) => {
    const found = paths.filter((path) => basename(path) === one || path === resolve(workspace, one));
    if (found.length > 0) return found;
    throw new Problem(`scenario ${name}: ${one} is not an image of this step`, {
      accepted: paths.map((path) => basename(path)),
    });
  });
  return paths.filter((path) => named.flat().includes(path));
}

/**
 * The boots of a step, in the order of its images.
 *
 * @param scenarios undefined: one boot for each image.
 * @throws Problem when a scenario names an image that is not among the subjects.
 */
export function plannedBoots(
  { host }: Context,
  subjects: readonly Subject[],
  inputs: Inputs,
  scenarios: readonly Scenario[] | undefined,
  helperVmCache: ToolchainCache | undefined,
): readonly PlannedBoot[] {
  const paths = subjects.map(({ built }) => built.path);
  const chosen = scenarios?.map((scenario) => ({ scenario, paths: imagesOf(scenario, paths, host.folders.workspace) }));
  const plan = (subject: Subject, asked: Inputs, scenario: string | undefined, isAsked = true): PlannedBoot => {
    const { built, name, image, target, architecture, searchPath } = subject;
    const about = {
      imagePath: built.path,
      debugFile: built.debugFile,
      image,
      target,
      architecture,
      searchPath,
      ...(helperVmCache && { helperVmCache }),
    };
    const ofImage = subjects.length > 1 ? [name] : [];
    const ofScenario = scenario === undefined ? {} : { scenario };
    return {
      subject,
      asked,
      request: { ...asked, ...about, net: asked.net.value, block: asked.block.value, ...ofScenario },
      name: [...ofImage, ...Object.values(ofScenario)].join(", "),
      inErrors: [...ofImage, ...Object.values(ofScenario).map((word) => `scenario ${word}`)].join(", "),
      isAsked,
    };
  };
  return subjects.flatMap((subject) => {
    if (chosen === undefined) return [plan(subject, inputs, undefined)];
    const own = chosen.filter((one) => one.paths.includes(subject.built.path));
    if (own.length === 0) return [plan(subject, inputs, undefined, false)];
    return own.map(({ scenario }) => plan(subject, scenario.inputs, scenario.name));
  });
}

/**
 * Logs a notice that names the images of the same builds that no step boots.
 *
 * @throws Problem when a boot is required.
 */
export async function checkLeftOut(
  { log, ...rest }: Context,
  subjects: readonly Subject[],
  { boot }: Inputs,
): Promise<void> {
  const own = subjects.map(({ built }) => built.path);
  const others = [...new Set(subjects.flatMap(({ ofBuild }) => ofBuild))].filter((path) => !own.includes(path));
  const leftOut: string[] = [];
  for (const path of others) {
    const isBooted = (await readRecord({ log, ...rest }, path, "boot")) !== undefined;
    if (!isBooted && (await isFile(path))) leftOut.push(path);
  }
  if (boot === "skip" || leftOut.length === 0) return;
  const what = `not booted, though the same build made it: ${leftOut.join(", ")}`;
  const remedy = "set `image` to the output `images` of build; `image` in a scenario limits it to one of them";
  if (boot === "required") throw new RequiredSkip(what, { because: "`boot: required`", do: remedy });
  log.notice(`${what}; ${remedy}`);
}

/** Runs `body` for a boot, whose name an error of it gets in front. */
export async function naming<T>({ inErrors }: PlannedBoot, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (inErrors === "" || !(error instanceof Problem)) throw error;
    throw error.alike(`${inErrors}: ${error.message}`, error.facts, { cause: error });
  }
}
