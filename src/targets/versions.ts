import semver from "semver";
import {
  type MirageRequest,
  type VersionRequest,
  type Versions,
  type Wish,
  components,
  knownVersions,
  newest,
  released,
} from "./combinations.js";
import { type Refusal, noRelease, noVersion, notAvailable, refuse } from "./version-refusal.js";

export type Resolution =
  { readonly kind: "versions"; readonly versions: Versions } | { readonly kind: "refusal"; readonly refusal: Refusal };

/**
 * Decides every version: the newest OCaml for which everything fits, then the newest mirage, cross compiler and solo5.
 *
 * @returns the versions, or a refusal that names the wishes which do not go together and lists those that do.
 */
export function resolveVersions(request: VersionRequest): Resolution {
  const made = wishesOf(request);
  if ("what" in made) return { kind: "refusal", refusal: made };
  const versions = newest(request, made);
  if (versions !== undefined) return { kind: "versions", versions };
  for (const elsewhere of released(request, made))
    return { kind: "refusal", refusal: notAvailable(request, made, elsewhere) };
  return { kind: "refusal", refusal: refuse(request, culprits(request, made)) };
}

/** The wishes of a request, or a refusal of the first that no version can ever fulfil. */
function wishesOf(request: VersionRequest): readonly Wish[] | Refusal {
  const wishes: Wish[] = [];
  for (const component of components) {
    const text = component === "mirage" ? textOf(request.mirage) : (request[component] ?? "");
    if (text === "") continue;
    const range = semver.validRange(text);
    if (range === null) return noVersion({ component, text });
    const accepts = (version: string) => semver.satisfies(version, range);
    if (!knownVersions[component].some(accepts)) return noRelease({ component, text });
    wishes.push({ component, text, accepts });
  }
  return wishes;
}

function textOf(mirage: MirageRequest): string {
  if (mirage.kind === "none") return "";
  if (mirage.kind === "exact") return mirage.version;
  const { atLeast, below } = mirage;
  return [atLeast === undefined ? [] : [`>=${atLeast}`], below === undefined ? [] : [`<${below}`]].flat().join(" ");
}

/** A smallest set of wishes that cannot be fulfilled together: without any one of them the others can. */
function culprits(request: VersionRequest, wishes: readonly Wish[]): readonly Wish[] {
  return wishes.reduce<readonly Wish[]>((left, candidate) => {
    const without = left.filter((one) => one !== candidate);
    return newest(request, without) === undefined ? without : left;
  }, wishes);
}
