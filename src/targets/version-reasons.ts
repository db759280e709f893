import { type VersionRequest, knownVersions, released } from "./combinations.js";
import {
  type Component,
  type Constraint,
  type Versions,
  accepts,
  components,
  componentsOf,
  exactly,
} from "./constraint.js";
import { type Formula, comparisonsIn, conjunctsOf, shown } from "./formula.js";
import { compareVersions } from "./opam-version.js";

/** Why a toolchain has a version, and no newer one. */
export interface VersionReason {
  readonly component: Component;
  readonly version: string;
  /** As a phrase: `www.opam asks < 5.0`, `the newest for ocaml 4.14.4`, `the newest`. */
  readonly reason: string;
}

/**
 * The reason of each version.
 *
 * @param request its constraints that the versions do not satisfy, those of an ignored lock file, are no reasons.
 */
export function versionReasons(request: VersionRequest, versions: Versions): readonly VersionReason[] {
  const constraints = request.constraints.filter((one) => accepts(one, versions));
  return components.flatMap((component) => {
    const version = versions[component];
    if (version === undefined) return [];
    return [{ component, version, reason: reasonOf({ ...request, constraints }, versions, component) }];
  });
}

function reasonOf(request: VersionRequest, versions: Versions, component: Component): string {
  const own = request.constraints.filter((one) => componentsOf(one).includes(component));
  const newer = knownVersions[component].filter((one) => compareVersions(one, versions[component] ?? "") > 0);
  const refused = (one: Constraint, version: string) => !accepts(one, { ...versions, [component]: version });
  const asking = own.flatMap((one) => {
    const parts = conjunctsOf(one.formula).filter(
      (formula) => isExact(formula) || newer.some((version) => refused({ ...one, formula }, version)),
    );
    return parts.length === 0 ? [] : [`${one.source} asks ${textOf(one, parts)}`];
  });
  const open = newer.filter((version) => !own.some((one) => refused(one, version)));
  const others = open.length === 0 ? [] : [whyNotNewer(request, versions, component, open)];
  return [...new Set([...asking, ...others])].join(", ") || "the newest";
}

/** Of a constraint, the parts that decide: of `>= 4.14 & < 5.0`, `< 5.0`. */
const textOf = (one: Constraint, parts: readonly Formula[]): string =>
  parts.length === conjunctsOf(one.formula).length ? one.text : shown({ kind: "and", parts });

function isExact(formula: Formula): boolean {
  const [only, ...others] = comparisonsIn(formula);
  return only?.relation === "=" && others.length === 0;
}

/** @param open newer versions that no constraint on the component itself refuses. */
function whyNotNewer(
  request: VersionRequest,
  versions: Versions,
  component: Component,
  open: readonly string[],
): string {
  const fixed = (name: Component, version = "") => exactly(name, version, "");
  const isPossible = (constraints: readonly Constraint[]) => !released({ ...request, constraints }).next().done;
  const { target } = request;
  if (!open.some((version) => isPossible([fixed(component, version)]))) return `the newest for ${target}`;
  const others = components.filter((name) => name !== component && versions[name] !== undefined);
  const deciding = others.filter((name) =>
    open.some((version) => !isPossible([fixed(component, version), fixed(name, versions[name])])),
  );
  if (deciding.length > 0) return `the newest for ${deciding.map((name) => `${name} ${versions[name]}`).join(" and ")}`;
  const rest = others.map((name) => fixed(name, versions[name]));
  const isReleased = open.some((version) => isPossible([fixed(component, version), ...rest]));
  return isReleased ? "the newest in the opam repositories" : "the newest for the other versions";
}
