import semver from "semver";
import type { Component, Versions } from "./combinations.js";

/** `solo5 0.9.1 to 0.12.1`: the versions of one component in a few words. */
export function listed(component: Component, versions: readonly string[]): string {
  const all = [...new Set(versions)].sort(semver.compare);
  return `${component === "ocaml" ? "OCaml" : component} ${all.length === 0 ? "none" : all.join(", ")}`;
}

/**
 * Which OCaml goes with which cross compiler, for a person: `4.12.1 to 4.14.x (0.8.5), 5.2.1 (1.0.1), 5.3.0 and 5.4.0
 * (1.2.0)`. Each OCaml is shown with the newest compiler that takes it.
 *
 * @param combinations every one that works, the most wanted first.
 */
export function pairsListed(combinations: readonly Versions[], compiler: Component): string {
  const newest = new Map<string, string>();
  for (const versions of combinations) {
    const crossCompiler = versions[compiler];
    if (crossCompiler === undefined) continue;
    const best = newest.get(versions.ocaml);
    if (best === undefined || semver.gt(crossCompiler, best)) newest.set(versions.ocaml, crossCompiler);
  }
  const byCompiler = new Map<string, string[]>();
  for (const [ocaml, version] of [...newest].sort(([a], [b]) => semver.compare(a, b))) {
    byCompiler.set(version, [...(byCompiler.get(version) ?? []), ocaml]);
  }
  return [...byCompiler].map(([version, ocamls]) => `${range(ocamls)} (${version})`).join(", ");
}

/** Versions in order: two are named, more than two are a stretch whose last minor series is written with an x. */
function range(versions: readonly string[]): string {
  const [first = "", second] = versions;
  if (second === undefined) return first;
  if (versions.length === 2) return `${first} and ${second}`;
  const last = semver.parse(versions.at(-1));
  return last === null ? first : `${first} to ${last.major}.${last.minor}.x`;
}
