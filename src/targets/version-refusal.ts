import semver from "semver";
import {
  type VersionRequest,
  combinations,
  crossCompilerFor,
  knownVersions,
  newest,
  versionSource,
} from "./combinations.js";
import { type Component, type Constraint, type Versions, accepts, componentsOf } from "./constraint.js";
import { comparisonsIn } from "./formula.js";
import { compareVersions } from "./opam-version.js";

/** Why there is no such toolchain. Each field becomes a fact of the caller's `Problem`. */
export interface Refusal {
  readonly what: string;
  readonly because?: string;
  readonly accepted: readonly string[];
  readonly remedy: string;
}

/**
 * For constraints that no combination of released packages satisfies.
 *
 * @param conflicts sets of constraints that conflict, as small as possible. All others can be satisfied together.
 */
export function refuse(request: VersionRequest, conflicts: readonly (readonly Constraint[])[]): Refusal {
  const [first = [], ...more] = conflicts;
  const rest = request.constraints.filter((one) => !conflicts.flat().includes(one));
  if (more.length > 0) {
    const together = newest({ ...request, constraints: rest });
    return {
      what: sentence(request, first),
      because: more.map((conflict) => sentence(request, conflict)).join("; "),
      accepted: together === undefined ? [] : [`${versionsListed(together)}, among others`],
      remedy: [...new Set(conflicts.map((conflict) => eitherOf(conflict.map((one) => mend(one, undefined)))))].join(
        "; ",
      ),
    };
  }
  const working = first.map((one) => {
    const constraints = [...rest, ...first.filter((other) => other !== one)];
    return { one, pairs: [...combinations({ ...request, constraints })] };
  });
  const mends = working.map(({ one, pairs }) => mend(one, nearest(one, pairs)));
  const isOneInput = first.length === 1 && first.every((one) => inputOf(one) !== undefined);
  const compiler = crossCompilerFor(request.target);
  return {
    what: sentence(request, first),
    ...(isReleased(first[0])
      ? {}
      : { because: `the table of versions is from the opam repository of ${versionSource.date}` }),
    accepted: working.flatMap(({ one, pairs }) => {
      const others = first.filter((other) => other !== one);
      const beside = others.length === 0 ? "" : ` (with ${others.map(nameOf).join(" and ")})`;
      if (beside === "" && componentOf(one) === "ocaml" && compiler !== undefined)
        return [pairsListed(pairs, compiler)];
      const versions = versionsIn(pairs, componentOf(one));
      if (!isReleased(one)) return [`the nearest: ${listed(componentOf(one), nearestOf(one, versions))}`];
      return [`${listed(componentOf(one), versions)}${beside}`];
    }),
    remedy: eitherOf([...mends, ...(isOneInput ? ["leave it out for the newest"] : [])]),
  };
}

/** What one constraint asks that cannot be, or what several ask that cannot be together. */
function sentence(request: VersionRequest, conflict: readonly Constraint[]): string {
  const [only] = conflict;
  const areInputs = conflict.every((one) => inputOf(one) !== undefined);
  if (only !== undefined && !isReleased(only)) {
    return areInputs ? `${only.source}: no release matches ${only.text}` : unreleased(only);
  }
  const names = areInputs ? conflict.map(nameOf).join(" and ") : `${conflict.map(asked).join(" and ")}, which`;
  return `${names} cannot build for ${request.target}${whyNot(request, conflict)}`;
}

const asked = (one: Constraint): string => `${one.source} asks ${nameOf(one)}`;

function whyNot(request: VersionRequest, conflict: readonly Constraint[]): string {
  const [only] = conflict;
  if (only === undefined || conflict.length > 1) return " together";
  const compiler = crossCompilerFor(request.target);
  if (componentOf(only) !== "ocaml" || compiler === undefined) return "";
  const isMiragesFault = newest({ ...request, hasMirage: false, constraints: conflict }) !== undefined;
  return `: no ${isMiragesFault ? "mirage" : compiler} accepts it`;
}

/** Whether a release satisfies a constraint by itself. */
export const isReleased = (one: Constraint | undefined): boolean =>
  one === undefined ||
  componentsOf(one).length > 1 ||
  knownVersions[componentOf(one)].some((version) => accepts(one, { [componentOf(one)]: version }));

/** Why the table has no release: all that is asked is older than its versions, or some is not. */
function unreleased(one: Constraint): string {
  if (!isArchived(one)) return `${asked(one)}, which no release matches`;
  return `${one.source} asks ${nameOf(one)}, which opam-repository has archived`;
}

/** Whether all that a constraint names is older than the releases of the table. */
export function isArchived(one: Constraint): boolean {
  const [oldest = ""] = knownVersions[componentOf(one)];
  return comparisonsIn(one.formula).every(({ version }) => compareVersions(version, oldest) <= 0);
}

