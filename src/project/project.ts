import type { Requirement } from "../toolchain/requirements.js";
import type { LockFile } from "../toolchain/toolchain.js";

export const buildSystems = ["mirage", "dune", "opam", "command"] as const;
export type BuildSystem = (typeof buildSystems)[number];

/** The detected project. */
export type Project = MirageProject | OtherProject;

interface ProjectFolder {
  /** Absolute. */
  readonly directory: string;
  /** One phrase for the log: `MirageOS (config.ml requires mirage >= 4.10 & < 4.12)`. */
  readonly description: string;
  /** What its files ask of the toolchain's versions. */
  readonly requirements: readonly Requirement[];
}

export interface MirageProject extends ProjectFolder {
  readonly buildSystem: "mirage";
  /** The configuration file, relative to `directory`. */
  readonly configFile: string;
  /** The committed ones. */
  readonly lockFiles: readonly LockFile[];
}

interface OtherProject extends ProjectFolder {
  /** Those that `opam lock` wrote, if there are any. */
  readonly lockFiles?: readonly LockFile[];
  readonly buildSystem: Exclude<BuildSystem, "mirage">;
}

export interface FinishedStep {
  /** As in the log and build-info.json. */
  readonly name: string;
  readonly ms: number;
}

export interface BuiltImage {
  /** Absolute path. */
  readonly path: string;
  /** The unikernel's name: the file's name without the target's suffix. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Absolute path of the debug information next to it: Unikraft's `.dbg`, or the `.debug` of `strip`. */
  readonly debugFile?: string;
}

export type BuiltImages = readonly [BuiltImage, ...BuiltImage[]];

/** A package that a build used. */
export interface UsedPackage {
  readonly name: string;
  readonly version: string;
  /** `opam`: installed in the toolchain's switch. `duniverse`: a source that was pulled and built with the project. */
  readonly from: "opam" | "duniverse";
  /** `image`: its code is in the image. `tool`: only used to build. `unknown`: a library that the build could link. */
  readonly use: "image" | "tool" | "unknown";
  /** URL of its source; null when it has no source of its own. */
  readonly source: string | null;
  /** As opam writes them: `sha256=…`. */
  readonly hashes: readonly string[];
  /** As the package states them, usually SPDX expressions. */
  readonly licenses: readonly string[];
}

export interface Build {
  readonly project: Project;
  readonly steps: readonly FinishedStep[];
  /** Absolute path of a mirage project's lock file, committed or written by this build. */
  readonly lockFile?: string;
  readonly images: BuiltImages;
  /** Absent when not known. */
  readonly packages?: readonly UsedPackage[];
}
