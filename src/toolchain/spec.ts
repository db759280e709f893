import type { Host } from "../platform/host.js";
import { Problem } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import { isBeyondTable } from "../targets/beyond-table.js";
import { type VersionRequest, componentsFor } from "../targets/combinations.js";
import {
  type Component,
  type Constraint,
  accepts,
  components,
  componentsOf,
  constraintOfRange,
  exactly,
} from "../targets/constraint.js";
import { type Target, type TargetName, targets } from "../targets/targets.js";
import { type VersionReason, versionReasons } from "../targets/version-reasons.js";
import { type Refusal, nameOf, noVersion } from "../targets/version-refusal.js";
import { resolveVersions } from "../targets/versions.js";
import { optionPackageNames, optionPackages } from "./opam/options.js";
import type { Variables } from "./opam/filtered-formula.js";
import { type OpamQuestion, missingRelease, refusalProblem, releasesIn } from "./opam/solver.js";
import {
  checkRecipe,
  componentPackages,
  decidedPackages,
  opamPackages,
  recipeOf,
  unversionedPackages,
} from "./packages.js";
import { type Requirement, constraintsOf, machineVariables, unreadParts } from "./requirements.js";
import { checkFlag, checkPackage, inOrder, parsePins, parseRepositories } from "./spec-text.js";
import {
  type LockChoice,
  type LockFile,
  lockFilesFor,
  type OpamRepository,
  type ToolchainSpec,
  type ToolchainVersions,
} from "./toolchain.js";

/** A spec without the facts of the machine: those need the C compiler, which may have to be installed first. */
export type ToolchainPlan = Omit<ToolchainSpec, "hostSystem" | "cCompiler">;

