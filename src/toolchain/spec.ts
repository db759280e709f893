import type { Host } from "../platform/host.js";
import { Problem } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { MirageRequest, VersionRequest } from "../targets/combinations.js";
import { type Target, type TargetName, targets } from "../targets/targets.js";
import { type Resolution, resolveVersions } from "../targets/versions.js";
import {
  type LockChoice,
  type LockFile,
  lockFileFor,
  type OpamPin,
  type OpamRepository,
  type ToolchainSpec,
  type ToolchainVersions,
} from "./toolchain.js";
import { optionPackageNames, optionPackages } from "./opam/options.js";
import { checkRecipe, decidedPackages, opamPackages, recipeOf } from "./packages.js";
/** A spec, but for what only the machine tells: that needs the C compiler, which may have to be installed first. */
export type ToolchainPlan = Omit<ToolchainSpec, "hostSystem" | "cCompiler">;

/** What a person may ask of a toolchain: the inputs of the same names. */
export interface ToolchainInputs {
  readonly target: TargetName;
  /** Undefined: the machine's own. */
  readonly arch: Architecture | undefined;
  readonly ocamlVersion: string | undefined;
  readonly mirageVersion: string;
  /** Whether a committed lock file decides versions: see lock.ts. */
  readonly lock: LockChoice;
  readonly solo5Version: string | undefined;
  readonly ocamlSolo5Version: string | undefined;
  readonly ocamlUnikraftVersion: string | undefined;
  readonly opamRepositories: readonly string[];
  readonly opamPackages: readonly string[];
  readonly toolchainOptions: readonly string[];
  readonly cFlags: readonly string[];
  readonly opamPins: readonly string[];
  readonly slim: boolean;
}

/** What a toolchain has to know of the project that it will build. */
export interface ProjectNeeds {
  /** As the log shows it. */
  readonly description: string;
  /** `mirage` needs the mirage tool. */
  readonly buildSystem: string;
  /** The versions of mirage that it takes; a missing side is open. */
  readonly mirageBounds?: { readonly atLeast?: string; readonly below?: string };
  /** Committed lock files of a mirage project. */
  readonly lockFiles?: readonly LockFile[];
}

/**
 * Decides what the toolchain is, before anything is downloaded.
 *
 * @param available what the opam repositories have, as `name.version`; undefined: not known, so all that was released.
 * @throws Problem when there is no such toolchain, or an input is wrong.
 */
export function planToolchain(
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  host: Pick<Host, "architecture">,
  available?: ReadonlySet<string>,
): ToolchainPlan {
  const target = targets[inputs.target];
  const architecture = inputs.arch ?? host.architecture;
  checkRecipe(target, architecture, host.architecture);
  const place = { backend: target.backend, architecture, hostArchitecture: host.architecture };
  const pins = parsePins(inputs.opamPins);
  const extra = [...inputs.opamPackages, ...optionPackageNames(inputs.toolchainOptions)];
  const lacking = (versions: ToolchainVersions) =>
    decidedPackages(recipeOf(place), versions, extra, pins).filter((name) => available?.has(name) === false);
  const versions = chooseVersions(inputs, project, target, lacking);
  return {
    ...place,
    versions,
    repositories: parseRepositories(inputs.opamRepositories),
    packages: opamPackages(recipeOf(place), versions, [
      ...inOrder(inputs.opamPackages.map(checkPackage)),
      ...optionPackages(inputs.toolchainOptions, target.backend, versions),
    ]),
    pins,
    slim: inputs.slim,
    ...(inputs.cFlags.length === 0 ? {} : { cFlags: inputs.cFlags.map(checkFlag) }),
  };
}

function chooseVersions(
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  target: Target,
  lacking: NonNullable<VersionRequest["lacking"]>,
) {
  const request: VersionRequest = {
    target: target.name,
    lacking,
    ...definedOnly({
      ocaml: inputs.ocamlVersion,
      solo5: inputs.solo5Version,
      "ocaml-solo5": inputs.ocamlSolo5Version,
      "ocaml-unikraft": inputs.ocamlUnikraftVersion,
    }),
    mirage: mirageRequest(inputs.mirageVersion, project),
  };
  const locked = inputs.lock === "ignore" ? undefined : lockFileFor(project.lockFiles ?? [], target)?.versions;
  const resolution =
    locked === undefined ? resolveVersions(request) : resolveLocked(request, locked, inputs.lock === "require");
  if (resolution.kind === "versions") return resolution.versions;
  const { what, because, accepted, remedy } = resolution.refusal;
  throw new Problem(what, { ...(because === undefined ? {} : { because }), accepted, do: remedy });
}

