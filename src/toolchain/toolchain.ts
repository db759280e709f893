import type { Architecture } from "../targets/architecture.js";
import type { Backend, Target } from "../targets/targets.js";
import type { Component } from "../targets/combinations.js";
import { type Check, boolean, listOf, orAbsent, record, text, textsByName } from "../platform/shape.js";

/** Exact versions of what a toolchain is made of; decided before anything is downloaded. */
export interface ToolchainVersions {
  readonly ocaml: string;
  /** Absent for the `unikraft` and `host` backends. */
  readonly solo5?: string;
  readonly "ocaml-solo5"?: string;
  readonly "ocaml-unikraft"?: string;
  /** Absent when the project is not a mirage one, or brings its own mirage. */
  readonly mirage?: string;
}

/** Everything that decides what a toolchain is. Two equal specs are the same toolchain: the key is made of this alone. */
export interface ToolchainSpec {
  readonly backend: Backend;
  readonly architecture: Architecture;
  /** The machine that the compiler runs on. */
  readonly hostArchitecture: Architecture;
  /** ID and VERSION_ID of /etc/os-release: binaries are linked against this system's libraries. */
  readonly hostSystem: string;
  /** Version of the C compiler: Unikraft's wrappers bake its include path in. */
  readonly cCompiler: string;
  readonly versions: ToolchainVersions;
  readonly repositories: readonly OpamRepository[];
  readonly packages: readonly string[];
  readonly pins: readonly OpamPin[];
  /** Without what no build of a unikernel uses: see slim.ts. */
  readonly slim: boolean;
  /** More options for the C compiler, in the environment of the toolchain's build; absent: none. */
  readonly cFlags?: readonly string[];
}

export interface OpamRepository {
  readonly name: string;
  readonly url: string;
  /** Only of one on this machine: a hash of what it has. */
  readonly content?: string;
}

export interface OpamPin {
  readonly package: string;
  readonly url: string;
}

/** What later steps need to use the toolchain. */
export interface ToolchainEnvironment {
  /** Put in front of PATH, first one first. */
  readonly path: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** The findlib toolchain (`ocamlfind -toolchain NAME`, dune's `-x NAME`) that compiles for the target; absent for `host`. */
  readonly findlibToolchain?: string;
}

/** Where a toolchain came from when it came onto this machine. */
export const toolchainOrigins = ["published", "actions-cache", "built"] as const;
export type ToolchainOrigin = (typeof toolchainOrigins)[number];

/** Which level of the store answered. */
export const toolchainSources = ["tool-cache", ...toolchainOrigins] as const;
export type ToolchainSource = (typeof toolchainSources)[number];

/** What a table of a report calls it. */
export const sourceWords: Readonly<Record<ToolchainSource, string>> = {
  "tool-cache": "tool cache",
  published: "published",
  "actions-cache": "cache",
  built: "built",
};

/** A complete toolchain on this machine, proved by having linked a file with it. */
export interface Toolchain {
  readonly spec: ToolchainSpec;
  readonly key: string;
  /** The folder that it is in: absolute, and without links in it. */
  readonly path: string;
  readonly source: ToolchainSource;
  /** As {@link source}, and for one of the tool cache what that was when it was put there. */
  readonly origin: ToolchainOrigin;
  readonly environment: ToolchainEnvironment;
}

/**
 * What a committed lock file of a mirage project decides: auto: versions and packages, where it fits. require: the same,
 * and it must be there and fit. ignore: nothing.
 */
export const lockChoices = ["auto", "require", "ignore"] as const;
export type LockChoice = (typeof lockChoices)[number];

/** A file that `opam monorepo lock` has made. */
export interface LockFile {
  /** Relative to the project's folder: `mirage/NAME-hvt.opam.locked`. */
  readonly path: string;
  /** Those that decide a toolchain, as it has them locked; `ocaml-solo5` also for another architecture. */
  readonly versions: Readonly<Partial<Record<Component, string>>>;
}

/** Whether a file is a lock for a target: mirage names it `NAME-TARGET.opam.locked`. */
export const isLockFor = (path: string, target: Target): boolean => path.endsWith(`-${target.name}.opam.locked`);

/** The one committed lock for a target; undefined when there is none, or several. */
export function lockFileFor(lockFiles: readonly LockFile[], target: Target): LockFile | undefined {
  const candidates = lockFiles.filter(({ path }) => isLockFor(path, target));
  return candidates.length === 1 ? candidates[0] : undefined;
}

// What is read from a file may be of another version, damaged, or somebody's own.

/** Whether a value read from a file is a spec. */
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
