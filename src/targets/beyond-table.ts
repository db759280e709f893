import { type VersionRequest, componentsFor, isRefused, knownVersions, versionSource } from "./combinations.js";
import { type Component, type Constraint, accepts, componentsOf } from "./constraint.js";
import { comparisonsIn } from "./formula.js";
import { compareVersions } from "./opam-version.js";
import { type Refusal, inputOf, isArchived, isReleased, nameOf, word } from "./version-refusal.js";

/** The versions of a component that the opam repositories have. */
export type Releases = (component: Component) => readonly string[];

/**
 * Whether releases that the table lacks could satisfy a request that those of the table cannot: then opam decides.
 *
 * @param there undefined: not known yet.
 * @param mayBeOld whether the repositories could have releases that opam-repository has archived.
 */
export function isBeyondTable(request: VersionRequest, there: Releases | undefined, mayBeOld: boolean): boolean {
  const { constraints } = request;
  const own = componentsFor(request);
  const unreleased = constraints.filter(
    (one) => !isReleased(one) && componentsOf(one).some((name) => own.includes(name)),
  );
  if (there === undefined) return unreleased.some((one) => mayBeOld || !isArchived(one));
  return own.some((component) => {
    const [oldest = ""] = knownVersions[component];
    const isAsked = unreleased.some((one) => componentsOf(one).includes(component));
    return unknownIn(there, component, constraints).some(
      (version) => (isAsked || compareVersions(version, oldest) > 0) && !isRefused(constraints, component, version),
    );
  });
}

/** The newest version of a component in the repositories, if it is newer than the table's. */
export function newestBeyondTable(component: Component, there: Releases): string | undefined {
  const newest = knownVersions[component].at(-1) ?? "";
  return unknownIn(there, component)
    .filter((version) => compareVersions(version, newest) > 0)
    .sort(compareVersions)
    .at(-1);
}

/** Without prereleases, except those that a constraint names. */
function unknownIn(there: Releases, component: Component, constraints: readonly Constraint[] = []): string[] {
  const named = constraints.flatMap(({ formula }) => comparisonsIn(formula)).filter(({ relation }) => relation === "=");
  return there(component)
    .filter((version) => /^[\d.]+$/.test(version) || named.some((one) => one.version === version))
    .filter((version) => !knownVersions[component].includes(version));
}

/**
 * The refusal of a constraint that neither the table nor the repositories have a release for.
 *
 * @param places the repositories, for people.
 * @returns undefined when there is no such constraint.
 */
export function refuseMissing(
  { constraints }: Pick<VersionRequest, "constraints">,
  there: Releases,
  places: readonly string[],
): Refusal | undefined {
  const missing = constraints.find((one) => !isReleased(one) && !existsIn(there, one));
  const [component] = missing === undefined ? [] : componentsOf(missing);
  if (missing === undefined || component === undefined) return undefined;
  const input = inputOf(missing);
  const near = nearestTo(comparisonsIn(missing.formula)[0]?.version ?? "", there(component));
  const choose = near.length === 0 ? "" : `choose one of these, or `;
  return {
    what: `${missing.source}: no opam repository has ${nameOf(missing)}`,
    because: `asked ${places.join(", ")}; the table of versions is of ${versionSource.date}`,
    accepted: near.length === 0 ? [] : [`${word(component)} ${near.join(", ")}`],
    remedy:
      input === undefined
        ? `relax the constraint in ${missing.source}, or add an opam repository that has it to \`opam-repositories\``
        : `${choose}add an opam repository that has it to \`opam-repositories\``,
  };
}

/** A constraint on several packages is left to opam. */
const existsIn = (there: Releases, one: Constraint): boolean => {
  const [component, ...others] = componentsOf(one);
  if (component === undefined || others.length > 0) return true;
  return there(component).some((version) => accepts(one, { [component]: version }));
};

/** The two versions below another one, and the two above it. */
function nearestTo(version: string, all: readonly string[]): readonly string[] {
  const sorted = [...new Set(all)].sort(compareVersions);
  const at = sorted.filter((one) => compareVersions(one, version) < 0).length;
  return sorted.slice(Math.max(0, at - 2), at + 2);
}
