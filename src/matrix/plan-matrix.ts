import { basename, dirname, join } from "node:path";
import { Problem, WrongUse } from "../platform/problem.js";
import type { Project } from "../project/project.js";
import { versionSource } from "../targets/combinations.js";
import { targets } from "../targets/targets.js";
import { checkRecipe } from "../toolchain/packages.js";
import { BeyondTable, type ToolchainInputs, explainVersions, givenVersions, planToolchain } from "../toolchain/spec.js";
import {
  type Leg,
  type LegToolchain,
  type Place,
  entryName,
  makeLeg,
  type Runner,
  type RunnerLabels,
  runnerFor,
} from "./leg.js";
import { type Entry, type Fault, configureWords, hasPlace, parseTargets } from "./list.js";

/** The inputs of the same names. */
export interface MatrixRequest extends Pick<
  ToolchainInputs,
  "lock" | "ocamlVersion" | "mirageVersion" | "solo5Version" | "ocamlSolo5Version" | "ocamlUnikraftVersion"
> {
  /** See {@link parseTargets}. */
  readonly targets: string;
  /** Whether a leg that cannot be built is an error, or skipped. */
  readonly onUnsupported: "fail" | "skip";
  readonly runsOn: RunnerLabels;
  readonly maxLegs: number;
  /** Name of the unikernel, for artifacts. Undefined: the name of the project's folder. */
  readonly unikernel: string | undefined;
  readonly directory: string;
  readonly configFile: string | undefined;
}

export interface MatrixPlan {
  /** At least one, in the order of the list. */
  readonly legs: readonly [Leg, ...Leg[]];
  /** A sentence for each skipped leg. */
  readonly skipped: readonly string[];
  /** Sentences about lock files that are ignored, and about legs whose versions only opam can decide, each once. */
  readonly notices: readonly string[];
}

/** The project of each place that a list of targets names, or why it has none: see {@link placesIn}. */
export type Projects = ReadonlyMap<string, Project | Problem>;

/** The places of the projects of a list of targets, each once, by the name under which {@link Projects} has it. */
export function placesIn(request: MatrixRequest): ReadonlyMap<string, Place> {
  const places = parseTargets(request.targets).entries.map((entry) => placeOf(entry, request));
  return new Map(places.map((place) => [nameOfPlace(place), place]));
}

/** A line's own folder has a configuration of its own, too. */
function placeOf({ directory, configFile }: Entry, request: MatrixRequest): Place {
  const ofMatrix = directory === undefined ? request.configFile : undefined;
  return { directory: directory ?? request.directory, configFile: configFile ?? ofMatrix ?? "" };
}

const nameOfPlace = ({ directory, configFile }: Place): string => JSON.stringify([directory, configFile]);

/**
 * Plans every leg of a matrix; `setup` will decide the same versions on the leg's machine.
 *
 * @throws Problem that names all errors of the list at once, each with its line.
 */
export function planMatrix(request: MatrixRequest, projects: Project | Projects): MatrixPlan {
  const { entries, faults: mistakes } = parseTargets(request.targets);
  if (entries.length + mistakes.length === 0) {
    throw new WrongUse("input targets is empty", {
      accepted: "a target and its architectures per line: hvt x86_64 aarch64",
    });
  }
  if (entries.length > request.maxLegs) {
    throw new WrongUse(`input targets has ${entries.length} legs`, {
      accepted: `up to ${request.maxLegs}`,
      do: "raise `max-legs`, or split the list into several matrices",
    });
  }
  const results = entries.map((entry) => planLeg(entry, request, projectFor(entry, request, projects)));
  const legs = results.filter((result) => "name" in result);
  const unsupported = results.filter((result) => "what" in result);
  const isError = request.onUnsupported === "fail";
  const faults = [...mistakes, ...repetitions(legs), ...(isError ? unsupported : [])];
  if (faults.length > 0) throw problemOf(faults, isError && unsupported.length > 0);
  const [first, ...others] = legs;
  if (first === undefined) throw nothingLeft(unsupported);
  const notices = legs.flatMap(({ name, entry, toolchain }) => {
    if (toolchain?.isUndecided === true)
      return [`${name}: the version table (of ${versionSource.date}) has no such toolchain, so its job asks opam`];
    const project = projectFor(entry, request, projects);
    if (toolchain === undefined || project instanceof Problem) return [];
    return explainVersions(inputsOf(entry, request), project, toolchain).notices;
  });
  return { legs: [first, ...others], skipped: unsupported.map(sentence), notices: [...new Set(notices)] };
}

function projectFor(entry: Entry, request: MatrixRequest, projects: Project | Projects): Project | Problem {
  if ("directory" in projects) return projects;
  const place = placeOf(entry, request);
  return projects.get(nameOfPlace(place)) ?? new Problem(`no project was looked for in ${place.directory}`);
}

