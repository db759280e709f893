import semver from "semver";
import type { Bounds } from "../../targets/combinations.js";
import { dependenciesOf } from "../../toolchain/opam/dependencies.js";
import { parseOpamFile } from "../../toolchain/opam/file.js";
import type { Comparison } from "../../targets/opam-version.js";
import type { MirageBounds } from "../project.js";

/**
 * The first line as mirage itself parses it (`check_version` in lib/functoria/tool.ml): each constraint at most once.
 */
const header = /^\(\* mirage(?<bounds>(?: +(?:&|>= +[\d.]+|< +[\d.]+))+) +\*\)/;

/**
 * The constraint on mirage's version in config.ml's first line: `(* mirage >= 4.10.0 & < 4.12.0 *)`, or one side of it.
 *
 * @returns undefined when the first line is not such a comment; mirage then accepts any version.
 */
export function parseMirageBounds(configuration: string): MirageBounds | undefined {
  const text = header.exec(configuration)?.groups?.["bounds"]?.trim();
  if (text === undefined) return undefined;
  const lower = [...text.matchAll(/>= +([\d.]+)/g)];
  const upper = [...text.matchAll(/< +([\d.]+)/g)];
  if (lower.length > 1 || upper.length > 1) return undefined;
  const atLeast = lower[0]?.[1];
  const below = upper[0]?.[1];
  return {
    text: text.replace(/ +/g, " "),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(below === undefined ? {} : { below }),
  };
}

/** Whether a config.ml is mirage's, and not another program's. */
export function mentionsMirage(configuration: string): boolean {
  return /\bMirage\b|^\(\* mirage /.test(configuration);
}

/** They are released together, with the same version. */
const packages = ["mirage", "mirage-runtime"];

/**
 * The constraints of an opam file on mirage's version.
 *
 * @param name the file's name, for messages.
 * @returns undefined when it does not constrain mirage.
 */
export function boundsOfOpamFile(name: string, text: string): MirageBounds | undefined {
  const constraints = dependenciesOf(parseOpamFile(text))
    .filter((dependency) => packages.includes(dependency.name))
    .flatMap((dependency) => dependency.constraints);
  if (constraints.length === 0) return undefined;
  const words = new Set(constraints.map(({ relation, version }) => `${relation} ${version}`));
  return { text: `${[...words].join(" & ")} (${name})`, ...constraints.map(boundsOf).reduce(tightest, {}) };
}

/** The intersection of these constraints; undefined when there are none. */
export function allBounds(bounds: readonly MirageBounds[]): MirageBounds | undefined {
  if (bounds.length === 0) return undefined;
  return { text: bounds.map(({ text }) => text).join(", "), ...bounds.reduce<Bounds>(tightest, {}) };
}

/** A version that is not only numbers (`dev`, `~beta`) is ignored: it excludes no release. */
function boundsOf({ relation, version }: Comparison): Bounds {
  const exact = /^\d+(\.\d+){0,2}$/.test(version) ? semver.coerce(version) : null;
  if (exact === null) return {};
  const next = new semver.SemVer(exact.version).inc("patch").version;
  switch (relation) {
    case "=":
      return { atLeast: exact.version, below: next };
    case ">=":
      return { atLeast: exact.version };
    case ">":
      return { atLeast: next };
    case "<":
      return { below: exact.version };
    case "<=":
      return { below: next };
    case "!=":
      return {};
  }
}

function tightest(one: Bounds, other: Bounds): Bounds {
  const atLeast = extreme([one.atLeast, other.atLeast], semver.rcompare);
  const below = extreme([one.below, other.below], semver.compare);
  return { ...(atLeast === undefined ? {} : { atLeast }), ...(below === undefined ? {} : { below }) };
}

/** Versions stay as written: a header may have a short one (`4.9`). */
function extreme(
  versions: readonly (string | undefined)[],
  order: (a: string, b: string) => number,
): string | undefined {
  const full = (version: string) => semver.coerce(version)?.version ?? version;
  return versions.filter((version) => version !== undefined).sort((a, b) => order(full(a), full(b)))[0];
}
