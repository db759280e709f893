import { type Check, boolean, listOf, orAbsent, record, text, textsByName } from "../platform/shape.js";
import type { Architecture } from "../targets/architecture.js";
import type { Component } from "../targets/constraint.js";
import type { Backend, Target } from "../targets/targets.js";

/** Exact versions of a toolchain's components, decided before anything is downloaded. */
export interface ToolchainVersions {
  readonly ocaml: string;
  /** Absent for the `unikraft` and `host` backends. */
  readonly solo5?: string;
  readonly "ocaml-solo5"?: string;
  readonly "ocaml-unikraft"?: string;
  /** Absent when the project does not use mirage, or brings its own. */
  readonly mirage?: string;
}

/** Everything that identifies a toolchain. Equal specs give equal keys: the key depends on nothing else. */
export interface ToolchainSpec {
  readonly backend: Backend;
  readonly architecture: Architecture;
  /** Of the machine that the compiler runs on. */
  readonly hostArchitecture: Architecture;
  /** ID and VERSION_ID of /etc/os-release: binaries are linked against this system's libraries. */
  readonly hostSystem: string;
  /** Version of the C compiler: Unikraft's wrappers bake its include path in. */
  readonly cCompiler: string;
  readonly versions: ToolchainVersions;
  readonly repositories: readonly OpamRepository[];
  readonly packages: readonly string[];
  readonly pins: readonly OpamPin[];
  /** Without the files that no unikernel build uses: see slim.ts. */
  readonly slim: boolean;
  /** Extra options for the C compiler, set as CFLAGS while the toolchain is built. */
  readonly cFlags?: readonly string[];
}

export interface OpamRepository {
  readonly name: string;
  readonly url: string;
  /** A hash of its files; only for a repository on this machine. */
  readonly content?: string;
}

export interface OpamPin {
  readonly package: string;
  readonly url: string;
}

/** The environment in which later steps use the toolchain. */
export interface ToolchainEnvironment {
  /** Put in front of PATH, first one first. */
  readonly path: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** The findlib toolchain (`ocamlfind -toolchain NAME`, dune's `-x NAME`) for the target; absent for `host`. */
  readonly findlibToolchain?: string;
}

/** How a toolchain first came onto this machine. */
export const toolchainOrigins = ["published", "actions-cache", "built"] as const;
export type ToolchainOrigin = (typeof toolchainOrigins)[number];

/** The origin of a toolchain that is made of files of two origins: the less trusted one. */
export function originOf(own: ToolchainOrigin, below: ToolchainOrigin | undefined): ToolchainOrigin {
  // promise: layers-below-count
  if (below === "actions-cache") return below;
  return own;
}

/** Which level of the store answered. */
export const toolchainSources = ["tool-cache", ...toolchainOrigins] as const;
export type ToolchainSource = (typeof toolchainSources)[number];

/** The source's name in tables of reports. */
export const sourceWords: Readonly<Record<ToolchainSource, string>> = {
  "tool-cache": "tool cache",
  published: "published",
  "actions-cache": "cache",
  built: "built",
};

/** A complete toolchain on this machine that has passed the smoke test. */
export interface Toolchain {
  readonly spec: ToolchainSpec;
  readonly key: string;
  /** Its folder: absolute, without links. */
  readonly path: string;
  readonly source: ToolchainSource;
  /**
   * As {@link source}; for the tool cache, the source from which the toolchain got there. For one that was built on a
   * toolchain from the actions cache: that cache.
   */
  readonly origin: ToolchainOrigin;
  /** Built on this machine, on a toolchain of another {@link origin}. */
  readonly isBuiltHere?: true;
  readonly environment: ToolchainEnvironment;
}

/**
 * How a committed lock file is used. auto: it decides versions, and packages of a mirage project, where it fits.
 * require: the same, and it must exist and fit. ignore: not at all.
 */
export const lockChoices = ["auto", "require", "ignore"] as const;
export type LockChoice = (typeof lockChoices)[number];

/** A file written by `opam monorepo lock` for one target of a mirage project, or by `opam lock` for any project. */
export interface LockFile {
  /** Relative to the project's folder: `mirage/NAME-hvt.opam.locked`, `NAME.opam.locked`. */
  readonly path: string;
  /** It is one of `opam lock`. */
  readonly isForAllTargets?: true;
  /** The locked versions of toolchain components; `ocaml-solo5` stands for its cross packages too. */
  readonly versions: Readonly<Partial<Record<Component, string>>>;
}

/** Whether a file is a lock for a target: mirage names it `NAME-TARGET.opam.locked`. */
export const isLockFor = (path: string, target: Target): boolean => path.endsWith(`-${target.name}.opam.locked`);

/** The committed locks for a target; none when a mirage project has several for it. */
export function lockFilesFor(lockFiles: readonly LockFile[], target: Target): readonly LockFile[] {
  const ofTarget = lockFiles.filter(({ path, isForAllTargets }) => isForAllTargets !== true && isLockFor(path, target));
  return [...(ofTarget.length === 1 ? ofTarget : []), ...lockFiles.filter((one) => one.isForAllTargets === true)];
}

/** Whether a value read from a file, which may be damaged or of another version, is a spec. */
export const isSpec = (value: unknown): value is ToolchainSpec => spec(value);
/** Whether a value read from a file is an environment. */
export const isEnvironment = (value: unknown): value is ToolchainEnvironment => environment(value);

const versions: Check = (value) => textsByName(value) && record({ ocaml: text })(value);

const spec = record({
  backend: text,
  architecture: text,
  hostArchitecture: text,
  hostSystem: text,
  cCompiler: text,
  versions,
  repositories: listOf(record({ name: text, url: text, content: orAbsent(text) })),
  packages: listOf(text),
  pins: listOf(record({ package: text, url: text })),
  slim: boolean,
  cFlags: orAbsent(listOf(text)),
});

const environment = record({ path: listOf(text), variables: textsByName, findlibToolchain: orAbsent(text) });
