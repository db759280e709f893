import semver from "semver";
import type { Component, Versions } from "./combinations.js";

/** The versions of one component, each once and in order: `solo5 0.9.1, 0.9.2`. */
export function listed(component: Component, versions: readonly string[]): string {
  const all = [...new Set(versions)].sort(semver.compare);
  return `${component === "ocaml" ? "OCaml" : component} ${all.length === 0 ? "none" : all.join(", ")}`;
}

/**
 * The OCaml versions of each cross compiler: `4.12.1 to 4.14.x (0.8.5), 5.2.1 (1.0.1), 5.3.0 and 5.4.0 (1.2.0)`. Each
 * OCaml is shown with the newest cross compiler that accepts it.
 *
 * @param combinations all that work, best first.
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

/** One version or two by name; more as a range that ends in a minor series: `4.12.1 to 4.14.x`. */
function range(versions: readonly string[]): string {
  const [first = "", second] = versions;
  if (second === undefined) return first;
  if (versions.length === 2) return `${first} and ${second}`;
  const last = semver.parse(versions.at(-1));
  return last === null ? first : `${first} to ${last.major}.${last.minor}.x`;
}
