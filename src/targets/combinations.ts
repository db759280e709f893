import semver from "semver";
import data from "../../data/versions.json" with { type: "json" };
import { type Backend, type TargetName, targets } from "./targets.js";

/** What a version can be chosen for. */
export const components = ["ocaml", "solo5", "ocaml-solo5", "ocaml-unikraft", "mirage"] as const;
export type Component = (typeof components)[number];

/** Exact versions; OCaml's is always there. */
export type Versions = Readonly<Partial<Record<Component, string>>> & { readonly ocaml: string };

/**
 * What the user and the project ask for: an exact version or a range as npm writes them (`5.4.x`, `5.x`, `>=5.3 <5.5`);
 * whatever is absent is ours to decide.
 */
export interface VersionRequest extends Readonly<Partial<Record<Exclude<Component, "mirage">, string>>> {
  readonly target: TargetName;
  readonly mirage: MirageRequest;
  /** Which of the packages that these versions need no opam repository has; absent: they have all that were released. */
  readonly lacking?: (versions: Versions) => readonly string[];
}

export type MirageRequest =
  | { readonly kind: "none" }
  | { readonly kind: "exact"; readonly version: string }
  | ({ readonly kind: "bounds" } & Bounds);

/** `atLeast <= version < below`; a missing side is open. */
export interface Bounds {
  readonly atLeast?: string;
  readonly below?: string;
}

/** What is asked of one component. */
export interface Wish {
  readonly component: Component;
  /** As the user wrote it: `5.2.0`, `>= 4.9 & < 4.10`. */
  readonly text: string;
  readonly accepts: (version: string) => boolean;
}

interface MirageFacts {
  readonly version: string;
  readonly ocaml: Bounds;
  readonly solo5: Bounds;
  readonly "ocaml-solo5": Bounds;
  /** Absent: this mirage does not know the backend. */
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

/** What a target's toolchain is made of beside OCaml; undefined for a target of the host. */
export const crossCompilerFor = (target: TargetName): CrossCompiler | undefined =>
  crossCompilers[targets[target].backend];

const crossCompilerFacts: Readonly<Record<CrossCompiler, readonly CrossCompilerFacts[]>> = data;
const mirageFacts: readonly MirageFacts[] = data.mirage;

/** Where and when the table was taken from. */
export const versionSource = data.sources["ocaml/opam-repository"];

/** Every released version of a component, the oldest first. */
export const knownVersions: Readonly<Record<Component, readonly string[]>> = {
  ocaml: data.ocaml,
  solo5: data.solo5,
  "ocaml-solo5": data["ocaml-solo5"].map(({ version }) => version),
  "ocaml-unikraft": data["ocaml-unikraft"].map(({ version }) => version),
  mirage: mirageFacts.map(({ version }) => version),
};

/** Every combination that fits and can be had, the most wanted first. */
export function* combinations(request: VersionRequest, wishes: readonly Wish[]): Generator<Versions> {
  for (const versions of released(request, wishes))
    if ((request.lacking?.(versions) ?? []).length === 0) yield versions;
}

/** Every combination that fits, whether or not a repository has it, the most wanted first. */
export function* released(request: VersionRequest, wishes: readonly Wish[]): Generator<Versions> {
  const isWanted = (component: Component, version: string) =>
    wishes.every((wish) => wish.component !== component || wish.accepts(version));
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
      // An older mirage names the cross compilers it knows; one that it does not name it cannot use.
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

/** The combination that is wanted most; undefined when none fits. */
export function newest(request: VersionRequest, wishes: readonly Wish[]): Versions | undefined {
  for (const versions of combinations(request, wishes)) return versions;
  return undefined;
}