/**
 * What nobody asks otherwise is as the lock has it. Where there is no such toolchain, the lock cannot be honoured: the
 * newest versions are taken as without one, and the build finds the lock stale and says so.
 */
function resolveLocked(request: VersionRequest, locked: LockFile["versions"], isRequired: boolean): Resolution {
  const { mirage, ...others } = locked;
  const isFree = request.mirage.kind === "bounds";
  const resolution = resolveVersions({
    ...others,
    ...request,
    ...(isFree && mirage !== undefined ? { mirage: { kind: "exact", version: mirage } } : {}),
  });
  return resolution.kind === "versions" || isRequired ? resolution : resolveVersions(request);
}

type Defined<Given> = { readonly [Name in keyof Given]?: NonNullable<Given[Name]> };

function definedOnly<Given extends object>(given: Given): Defined<Given> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<Given>;
}

function mirageRequest(input: string, project: ProjectNeeds): MirageRequest {
  if (input === "none" || (input === "auto" && project.buildSystem !== "mirage")) return { kind: "none" };
  if (input !== "auto") return { kind: "exact", version: input };
  const { atLeast, below } = project.mirageBounds ?? {};
  return { kind: "bounds", ...(atLeast === undefined ? {} : { atLeast }), ...(below === undefined ? {} : { below }) };
}

/** Overlay repositories of `mirage configure`, which takes them as one word with commas; `none`: no repository. */
export function parseExtraRepositories(lines: readonly string[]): readonly OpamRepository[] {
  if (lines.length === 1 && lines[0] === "none") return [];
  const repositories = parseRepositories(lines, "extra-repos");
  const wrong = repositories.find(({ url }) => url.includes(","));
  if (wrong !== undefined)
    throw new Problem(`input extra-repos: the address of ${wrong.name} has a comma, which mirage takes for its end`);
  return repositories;
}

/** `name: url`, one a line; the first repository wins. */
export function parseRepositories(lines: readonly string[], input = "opam-repositories"): readonly OpamRepository[] {
  const repositories = lines.map((line): OpamRepository => {
    const [, name, url] = /^(\w[\w.-]*):\s+([^\s-]\S*)$/.exec(line) ?? [];
    if (name === undefined || url === undefined) {
      throw new Problem(`input ${input}: ${JSON.stringify(line)} is not accepted`, {
        accepted: "`name: url`, one a line, such as `default: https://opam.ocaml.org`",
      });
    }
    return { name, url };
  });
  const names = repositories.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Problem(`input ${input}: ${twice} is there twice`, { do: "rename one" });
  return repositories;
}

/** A toolchain with the same pins is the same, in whatever order they are written. */
function parsePins(lines: readonly string[]): readonly OpamPin[] {
  const pins = inOrder(lines).map(parsePin);
  const names = pins.map((pin) => pin.package.split(".")[0]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Problem(`input opam-pins: ${twice} is there twice`, { do: "leave one" });
  return pins;
}

const inOrder = (words: readonly string[]): readonly string[] => [...new Set(words)].sort();

function parsePin(line: string): OpamPin {
  const [, name, url] = /^([\w.+~-]+)\s+(\S+)$/.exec(line) ?? [];
  if (name === undefined || name.startsWith("-") || url === undefined || url.startsWith("-")) {
    throw new Problem(`input opam-pins: ${JSON.stringify(line)} is not accepted`, {
      accepted:
        "`package url` or `package.version url`, one a line, such as `mirage git+https://github.com/mirage/mirage#main`",
    });
  }
  return { package: name, url };
}

/** A word that begins with a dash would be an option of opam's. */
function checkPackage(word: string): string {
  if (/^[A-Za-z0-9][\w.+~<>=!-]*$/.test(word)) return word;
  throw new Problem(`input opam-packages: ${JSON.stringify(word)} is not accepted`, {
    accepted: "names of opam packages, each with a version or without: `lwt.5.9.1 ocaml-option-flambda`",
  });
}

/** The C flags go to configure scripts and makefiles as one text, which shells split again. */
function checkFlag(word: string): string {
  if (/^-[\w+=,./:-]+$/.test(word)) return word;
  throw new Problem(`input c-flags: ${JSON.stringify(word)} is not accepted`, {
    accepted: "options of gcc without blanks and quotes, such as `-O3 -fstack-protector-strong`",
  });
}
