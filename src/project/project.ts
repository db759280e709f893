import type { LockFile } from "../toolchain/toolchain.js";

/** How a project is built. */
export const buildSystems = ["mirage", "dune", "opam", "command"] as const;
export type BuildSystem = (typeof buildSystems)[number];

/** What was found in the project's folder. */
export type Project = MirageProject | OtherProject;

interface ProjectFolder {
  /** Absolute path of the project's folder. */
  readonly directory: string;
  /** One phrase for the log: `MirageOS (config.ml asks mirage >= 4.10 & < 4.12)`. */
  readonly description: string;
}

export interface MirageProject extends ProjectFolder {
  readonly buildSystem: "mirage";
  /** The configuration file, relative to `directory`. */
  readonly configFile: string;
  /** The bounds of the header comment `(* mirage >= 4.10 & < 4.12 *)`, and of opam files of the project. */
  readonly mirageBounds?: MirageBounds;
  /** Those that are committed. */
  readonly lockFiles: readonly LockFile[];
}

interface OtherProject extends ProjectFolder {
  readonly buildSystem: Exclude<BuildSystem, "mirage">;
}

/** Of a header such as `(* mirage >= 4.10.0 & < 4.12.0 *)`; a missing side is open. */
export interface MirageBounds {
  /** As it is written, and where when that is no header. */
  readonly text: string;
  readonly atLeast?: string;
  readonly below?: string;
}

/** A step that a build has done. */
export interface FinishedStep {
  /** As the log and build-info.json say it. */
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
  /** Absolute path of its debug information, where it lies beside it: Unikraft's `.dbg`, or what `strip` took off. */
  readonly debugFile?: string;
}

export type BuiltImages = readonly [BuiltImage, ...BuiltImage[]];

/** A package that a build used. */
export interface UsedPackage {
  readonly name: string;
  readonly version: string;
  /** `opam`: of the toolchain's switch. `duniverse`: a source that was pulled and built with the project. */
  readonly from: "opam" | "duniverse";
  /** `image`: its code is in the image. `tool`: it only built it. `unknown`: a library that the build could link. */
  readonly use: "image" | "tool" | "unknown";
  /** Where its source came from; null when the package has none of its own. */
  readonly source: string | null;
  /** As opam writes them: `sha256=…`. */
  readonly hashes: readonly string[];
  /** As the package says, mostly SPDX expressions. */
  readonly licenses: readonly string[];
}

export interface Build {
  readonly project: Project;
  readonly steps: readonly FinishedStep[];
  /** Absolute path of the lock file that decided the packages of a mirage project, committed or made by this build. */
  readonly lockFile?: string;
  readonly images: BuiltImages;
  /** Absent: nobody looked, or there was nothing to look at. */
  readonly packages?: readonly UsedPackage[];
}
