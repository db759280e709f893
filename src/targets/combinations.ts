import semver from "semver";
import data from "../../data/versions.json" with { type: "json" };
import { type Backend, type TargetName, targets } from "./targets.js";

/** The parts of a toolchain that have a version. */
export const components = ["ocaml", "solo5", "ocaml-solo5", "ocaml-unikraft", "mirage"] as const;
export type Component = (typeof components)[number];

/** Exact versions. Only OCaml's is always present. */
export type Versions = Readonly<Partial<Record<Component, string>>> & { readonly ocaml: string };

/**
 * The versions that the user and the project ask for, each exact or an npm range (`5.4.x`, `5.x`, `>=5.3 <5.5`).
 * An absent one is free to choose.
 */
export interface VersionRequest extends Readonly<Partial<Record<Exclude<Component, "mirage">, string>>> {
  readonly target: TargetName;
  readonly mirage: MirageRequest;
  /** The packages of these versions that no opam repository has. Absent: the repositories have every release. */
  readonly lacking?: (versions: Versions) => readonly string[];
}

export type MirageRequest =
  | { readonly kind: "none" }
  | { readonly kind: "exact"; readonly version: string }
  | ({ readonly kind: "bounds" } & Bounds);

/** `atLeast <= version < below`; an absent side is open. */
export interface Bounds {
  readonly atLeast?: string;
  readonly below?: string;
}

/** What the request asks of one component. */
export interface Constraint {
  readonly component: Component;
  /** As the user or the project wrote it: `5.2.0`, `>= 4.9 & < 4.10`. */
  readonly text: string;
  readonly accepts: (version: string) => boolean;
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
export function* combinations(request: VersionRequest, constraints: readonly Constraint[]): Generator<Versions> {
  for (const versions of released(request, constraints))
    if ((request.lacking?.(versions) ?? []).length === 0) yield versions;
}

/** Every released combination that satisfies the constraints, whether or not a repository has it, best first. */
export function* released(request: VersionRequest, constraints: readonly Constraint[]): Generator<Versions> {
  const isWanted = (component: Component, version: string) =>
    constraints.every((constraint) => constraint.component !== component || constraint.accepts(version));
  const compiler = crossCompilerFor(request.target);
  const mirages =
    request.mirage.kind === "none"
      ? [undefined]
      : mirageFacts.filter(({ version }) => isWanted("mirage", version)).toReversed();
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
        if (!ocamls.includes(ocaml) || !within(bounds, version) || !isWanted(compiler, version)) continue;
        const chosen = { ocaml, [compiler]: version, ...ofMirage };
        if (ofSolo5 === undefined) {
          yield chosen;
          continue;
        }
        for (const solo5 of data.solo5.toReversed()) {
          const fits = within(ofSolo5, solo5) && within(mirage?.solo5 ?? {}, solo5) && isWanted("solo5", solo5);
          if (fits) yield { ...chosen, solo5 };
        }
      }
    }
  }
}

const within = ({ atLeast, below }: Bounds, version: string): boolean =>
  (atLeast === undefined || semver.gte(version, atLeast)) && (below === undefined || semver.lt(version, below));

/** The best combination; undefined when none satisfies the constraints. */
export function newest(request: VersionRequest, constraints: readonly Constraint[]): Versions | undefined {
  for (const versions of combinations(request, constraints)) return versions;
  return undefined;
}
