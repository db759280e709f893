import semver from "semver";
import {
  type Constraint,
  type MirageRequest,
  type VersionRequest,
  type Versions,
  components,
  knownVersions,
  newest,
  released,
} from "./combinations.js";
import { type Refusal, noRelease, noVersion, notAvailable, refuse } from "./version-refusal.js";

export type Resolution =
  { readonly kind: "versions"; readonly versions: Versions } | { readonly kind: "refusal"; readonly refusal: Refusal };

/**
 * Decides every version: the newest OCaml that works, then the newest mirage, cross compiler and solo5.
 *
 * @returns the versions, or a refusal that names the conflicting constraints and lists versions that work.
 */
export function resolveVersions(request: VersionRequest): Resolution {
  const constraints = constraintsOf(request);
  if ("what" in constraints) return { kind: "refusal", refusal: constraints };
  const versions = newest(request, constraints);
  if (versions !== undefined) return { kind: "versions", versions };
  for (const elsewhere of released(request, constraints))
    return { kind: "refusal", refusal: notAvailable(request, constraints, elsewhere) };
  return { kind: "refusal", refusal: refuse(request, conflicting(request, constraints)) };
}

/** The constraints of a request, or a refusal of the first that no release satisfies. */
function constraintsOf(request: VersionRequest): readonly Constraint[] | Refusal {
  const constraints: Constraint[] = [];
  for (const component of components) {
    const text = component === "mirage" ? textOf(request.mirage) : (request[component] ?? "");
    if (text === "") continue;
    const range = semver.validRange(text);
    if (range === null) return noVersion({ component, text });
    const accepts = (version: string) => semver.satisfies(version, range);
    if (!knownVersions[component].some(accepts)) return noRelease({ component, text });
    constraints.push({ component, text, accepts });
  }
  return constraints;
}

function textOf(mirage: MirageRequest): string {
  if (mirage.kind === "none") return "";
  if (mirage.kind === "exact") return mirage.version;
  const { atLeast, below } = mirage;
  return [atLeast === undefined ? [] : [`>=${atLeast}`], below === undefined ? [] : [`<${below}`]].flat().join(" ");
}

/** A smallest set of constraints that conflict: without any one of them, the others can be satisfied. */
function conflicting(request: VersionRequest, constraints: readonly Constraint[]): readonly Constraint[] {
  return constraints.reduce<readonly Constraint[]>((left, candidate) => {
    const without = left.filter((one) => one !== candidate);
    return newest(request, without) === undefined ? without : left;
  }, constraints);
}
