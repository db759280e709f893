import type { Architecture } from "../targets/architecture.js";
import type { Backend } from "../targets/targets.js";

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
