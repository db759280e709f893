import semver from "semver";
import type { Bounds } from "../../targets/combinations.js";
import { dependenciesOf } from "../../toolchain/opam/dependencies.js";
import { parseOpamFile } from "../../toolchain/opam/file.js";
import type { Constraint } from "../../toolchain/opam/version.js";
import type { MirageBounds } from "../project.js";

/** Released together, under one version. */
const packages = ["mirage", "mirage-runtime"];

/**
 * What an opam file of the project asks of mirage.
 *
 * @param name of the file, for the text.
 * @returns undefined when it says nothing of mirage's version.
 */
export function boundsOfOpamFile(name: string, text: string): MirageBounds | undefined {
  const constraints = dependenciesOf(parseOpamFile(text))
    .filter((dependency) => packages.includes(dependency.name))
    .flatMap((dependency) => dependency.constraints);
  if (constraints.length === 0) return undefined;
  const words = new Set(constraints.map(({ relation, version }) => `${relation} ${version}`));
  return { text: `${[...words].join(" & ")} (${name})`, ...constraints.map(boundsOf).reduce(tightest, {}) };
}

/** Bounds that hold when all of these do; undefined for none. */
export function allBounds(bounds: readonly MirageBounds[]): MirageBounds | undefined {
  if (bounds.length === 0) return undefined;
  return { text: bounds.map(({ text }) => text).join(", "), ...bounds.reduce<Bounds>(tightest, {}) };
}

/** A version that is not made of numbers alone (`dev`, `~beta`) bounds nothing that was released. */
function boundsOf({ relation, version }: Constraint): Bounds {
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

/** A header's bound may be short (`4.9`): it stays as it is written. */
function extreme(
  versions: readonly (string | undefined)[],
  order: (a: string, b: string) => number,
): string | undefined {
  const full = (version: string) => semver.coerce(version)?.version ?? version;
  return versions.filter((version) => version !== undefined).sort((a, b) => order(full(a), full(b)))[0];
}

/** The first line as mirage itself takes it (`check_version` in mirage's lib/functoria/tool.ml): each bound at most once. */
const header = /^\(\* mirage(?<bounds>(?: +(?:&|>= +[\d.]+|< +[\d.]+))+) +\*\)/;

/**
 * The versions of mirage that a config.ml asks for in its first line: `(* mirage >= 4.10.0 & < 4.12.0 *)`, either side alone.
 *
 * @returns undefined when the first line is no such comment; mirage then accepts any version.
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

/** Whether a file is a configuration of mirage, and not some other program's config.ml. */
export function mentionsMirage(configuration: string): boolean {
  return /\bMirage\b|^\(\* mirage /.test(configuration);
}
