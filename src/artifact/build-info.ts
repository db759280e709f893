import type { Verdict } from "../boot/judge/verdict.js";
import type { Host } from "../platform/host.js";
import { withoutCredentials } from "../platform/network/address.js";
import type { FinishedStep, BuiltImage, BuildSystem, UsedPackage } from "../project/project.js";
import type { Architecture } from "../target/architecture.js";
import type { TargetName } from "../target/target.js";
import type {
  OpamPin,
  OpamRepository,
  ToolchainOrigin,
  ToolchainSource,
  ToolchainVersions,
} from "../toolchain/toolchain.js";
import { type Boot, type BootFacts, bootFacts, overallVerdict } from "./boot-facts.js";
import type { BuildRecord, ToolchainRecord } from "./record-shapes.js";

/** What `build-info.json` holds. A field is null when it is not known, so that a reader can tell that from a typo. */
export interface BuildInfo {
  /** Number of this format; raised when a field changes its meaning or goes. */
  readonly schema: 2;
  readonly target: TargetName;
  readonly architecture: Architecture;
  /** The images of the build, the first one first. */
  readonly images: readonly ImageInfo[];
  /** null when the image was not built by the `build` step of this job. */
  readonly build: BuildFacts | null;
  /** null when the build brought its own toolchain. */
  readonly toolchain: ToolchainFacts | null;
  /** Everything that the build used; null when it is not known. */
  readonly packages: readonly UsedPackage[] | null;
  readonly host: HostFacts;
  /** When this was written, ISO 8601 in UTC. */
  readonly createdAt: string;
}

export interface ImageInfo {
  /** The unikernel's name. */
  readonly unikernel: string;
  /** Name of the image in the artifact. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Name of the unstripped image in the artifact. */
  readonly debugFile: string | null;
  /** One for each scenario; none when it was not booted in this job. */
  readonly boots: readonly BootFacts[];
}

/** The verdict over all boots of an image; undefined when it was not booted. */
export function imageVerdict({ boots, file }: ImageInfo): Verdict | undefined {
  const [first, ...others] = boots.map((boot) => ({ name: boot.scenario ?? file, verdict: boot }));
  return first && overallVerdict([first, ...others]);
}

export interface BuildFacts {
  readonly buildSystem: BuildSystem;
  /** What was found in the project's folder, as the log says it. */
  readonly project: string;
  /** The words of `configure-args`. */
  readonly configureArgs: readonly string[];
  readonly steps: readonly FinishedStep[];
  /** Key of the dune cache from the actions cache that the build took what it could from. */
  readonly cache: string | null;
}

export interface ToolchainFacts {
  readonly key: string;
  /** Where it came from in this run. */
  readonly source: ToolchainSource;
  /** What {@link source} was when the toolchain came to its machine. */
  readonly origin: ToolchainOrigin;
  /** Milliseconds until it was there and proved. */
  readonly ms: number;
  readonly versions: ToolchainVersions;
  readonly opamRepositories: readonly OpamRepository[];
  /** The packages of the switch that were asked for, those of `opam-packages` among them. */
  readonly opamPackages: readonly string[];
  readonly opamPins: readonly OpamPin[];
  /** The C compiler's version. */
  readonly cCompiler: string;
}

export interface HostFacts {
  readonly architecture: Architecture;
  /** ID and VERSION_ID of /etc/os-release; null without a toolchain of ours. */
  readonly system: string | null;
  readonly cores: number;
  /** The commit that the workflow ran for. */
  readonly commit: string | null;
  /** Address of the workflow run. */
  readonly run: string | null;
}

/** An image as it will lie in the artifact. */
export interface PublishedImage {
  readonly image: BuiltImage;
  readonly file: string;
  readonly debugFile: string | undefined;
  /** With the names that the consoles have in the artifact. */
  readonly boots: readonly Boot[];
}

/** Everything that build info is made of. */
export interface BuildInfoFacts {
  readonly target: TargetName;
  readonly architecture: Architecture;
  readonly configureArgs: readonly string[];
  readonly images: readonly PublishedImage[];
  readonly record: BuildRecord | undefined;
  readonly host: Host;
  readonly now: Date;
}

/** The content of build-info.json. */
export function buildInfo(facts: BuildInfoFacts): BuildInfo {
  const { record, host } = facts;
  return {
    schema: 2,
    target: facts.target,
    architecture: facts.architecture,
    images: facts.images.map(imageInfo),
    build: record ? buildFacts(record, facts.configureArgs) : null,
    toolchain: record?.toolchain ? toolchainFacts(record.toolchain) : null,
    packages: record?.build.packages ?? null,
    host: {
      architecture: host.architecture,
      system: record?.toolchain?.toolchain.spec.hostSystem ?? null,
      cores: host.cores,
      commit: host.environment["GITHUB_SHA"] ?? null,
      run: runAddress(host),
    },
    createdAt: facts.now.toISOString(),
  };
}

function imageInfo({ image, file, debugFile, boots }: PublishedImage): ImageInfo {
  return {
    unikernel: image.name,
    file,
    bytes: image.bytes,
    sha256: image.sha256,
    debugFile: debugFile ?? null,
    boots: boots.map(bootFacts),
  };
}

function buildFacts({ build, buildCache }: BuildRecord, configureArgs: readonly string[]): BuildFacts {
  return {
    buildSystem: build.project.buildSystem,
    project: build.project.description,
    configureArgs,
    steps: build.steps,
    cache: buildCache ?? null,
  };
}

function toolchainFacts({ toolchain: { key, source, origin, spec }, ms }: ToolchainRecord): ToolchainFacts {
  return {
    key,
    source,
    origin,
    ms,
    versions: spec.versions,
    opamRepositories: spec.repositories.map(ofEveryone),
    opamPackages: spec.packages,
    opamPins: spec.pins.map(ofEveryone),
    cCompiler: spec.cCompiler,
  };
}

function ofEveryone<Source extends { readonly url: string }>(source: Source): Source {
  return { ...source, url: withoutCredentials(source.url) };
}

function runAddress({ environment }: Host): string | null {
  const [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(
    (name) => environment[name],
  );
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null;
}
