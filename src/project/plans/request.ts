import { quote } from "../../platform/process/process.js";
import type { Architecture } from "../../targets/architecture.js";
import type { Target } from "../../targets/targets.js";
import type { LockChoice, OpamRepository, Toolchain } from "../../toolchain/toolchain.js";
import type { Search } from "../images.js";
import type { MirageProject, Project } from "../project.js";

export interface PlannedStep {
  /** As the log and build-info.json name it. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Absolute. */
  readonly cwd: string;
  /** Added to the toolchain's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What to do, by what it printed when it failed. */
  readonly advice?: readonly Advice[];
}

export interface Advice {
  /** Matches a line. */
  readonly when: RegExp;
  readonly say: string;
}

/** A folder of the project's own in the place of one that was pulled. */
export interface OverlayStep {
  readonly name: string;
  readonly overlay: Overlay;
  /** The folder of pulled sources, relative to the project's. */
  readonly duniverse: string;
}

/** A line of `duniverse-overlay`. */
export interface Overlay {
  /** Of a folder in duniverse, or of an opam package whose sources are in one. */
  readonly name: string;
  /** Relative to the project's folder. */
  readonly path: string;
}

export type Step = PlannedStep | OverlayStep;

export interface BuildPlan {
  /** Written before the first step. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Folders emptied before the first step: our own, never the project's. */
  readonly emptyFolders: readonly string[];
  readonly steps: readonly PlannedStep[];
  /** Where the images are then. */
  readonly images: Search;
}

/** Everything that decides how a project is built. */
export interface BuildRequest {
  readonly project: Project;
  readonly target: Target;
  readonly architecture: Architecture;
  /** Absent: the build brings its own. */
  readonly toolchain: Toolchain | undefined;
  readonly configureArgs: readonly string[];
  readonly buildCommand: string | undefined;
  readonly lock: LockChoice;
  /** mirage only: overlay repositories for the lock; undefined: mirage's own. */
  readonly extraRepos: readonly OpamRepository[] | undefined;
  /** mirage only. */
  readonly overlays: readonly Overlay[];
  /** Shell commands of the user. */
  readonly preConfigure: string | undefined;
  readonly postPull: string | undefined;
  readonly postBuild: string | undefined;
  /** A glob, relative to the project's folder; undefined: the images are where the build system leaves them. */
  readonly image: string | undefined;
  /** Whether opam may install what the project's dependencies need of the system. */
  readonly installSystemPackages: boolean;
  /** What was looked up in the project's folder. */
  readonly findings: Findings;
  /** A folder of ours for this project, absolute: generated files, and `OUT` of a build command. */
  readonly folder: string;
}

export interface MirageBuildRequest extends BuildRequest {
  readonly project: MirageProject;
}

export interface Findings {
  /** dune only: the text of the project's dune-workspace. */
  readonly duneWorkspace: string | undefined;
  /** dune only: the texts of the project’s dune files. */
  readonly duneFiles: readonly string[];
}

/** The folder that a build command leaves its images in (`OUT`). */
export function outFolderOf({ folder }: Pick<BuildRequest, "folder">): string {
  return `${folder}/out`;
}

/** A hook is documented as a shell command, as `build-command` is, and is told the same. */
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
      env: { ...unattended(request), ...toldToShell(request) },
    },
  ];
}

/** What a shell command of the user finds in its environment. `OUT` is there where images are looked for in it. */
export function toldToShell(request: BuildRequest): Readonly<Record<string, string>> {
  const { project, target, architecture, configureArgs } = request;
  const out = project.buildSystem === "command" || project.buildSystem === "opam" ? { OUT: outFolderOf(request) } : {};
  return { TARGET: target.name, ARCH: architecture, CONFIGURE_ARGS: configureArgs.map(quote).join(" "), ...out };
}

/** Nothing may wait for an answer, and opam installs system packages only where we may: its child opams inherit both. */
export function unattended({ installSystemPackages }: BuildRequest): Readonly<Record<string, string>> {
  const answers = { OPAMYES: "1", OPAMCONFIRMLEVEL: "unsafe-yes" };
  return installSystemPackages ? answers : { ...answers, OPAMNODEPEXTS: "1" };
}
