import { quote } from "../../platform/process/process.js";
import type { Architecture } from "../../targets/architecture.js";
import type { Target } from "../../targets/targets.js";
import type { LockChoice, OpamRepository, Toolchain } from "../../toolchain/toolchain.js";
import type { Search } from "../images.js";
import type { MirageProject, Project } from "../project.js";

export interface PlannedStep {
  /** As in the log and build-info.json. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Absolute. */
  readonly cwd: string;
  /** Added to the toolchain's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What to do when it fails, by a line of its output. */
  readonly advice?: readonly Advice[];
}

export interface Advice {
  /** Matches a line. */
  readonly when: RegExp;
  readonly say: string | readonly string[];
}

/** Replaces a folder of pulled sources. */
export interface OverlayStep {
  readonly name: string;
  readonly overlay: Overlay;
  /** The folder of pulled sources, relative to the project's. */
  readonly duniverse: string;
}

/** A line of `duniverse-overlay`. */
export interface Overlay {
  /** A folder in duniverse, or an opam package whose sources are in one. */
  readonly name: string;
  /** Relative to the project's folder. */
  readonly path: string;
}

export type Step = PlannedStep | OverlayStep;

export interface BuildPlan {
  /** Written before the first step. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Emptied before the first step: state folders, never the project's. */
  readonly emptyFolders: readonly string[];
  readonly steps: readonly PlannedStep[];
  /** Where the images are after the last step. */
  readonly images: Search;
}

/** Everything that decides how a project is built. */
export interface BuildRequest {
  readonly project: Project;
  readonly target: Target;
  readonly architecture: Architecture;
  /** Undefined: the build brings its own. */
  readonly toolchain: Toolchain | undefined;
  readonly configureArgs: readonly string[];
  readonly buildCommand: string | undefined;
  readonly lock: LockChoice;
  /** mirage only: overlay repositories for the lock; undefined: mirage's defaults. */
  readonly extraRepos: readonly OpamRepository[] | undefined;
  /** mirage only. */
  readonly overlays: readonly Overlay[];
  /** Shell commands of the user. */
  readonly preConfigure: string | undefined;
  readonly postPull: string | undefined;
  readonly postBuild: string | undefined;
  /** A glob, relative to the project's folder; undefined: the build system's usual place. */
  readonly image: string | undefined;
  /** Whether opam may install the system packages that dependencies need. */
  readonly installSystemPackages: boolean;
  readonly findings: Findings;
  /** Absolute: the state folder of this build, for generated files and `OUT`. */
  readonly folder: string;
}

export interface MirageBuildRequest extends BuildRequest {
  readonly project: MirageProject;
}

/** The files in the project's folder that decide how it is built. */
export interface Findings {
  /** dune only: the text of the project's dune-workspace. */
  readonly duneWorkspace: string | undefined;
  /** dune only: the texts of the project’s dune files. */
  readonly duneFiles: readonly string[];
}

/** The folder where a build command must put its images (`OUT`). */
export function outFolderOf({ folder }: Pick<BuildRequest, "folder">): string {
  return `${folder}/out`;
}

/** Runs in a shell, because hooks are documented as shell commands, with the same variables as `build-command`. */
export function hookStep(
  request: BuildRequest,
  name: "pre-configure" | "post-pull" | "post-build",
  command: string | undefined,
): readonly PlannedStep[] {
  if (command === undefined) return [];
  return [
    {
      name,
      argv: ["sh", "-e", "-c", command],
      cwd: request.project.directory,
      env: { ...unattended(request), ...shellVariables(request) },
    },
  ];
}

/** The variables for a shell command of the user. `OUT` is only set when images are looked for in that folder. */
export function shellVariables(request: BuildRequest): Readonly<Record<string, string>> {
  const { project, target, architecture, configureArgs } = request;
  const out = project.buildSystem === "command" || project.buildSystem === "opam" ? { OUT: outFolderOf(request) } : {};
  return { TARGET: target.name, ARCH: architecture, CONFIGURE_ARGS: configureArgs.map(quote).join(" "), ...out };
}

/**
 * Variables that keep opam, and each opam that it starts, from asking questions, and from installing system packages
 * when that is not allowed.
 */
export function unattended({ installSystemPackages }: BuildRequest): Readonly<Record<string, string>> {
  const answers = { OPAMYES: "1", OPAMCONFIRMLEVEL: "unsafe-yes" };
  return installSystemPackages ? answers : { ...answers, OPAMNODEPEXTS: "1" };
}