/** The name of a unikernel in its artifact: the input's, else its folder's; a line's own place tells it from others. */
function unikernelOf(entry: Entry, request: MatrixRequest, { directory }: Project): string {
  const own = basename(entry.configFile === undefined ? directory : dirname(join(directory, entry.configFile)));
  if (request.unikernel === undefined) return own;
  return hasPlace(entry) ? `${request.unikernel}-${own}` : request.unikernel;
}

function planLeg(entry: Entry, request: MatrixRequest, project: Project | Problem): Leg | Fault {
  try {
    if (project instanceof Problem) throw project;
    const runner = runnerFor(entry, project.buildSystem, request.runsOn);
    const toolchain = toolchainFor(entry, runner, request, project);
    return makeLeg(unikernelOf(entry, request, project), entry, runner, toolchain, placeOf(entry, request));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { accepted = [] } = error.facts;
    return { line: entry.line, leg: entryName(entry), what: error.message, accepted: [accepted].flat() };
  }
}

/** @throws Problem when no toolchain can build it. */
function toolchainFor(
  entry: Entry,
  runner: Runner,
  request: MatrixRequest,
  project: Project,
): LegToolchain | undefined {
  const inputs = inputsOf(entry, request);
  if (inputs.ocamlVersion === "none") {
    checkRecipe(targets[entry.target], entry.architecture, runner.architecture);
    return undefined;
  }
  try {
    return planToolchain(inputs, project, runner);
  } catch (error) {
    if (!(error instanceof BeyondTable)) throw error;
    if (error.canIgnoreLock) return planToolchain({ ...inputs, lock: "ignore" }, project, runner);
    const { backend } = targets[entry.target];
    const place = { backend, architecture: entry.architecture, hostArchitecture: runner.architecture };
    return { ...place, versions: givenVersions(inputs), isUndecided: true };
  }
}

/** The inputs of `setup` that decide a leg's versions. */
function inputsOf(entry: Entry, request: MatrixRequest): ToolchainInputs {
  // Repositories, packages and pins are the same for all legs: they decide nothing here.
  const alike = { opamRepositories: [], opamPackages: [], opamPins: [], toolchainOptions: [], cFlags: [], slim: true };
  const ocaml = entry.ocaml === undefined ? {} : { ocamlVersion: entry.ocaml, ocamlSource: "option ocaml" };
  return { ...request, ...alike, ...ocaml, target: entry.target, arch: entry.architecture };
}

/** Legs that repeat an earlier one, or would overwrite its artifact. */
function repetitions(legs: readonly Leg[]): Fault[] {
  const same = new Map<string, Leg>();
  const names = new Map<string, Leg>();
  return legs.flatMap((leg) => {
    const { entry } = leg;
    const { line } = entry;
    const identity = JSON.stringify([entryName(entry), leg.ocaml, entry.variant, configureWords(entry), leg.runner]);
    // Artifacts are unpacked into folders, on file systems that can be case-insensitive.
    const name = leg.artifactName.toLowerCase();
    const twin = same.get(identity);
    const namesake = names.get(name);
    same.set(identity, twin ?? leg);
    names.set(name, namesake ?? leg);
    const fault = (what: string, ...accepted: string[]): Fault[] => [{ line, leg: leg.name, what, accepted }];
    if (twin !== undefined) return fault(`it repeats line ${twin.entry.line}`);
    if (namesake === undefined) return [];
    return fault(
      `its artifact name, ${leg.artifactName}, is that of line ${namesake.entry.line}`,
      "a unique `variant=`",
    );
  });
}

function problemOf(faults: readonly Fault[], maySkip: boolean): Problem {
  return new WrongUse(`input targets has ${faults.length === 1 ? "an error" : `${faults.length} errors`}`, {
    because: explained([...faults].sort((a, b) => a.line - b.line)),
    ...(maySkip ? { do: "correct the list, or set `on-unsupported: skip` to skip the legs that cannot be built" } : {}),
  });
}

function nothingLeft(unsupported: readonly Fault[]): Problem {
  return new WrongUse("input targets: no leg can be built", {
    because: explained(unsupported),
    do: "add a leg that can be built: GitHub refuses an empty matrix",
  });
}

/** Each fault, followed by what is accepted, unless an earlier fault already said so. */
function explained(faults: readonly Fault[]): string[] {
  const said = new Set<string>();
  return faults.flatMap((fault) => {
    const news = fault.accepted.filter((accepted) => !said.has(accepted));
    for (const accepted of news) said.add(accepted);
    return [sentence(fault), ...news.map((accepted) => `  accepted: ${accepted}`)];
  });
}

function sentence({ line, leg, what }: Fault): string {
  return `line ${line}${leg === undefined ? "" : `, ${leg}`}: ${what}`;
}
