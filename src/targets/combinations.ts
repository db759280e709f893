import semver from "semver";
import data from "../../data/versions.json" with { type: "json" };
import { type Component, type Constraint, type Versions, accepts, components, componentsOf } from "./constraint.js";
import { type Backend, type TargetName, targets } from "./targets.js";

/** A toolchain to choose versions for. */
export interface VersionRequest {
  readonly target: TargetName;
  /** Whether it has the mirage tool. */
  readonly hasMirage: boolean;
  /** A constraint on a component that the toolchain lacks is ignored. */
  readonly constraints: readonly Constraint[];
  /** The packages of these versions that no opam repository has. Absent: the repositories have every release. */
  readonly lacking?: (versions: Versions) => readonly string[];
}

/** `atLeast <= version < below`; an absent side is open. */
export interface Bounds {
  readonly atLeast?: string;
  readonly below?: string;
}

interface MirageFacts {
  readonly version: string;
  readonly ocaml: Bounds;
  readonly solo5: Bounds;
  readonly "ocaml-solo5": Bounds;
  /** Absent: this mirage does not support the backend. */
  readonly "ocaml-unikraft"?: Bounds;
}

interface CrossCompilerFacts {
  readonly version: string;
  readonly ocaml: readonly string[];
  readonly solo5?: Bounds;
}

type CrossCompiler = "ocaml-solo5" | "ocaml-unikraft";
const crossCompilers: Readonly<Record<Backend, CrossCompiler | undefined>> = {
  solo5: "ocaml-solo5",
  unikraft: "ocaml-unikraft",
  host: undefined,
};

/** The cross compiler of a target; undefined for a target of the host. */
export const crossCompilerFor = (target: TargetName): CrossCompiler | undefined =>
  crossCompilers[targets[target].backend];

/** The components of a toolchain for a request. */
export function componentsFor({ target, hasMirage }: Omit<VersionRequest, "constraints">): readonly Component[] {
  const compiler = crossCompilerFor(target);
  return components.filter((name) => {
    if (name === "mirage") return hasMirage;
    return name === "ocaml" || name === compiler || name === targets[target].backend;
  });
}

const crossCompilerFacts: Readonly<Record<CrossCompiler, readonly CrossCompilerFacts[]>> = data;
const mirageFacts: readonly MirageFacts[] = data.mirage;

/** The commit and date of the opam repository that the table was read from. */
export const versionSource = data.sources["ocaml/opam-repository"];

/** Every released version of a component, oldest first. */
export const knownVersions: Readonly<Record<Component, readonly string[]>> = {
  ocaml: data.ocaml,
  solo5: data.solo5,
  "ocaml-solo5": data["ocaml-solo5"].map(({ version }) => version),
  "ocaml-unikraft": data["ocaml-unikraft"].map(({ version }) => version),
  mirage: mirageFacts.map(({ version }) => version),
};

/** Every combination that satisfies the constraints and is in the opam repositories, best first. */
export function* combinations(request: VersionRequest): Generator<Versions> {
  for (const versions of released(request)) if ((request.lacking?.(versions) ?? []).length === 0) yield versions;
}

/** Every released combination that satisfies the constraints, whether or not a repository has it, best first. */
export function* released(request: VersionRequest): Generator<Versions> {
  const { constraints } = request;
  for (const versions of compatible(request))
    if (constraints.every((constraint) => accepts(constraint, versions))) yield versions;
}

/** Every combination of releases that work together, best first. */
function* compatible({ target, hasMirage, constraints }: VersionRequest): Generator<Versions> {
  const isWanted = (component: Component, version: string) => !isRefused(constraints, component, version);
  const compiler = crossCompilerFor(target);
  const mirages = hasMirage
    ? mirageFacts.filter(({ version }) => isWanted("mirage", version)).toReversed()
    : [undefined];
  for (const ocaml of data.ocaml.filter((version) => isWanted("ocaml", version)).toReversed()) {
    for (const mirage of mirages) {
      if (mirage !== undefined && !within(mirage.ocaml, ocaml)) continue;
      const ofMirage = mirage && { mirage: mirage.version };
      if (compiler === undefined) {
        yield { ocaml, ...ofMirage };
        continue;
      }
      // A mirage can use only the cross compilers that its package names; an older one names fewer.
      const bounds = mirage === undefined ? {} : mirage[compiler];
      if (bounds === undefined) continue;
      for (const { version, ocaml: ocamls, solo5: ofSolo5 } of crossCompilerFacts[compiler].toReversed()) {
        if (!ocamls.includes(ocaml) || !within(bounds, version)) continue;
        const chosen = { ocaml, [compiler]: version, ...ofMirage };
        if (ofSolo5 === undefined) {
          yield chosen;
          continue;
        }
        for (const solo5 of data.solo5.toReversed()) {
          const fits = within(ofSolo5, solo5) && within(mirage?.solo5 ?? {}, solo5);
          if (fits) yield { ...chosen, solo5 };
        }
      }
    }
  }
}

/** Whether a constraint on one component alone refuses a version: the search then skips all combinations with it. */
export const isRefused = (constraints: readonly Constraint[], component: Component, version: string): boolean =>
  constraints.some(
    (one) => componentsOf(one).every((name) => name === component) && !accepts(one, { [component]: version }),
  );

const within = ({ atLeast, below }: Bounds, version: string): boolean =>
  (atLeast === undefined || semver.gte(version, atLeast)) && (below === undefined || semver.lt(version, below));

/** The best combination; undefined when none satisfies the constraints. */
export function newest(request: VersionRequest): Versions | undefined {
  for (const versions of combinations(request)) return versions;
  return undefined;
}