/** The inputs that choose a toolchain, by their names. */
export interface ToolchainInputs {
  readonly target: TargetName;
  /** Undefined: the machine's own. */
  readonly arch: Architecture | undefined;
  readonly ocamlVersion: string | undefined;
  /** What gives it, when it is not the input: `option ocaml`. */
  readonly ocamlSource?: string;
  readonly mirageVersion: string;
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

/** The facts of a project that decide its toolchain. */
export interface ProjectNeeds {
  /** As the log shows it. */
  readonly description: string;
  /** `mirage` needs the mirage tool. */
  readonly buildSystem: string;
  /** What its files ask of the versions. */
  readonly requirements?: readonly Requirement[];
  /** The committed ones. */
  readonly lockFiles?: readonly LockFile[];
}

/** The version table has no such toolchain, but an opam repository might: opam has to be asked. */
export class BeyondTable extends Problem {
  constructor(
    refusal: Refusal,
    readonly question: OpamQuestion,
    /** The lock file is a part of the question, and can be ignored. */
    readonly canIgnoreLock: boolean,
  ) {
    const { message, facts } = refusalProblem(refusal);
    super(message, facts);
  }
}

/**
 * Decides the toolchain, before anything is downloaded.
 *
 * @param available the packages of the opam repositories, as `name.version`; undefined: unknown, so every release.
 * @param decided the versions, if opam has decided them.
 * @throws BeyondTable when only opam can tell whether there is such a toolchain.
 * @throws Problem when there is no such toolchain, or an input is wrong.
 */
export function planToolchain(
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  host: Pick<Host, "architecture">,
  available?: ReadonlySet<string>,
  decided?: ToolchainVersions,
): ToolchainPlan {
  const target = targets[inputs.target];
  const architecture = inputs.arch ?? host.architecture;
  checkRecipe(target, architecture, host.architecture);
  const place = { backend: target.backend, architecture, hostArchitecture: host.architecture };
  const pins = parsePins(inputs.opamPins);
  const extra = [...inputs.opamPackages, ...optionPackageNames(inputs.toolchainOptions)];
  const lacking = (versions: ToolchainVersions) =>
    decidedPackages(recipeOf(place), versions, extra, pins).filter((name) => available?.has(name) === false);
  const repositories = parseRepositories(inputs.opamRepositories);
  const question = (request: VersionRequest): OpamQuestion => ({
    backend: target.backend,
    subject: [target.name, request.constraints.map(nameOf).join(" and ")].filter((text) => text !== "").join(" with "),
    repositories,
    pins,
    constraints: request.constraints,
    components: componentsFor(request).map((name) => [name, componentPackages(recipeOf(place), name, extra)]),
    packages: unversionedPackages(recipeOf(place), extra),
  });
  const variables = machineVariables(host.architecture);
  const versions = decided ?? chooseVersions(inputs, project, target, { lacking, available, question, variables });
  return {
    ...place,
    versions,
    repositories,
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
  { lacking, available, question, variables }: Sources,
): ToolchainVersions {
  const { request, constraints, locked } = askedVersions(inputs, project, target, variables);
  const alone = { ...request, lacking, constraints };
  const whole = { ...alone, constraints: [...constraints, ...locked] };
  const withLock = resolveVersions(whole);
  const mayIgnoreLock = locked.length > 0 && inputs.lock !== "require";
  if (withLock.kind === "refusal" && mayIgnoreLock) askIfBeyond(whole, withLock.refusal, true);
  // Where a lock makes no toolchain, the newest versions are chosen as without one.
  const resolution = withLock.kind === "versions" || !mayIgnoreLock ? withLock : resolveVersions(alone);
  if (resolution.kind === "versions") return resolution.versions;
  askIfBeyond(mayIgnoreLock ? alone : whole, resolution.refusal, false);
  throw refusalProblem(resolution.refusal);

  /** @throws BeyondTable, or a Problem when the repositories are known to lack it. */
  function askIfBeyond(request: VersionRequest, refusal: Refusal, canIgnoreLock: boolean): void {
    const asked = question(request);
    const missing = available && missingRelease(asked, available);
    if (missing !== undefined && canIgnoreLock) return;
    if (missing !== undefined) throw refusalProblem(missing);
    const there = available && releasesIn(available, asked.components);
    if (isBeyondTable(request, there, !asked.repositories.every(isOfficial)))
      throw new BeyondTable(refusal, asked, canIgnoreLock);
  }
}

/** What decides versions, besides the request. */
interface Sources {
  readonly lacking: NonNullable<VersionRequest["lacking"]>;
  readonly available: ReadonlySet<string> | undefined;
  readonly question: (request: VersionRequest) => OpamQuestion;
  readonly variables: Variables;
}

/** opam-repository itself, which has moved old releases elsewhere. */
const isOfficial = ({ url }: OpamRepository): boolean =>
  /^(?:git\+)?https:\/\/(?:opam\.ocaml\.org|github\.com\/ocaml\/opam-repository)\b(?!-)/.test(url);

/** The versions that inputs give, as they were written; OCaml's is empty if none is given. */
export function givenVersions(inputs: VersionInputs): ToolchainVersions {
  const { ocaml = "", ...others } = versionTexts(inputs);
  return { ocaml, ...definedOnly(others) };
}

const definedOnly = (texts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));

type VersionInputs = Pick<
  ToolchainInputs,
  "ocamlVersion" | "solo5Version" | "ocamlSolo5Version" | "ocamlUnikraftVersion" | "mirageVersion"
>;

const versionTexts = (inputs: VersionInputs): Readonly<Record<Component, string | undefined>> => ({
  ocaml: inputs.ocamlVersion,
  solo5: inputs.solo5Version,
  "ocaml-solo5": inputs.ocamlSolo5Version,
  "ocaml-unikraft": inputs.ocamlUnikraftVersion,
  mirage: ["auto", "none"].includes(inputs.mirageVersion) ? undefined : inputs.mirageVersion,
});

/**
 * Why a plan has its versions, for the log and build-info.json; and notices of an ignored lock file and of what
 * was not read in the project's files.
 */
export function explainVersions(
  inputs: ToolchainInputs,
  project: ProjectNeeds,
  { versions, hostArchitecture }: Pick<ToolchainPlan, "versions" | "hostArchitecture">,
): { readonly reasons: readonly VersionReason[]; readonly notices: readonly string[] } {
  const variables = machineVariables(hostArchitecture);
  const { request, constraints, locked } = askedVersions(inputs, project, targets[inputs.target], variables);
  const all = { ...request, constraints: [...constraints, ...locked] };
  const reasons = versionReasons(all, versions);
  const unread = unreadParts(project.requirements ?? []);
  if (locked.every((one) => accepts(one, versions))) return { reasons, notices: unread };
  const withLock = resolveVersions(all);
  const what =
    withLock.kind === "refusal"
      ? withLock.refusal.what
      : "the given opam repositories lack the versions of the lock file";
  return { reasons, notices: [...unread, `${what}; the lock file is ignored`] };
}

/** What inputs and project ask, and what the lock file asks of the components that no input decides. */
function askedVersions(inputs: ToolchainInputs, project: ProjectNeeds, target: Target, variables: Variables) {
  const given = inputConstraints(inputs);
  const locks = inputs.lock === "ignore" ? [] : lockFilesFor(project.lockFiles ?? [], target);
  const hasMirage =
    inputs.mirageVersion === "auto" ? project.buildSystem === "mirage" : inputs.mirageVersion !== "none";
  return {
    request: { target: target.name, hasMirage },
    constraints: [...given, ...constraintsOf(project.requirements ?? [], variables)],
    locked: locks.flatMap((lock) => lockConstraints(lock, given)),
  };
}

/** @throws Problem when an input is not a version or a range of versions. */
function inputConstraints(inputs: ToolchainInputs): readonly Constraint[] {
  const given = versionTexts(inputs);
  return components.flatMap((component) => {
    const text = given[component];
    if (text === undefined) return [];
    const source = component === "ocaml" ? inputs.ocamlSource : undefined;
    const constraint = constraintOfRange(component, text, source ?? `input ${component}-version`);
    if (constraint !== undefined) return [constraint];
    const { what, accepted, remedy } = noVersion(component, text);
    throw new Problem(what, { accepted, do: remedy });
  });
}

/** The locked versions of the components that no input decides. */
function lockConstraints({ path, versions }: LockFile, given: readonly Constraint[]): readonly Constraint[] {
  const decided = given.flatMap(componentsOf);
  return components.flatMap((component) => {
    const version = versions[component];
    if (version === undefined || decided.includes(component)) return [];
    return [exactly(component, version, `lock file ${path}`)];
  });
}
