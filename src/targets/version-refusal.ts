import semver from "semver";
import {
  type Component,
  type VersionRequest,
  type Versions,
  type Wish,
  combinations,
  crossCompilerFor,
  knownVersions,
  newest,
  versionSource,
} from "./combinations.js";
import { listed, pairsListed } from "./version-text.js";

/** Why there is no such toolchain; each field is one fact of the problem that a caller makes of it. */
export interface Refusal {
  readonly what: string;
  readonly because?: string;
  readonly accepted: readonly string[];
  readonly remedy: string;
}

/** For wishes that cannot be fulfilled together: without any one of them the others can. */
export function refuse(request: VersionRequest, wishes: readonly Wish[]): Refusal {
  const names = wishes.map(nameOf);
  const compiler = crossCompilerFor(request.target);
  const [only] = wishes;
  if (wishes.length === 1 && only?.component === "ocaml" && compiler !== undefined) {
    const pairs = [...combinations(request, [])];
    const isMiragesFault = newest({ ...request, mirage: { kind: "none" } }, wishes) !== undefined;
    return {
      what: `${nameOf(only)} cannot build for ${request.target}: no ${isMiragesFault ? "mirage" : compiler} accepts it`,
      accepted: [pairsListed(pairs, compiler)],
      remedy: `set \`ocaml-version: ${nearest(only.text, pairs)}\`, or leave it out for the newest`,
    };
  }
  return {
    what:
      wishes.length === 1
        ? `${names.join("")} cannot build for ${request.target}`
        : `${names.join(" and ")} cannot build for ${request.target} together`,
    because: "no combination of released packages accepts it",
    accepted: wishes.map((one) => {
      const others = wishes.filter((other) => other !== one);
      const working = [...combinations(request, others)].flatMap((versions) => versions[one.component] ?? []);
      return `${listed(one.component, working)}${others.length === 0 ? "" : ` (with ${others.map(nameOf).join(" and ")})`}`;
    }),
    remedy: `leave out ${wishes.map(({ component }) => `\`${inputOf(component)}\``).join(" or ")}, or choose from the above`,
  };
}

/**
 * For wishes that released packages fulfil, but none that the opam repositories have.
 *
 * @param elsewhere the versions that would do.
 */
export function notAvailable(request: VersionRequest, wishes: readonly Wish[], elsewhere: Versions): Refusal {
  const compiler = crossCompilerFor(request.target);
  const had = [...combinations(request, [])];
  const [best] = had;
  const asked = wishes.length === 0 ? "" : ` with ${wishes.map(nameOf).join(" and ")}`;
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
                  had.map(({ ocaml }) => ocaml),
                )
              : pairsListed(had, compiler),
          ],
    remedy: best === undefined ? addOne : `set \`ocaml-version: ${nearestOf(wishes, had)}\`, or ${addOne}`,
  };
}

function nearestOf(wishes: readonly Wish[], had: readonly Versions[]): string {
  const ocaml = wishes.find(({ component }) => component === "ocaml");
  return ocaml === undefined ? (had[0]?.ocaml ?? "") : nearest(ocaml.text, had);
}

/** A wish, or a word that may become one. */
type Asked = Pick<Wish, "component" | "text">;

const inputOf = (component: Component): string => `${component}-version`;

const nameOf = ({ component, text }: Asked): string => `${component === "ocaml" ? "OCaml" : component} ${text}`;

/** The closest version that works to one that does not: the next one of the same major version, else the newest. */
function nearest(text: string, working: readonly Versions[]): string {
  const asked = semver.minVersion(text);
  const next = [...working]
    .map(({ ocaml }) => ocaml)
    .sort(semver.compare)
    .find((version) => asked !== null && semver.major(version) === asked.major && semver.gte(version, asked));
  return next ?? working[0]?.ocaml ?? "";
}

/** For what is no version. */
export function noVersion(one: Asked): Refusal {
  const known = knownVersions[one.component];
  return {
    what: `input ${inputOf(one.component)}: ${JSON.stringify(one.text)} is not a version or a range of versions`,
    accepted: [listed(one.component, known)],
    remedy: `write an exact version such as ${known.at(-1) ?? ""}, or a range such as ${example(known)}`,
  };
}

/** For what no version can ever fulfil. */
export function noRelease(one: Asked): Refusal {
  return {
    what: `input ${inputOf(one.component)}: no release matches ${one.text}`,
    because: `the table knows the opam repository of ${versionSource.date}`,
    accepted: [listed(one.component, knownVersions[one.component])],
    remedy: `choose one of these, or leave \`${inputOf(one.component)}\` out`,
  };
}

function example(known: readonly string[]): string {
  const last = semver.parse(known.at(-1));
  return last === null ? "" : `${last.major}.${last.minor}.x`;
}