/**
 * For constraints that released packages satisfy, but not the packages of the given opam repositories.
 *
 * @param elsewhere the released versions that satisfy them.
 */
export function notAvailable(request: VersionRequest, elsewhere: Versions): Refusal {
  const { constraints } = request;
  const compiler = crossCompilerFor(request.target);
  const available = [...combinations({ ...request, constraints: [] })];
  const [best] = available;
  const asked = constraints.length === 0 ? "" : ` with ${constraints.map(nameOf).join(" and ")}`;
  const addOne = "add an opam repository that has it to `opam-repositories`: `default: https://opam.ocaml.org`";
  const ocaml = constraints.find((one) => componentOf(one) === "ocaml");
  return {
    what: `the given opam repositories have no toolchain for ${request.target}${asked}`,
    because: `they lack ${(request.lacking?.(elsewhere) ?? []).join(", ")}`,
    accepted:
      best === undefined
        ? []
        : [compiler === undefined ? listed("ocaml", versionsIn(available, "ocaml")) : pairsListed(available, compiler)],
    remedy:
      best === undefined
        ? addOne
        : `set \`ocaml-version: ${ocaml === undefined ? best.ocaml : nearest(ocaml, available)}\`, or ${addOne}`,
  };
}

/** The component of a constraint that messages are about. */
const componentOf = (one: Constraint): Component => componentsOf(one)[0] ?? "ocaml";

export const word = (component: Component): string => (component === "ocaml" ? "OCaml" : component);

/** `mirage >= 4.9 & < 4.10`; the text of a constraint on several has their names. */
export const nameOf = (one: Constraint): string =>
  componentsOf(one).length > 1 ? one.text : `${word(componentOf(one))} ${one.text}`;

/** The name of the input, or of the option in a list of targets, that a constraint comes from. */
export const inputOf = ({ source }: Constraint): string | undefined => /^(?:input|option) (\S+)$/.exec(source)?.[1];

/** @param version one that works; undefined: there is none, or not without more changes. */
function mend(one: Constraint, version: string | undefined): string {
  const input = inputOf(one);
  if (input !== undefined) return version === undefined ? `leave out \`${input}\`` : `set \`${input}: ${version}\``;
  if (one.source.includes(", removed in ")) return `port ${one.source.split(" (", 1).join("")} to a newer mirage`;
  if (one.source.startsWith("lock file ")) return "build with `lock: ignore`, and commit a new lock file";
  return `relax the constraint in ${one.source}`;
}

const versionsIn = (pairs: readonly Versions[], component: Component): readonly string[] =>
  pairs.flatMap((versions) => versions[component] ?? []);

const versionsListed = (versions: Versions): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

/** The next working version of the same major version, else the newest. */
function nearest(one: Constraint, working: readonly Versions[]): string | undefined {
  const component = componentOf(one);
  const asked = comparisonsIn(one.formula)[0]?.version;
  const versions = [...versionsIn(working, component)].sort(compareVersions);
  const next = versions.find(
    (version) =>
      asked !== undefined && version.split(".")[0] === asked.split(".")[0] && compareVersions(version, asked) >= 0,
  );
  return next ?? versions.at(-1);
}

/** Up to two versions below the first that is asked, and three from there on. */
function nearestOf(one: Constraint, working: readonly string[]): readonly string[] {
  const versions = [...new Set(working)].sort(compareVersions);
  const asked = comparisonsIn(one.formula)[0]?.version ?? "";
  const above = versions.filter((version) => compareVersions(version, asked) >= 0);
  return [...versions.slice(0, versions.length - above.length).slice(-2), ...above.slice(0, 3)];
}

const eitherOf = (mends: readonly string[]): string => [...new Set(mends)].join(", or ");

/** For a text that is not a version. */
export function noVersion(component: Component, text: string): Refusal {
  const known = knownVersions[component];
  return {
    what: `input ${component}-version: ${JSON.stringify(text)} is not a version or a range of versions`,
    accepted: [listed(component, known)],
    remedy: `write an exact version such as ${known.at(-1) ?? ""}, or a range such as ${example(known)}`,
  };
}

function example(known: readonly string[]): string {
  const last = semver.parse(known.at(-1));
  return last === null ? "" : `${last.major}.${last.minor}.x`;
}

/** The versions of one component, each once and in order: `solo5 0.9.1, 0.9.2`. */
export function listed(component: Component, versions: readonly string[]): string {
  const all = [...new Set(versions)].sort(semver.compare);
  return `${word(component)} ${all.length === 0 ? "none" : all.join(", ")}`;
}

/**
 * The OCaml versions of each cross compiler: `4.12.1 to 4.14.x (0.8.5), 5.2.1 (1.0.1), 5.3.0 and 5.4.0 (1.2.0)`. Each
 * OCaml is shown with the newest cross compiler that accepts it.
 *
 * @param combinations all that work, best first.
 */
function pairsListed(combinations: readonly Versions[], compiler: Component): string {
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
