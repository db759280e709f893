import semver from "semver";
import {
  type Component,
  type Constraint,
  type VersionRequest,
  type Versions,
  combinations,
  crossCompilerFor,
  knownVersions,
  newest,
  versionSource,
} from "./combinations.js";

/** Why there is no such toolchain. Each field becomes a fact of the caller's `Problem`. */
export interface Refusal {
  readonly what: string;
  readonly because?: string;
  readonly accepted: readonly string[];
  readonly remedy: string;
}

/** For a smallest set of constraints that conflict: without any one of them, the others can be satisfied. */
export function refuse(request: VersionRequest, constraints: readonly Constraint[]): Refusal {
  const names = constraints.map(nameOf);
  const compiler = crossCompilerFor(request.target);
  const [only] = constraints;
  if (constraints.length === 1 && only?.component === "ocaml" && compiler !== undefined) {
    const pairs = [...combinations(request, [])];
    const isMiragesFault = newest({ ...request, mirage: { kind: "none" } }, constraints) !== undefined;
    return {
      what: `${nameOf(only)} cannot build for ${request.target}: no ${isMiragesFault ? "mirage" : compiler} accepts it`,
      accepted: [pairsListed(pairs, compiler)],
      remedy: `set \`ocaml-version: ${nearest(only.text, pairs)}\`, or leave it out for the newest`,
    };
  }
  return {
    what:
      constraints.length === 1
        ? `${names.join("")} cannot build for ${request.target}`
        : `${names.join(" and ")} cannot build for ${request.target} together`,
    because: "no combination of released packages accepts it",
    accepted: constraints.map((one) => {
      const others = constraints.filter((other) => other !== one);
      const working = [...combinations(request, others)].flatMap((versions) => versions[one.component] ?? []);
      const beside = others.length === 0 ? "" : ` (with ${others.map(nameOf).join(" and ")})`;
      return `${listed(one.component, working)}${beside}`;
    }),
    remedy: `leave out ${constraints.map(inputText).join(" or ")}, or choose from the above`,
  };
}

/**
 * For constraints that released packages satisfy, but not the packages of the given opam repositories.
 *
 * @param elsewhere the released versions that satisfy them.
 */
export function notAvailable(
  request: VersionRequest,
  constraints: readonly Constraint[],
  elsewhere: Versions,
): Refusal {
  const compiler = crossCompilerFor(request.target);
  const available = [...combinations(request, [])];
  const [best] = available;
  const asked = constraints.length === 0 ? "" : ` with ${constraints.map(nameOf).join(" and ")}`;
  const addOne = "add an opam repository that has it to `opam-repositories`: `default: https://opam.ocaml.org`";
  return {
    what: `the given opam repositories have no toolchain for ${request.target}${asked}`,
    because: `they lack ${(request.lacking?.(elsewhere) ?? []).join(", ")}`,
    accepted:
      best === undefined
        ? []
        : [
            compiler === undefined
              ? listed(
                  "ocaml",
                  available.map(({ ocaml }) => ocaml),
                )
              : pairsListed(available, compiler),
          ],
    remedy: best === undefined ? addOne : `set \`ocaml-version: ${nearestOf(constraints, available)}\`, or ${addOne}`,
  };
}

function nearestOf(constraints: readonly Constraint[], available: readonly Versions[]): string {
  const ocaml = constraints.find(({ component }) => component === "ocaml");
  return ocaml === undefined ? (available[0]?.ocaml ?? "") : nearest(ocaml.text, available);
}

/** A constraint, or a text that is not one yet. */
type Asked = Pick<Constraint, "component" | "text">;

const inputOf = (component: Component): string => `${component}-version`;

const inputText = ({ component }: Asked): string => `\`${inputOf(component)}\``;

const nameOf = ({ component, text }: Asked): string => `${component === "ocaml" ? "OCaml" : component} ${text}`;

/** The next working version of the same major version, else the newest. */
function nearest(text: string, working: readonly Versions[]): string {
  const asked = semver.minVersion(text);
  const next = [...working]
    .map(({ ocaml }) => ocaml)
    .sort(semver.compare)
    .find((version) => asked !== null && semver.major(version) === asked.major && semver.gte(version, asked));
  return next ?? working[0]?.ocaml ?? "";
}

/** For a text that is not a version. */
export function noVersion(one: Asked): Refusal {
  const known = knownVersions[one.component];
  return {
    what: `input ${inputOf(one.component)}: ${JSON.stringify(one.text)} is not a version or a range of versions`,
    accepted: [listed(one.component, known)],
    remedy: `write an exact version such as ${known.at(-1) ?? ""}, or a range such as ${example(known)}`,
  };
}

/** For a range that matches no release. */
export function noRelease(one: Asked): Refusal {
  return {
    what: `input ${inputOf(one.component)}: no release matches ${one.text}`,
    because: `the table of versions is from the opam repository of ${versionSource.date}`,
    accepted: [listed(one.component, knownVersions[one.component])],
    remedy: `choose one of these, or leave out \`${inputOf(one.component)}\``,
  };
}

function example(known: readonly string[]): string {
  const last = semver.parse(known.at(-1));
  return last === null ? "" : `${last.major}.${last.minor}.x`;
}

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
