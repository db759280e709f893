import { knownVersions } from "../../targets/combinations.js";
import { type Component, constraintOf, exactly } from "../../targets/constraint.js";
import { type Formula, comparisonsIn } from "../../targets/formula.js";
import { type Backend, targetNames, targets } from "../../targets/targets.js";
import { listed } from "../../targets/version-refusal.js";
import { resolveVersions } from "../../targets/versions.js";
import type { ToolchainVersions } from "../toolchain.js";
import { askerOf, nameOf, nameOfPackage, tellingConflicts, unavailableIn } from "./conflict.js";
import { formulaOf } from "./dependencies.js";
import type { OpamFailure } from "./failure.js";
import { parseOpamFile } from "./file.js";
import { reduce } from "./filtered-formula.js";
import { type SplitSource, lockCauses } from "./lock-causes.js";
import { explainMachine, lackingRemedy } from "./machine-advice.js";

/** The toolchain that opam worked on. */
export interface OpamPlace {
  readonly backend: Backend;
  /** Undefined: the build brings its own toolchain. */
  readonly versions: ToolchainVersions | undefined;
}

/** The cause of an opam failure, and the remedy; both are empty where the cause is unknown. */
export interface Advice {
  readonly because: readonly string[];
  readonly remedy: readonly string[];
}

/** Advice on a failure whose cause is known. */
export function adviceOn(failure: OpamFailure, place: OpamPlace): Advice {
  switch (failure.kind) {
    case "conflict":
      return onConflict(failure, place);
    case "unknown":
      return onUnknown(failure.name, failure.version);
    case "download":
      return failure.why.startsWith("Checksum mismatch")
        ? advice(
            "the bytes from the server do not match the checksum in the opam repository",
            "do not bypass this check: the sources were changed after their release, or on the way",
          )
        : advice(
            [],
            "run the job again: the server may be back. " +
              "`https://opam.ocaml.org` keeps copies of the sources, other URLs of the repository do not",
          );
    case "lock":
      return onLock(failure.blocks, place);
    case "not-dune":
      return advice(
        "the overlay repositories that mirage adds by default have dune ports of such packages",
        "if the overlays are left out, add them again; otherwise wait for a port or replace the package",
      );
    case "solver-time":
      return advice(
        [],
        "run the job again: a busy machine needs longer",
        "or ask for fewer packages (`opam-packages`), or for exact versions of them",
      );
    case "build":
      return onBuild(failure);
    case "unavailable":
      return nothing;
    case "system-packages":
    case "sandbox":
    case "network":
      return explainMachine(failure);
  }
}

const nothing: Advice = { because: [], remedy: [] };
const advice = (because: string | readonly string[], ...remedy: string[]): Advice => ({
  because: [because].flat(),
  remedy,
});

/** https://github.com/ocaml/opam-repository/blob/master/governance/policies/archiving.md */
const archive = [
  "old versions are moved to an archive: " +
    "add the line `archive: git+https://github.com/ocaml/opam-repository-archive` to `opam-repositories`",
  "or go back to a commit that had it: `default: git+https://github.com/ocaml/opam-repository#<commit>`",
] as const;

/** Packages whose names begin so only check that the system has something. */
const checksSystem = /^conf-/;

function onBuild({ package: failed, systemPackages }: Extract<OpamFailure, { kind: "build" }>): Advice {
  const install = `sudo apt-get install ${systemPackages.join(" ")}`;
  if (systemPackages.length > 0) return advice("opam was told not to install system packages", install);
  if (!checksSystem.test(failed)) return nothing;
  const show = `opam show --field=depexts ${nameOfPackage(failed)}`;
  return advice([], `install the system packages that \`${show}\` lists, if they are missing`);
}

function onConflict({ conflicts }: Extract<OpamFailure, { kind: "conflict" }>, place: OpamPlace): Advice {
  const telling = tellingConflicts(conflicts);
  if (telling.length === 0)
    return advice(
      [],
      "remove versions and packages that you set, one by one: the version table chooses versions that work together",
    );
  const names = telling.flatMap(({ chains }) => chains.map((chain) => nameOf(chain.at(-1) ?? "")));
  if (names.some((name) => /^ocaml-solo5-cross-/.test(name)) && names.includes("ocaml-solo5")) {
    return advice(
      "one switch cannot hold the compilers for two architectures",
      "let `arch` choose the compiler, and name neither of them",
    );
  }
  const demanding = telling.flatMap(({ chains }) => chains.filter((chain) => askerOf(chain) !== "the toolchain"));
  const known = onDemands(demanding.map(demandOf), place);
  if (known !== nothing) return known;
  const unavailable = telling.flatMap(unavailableIn);
  if (unavailable.length > 0) return advice([], ...lackingRemedy(unavailable));
  return telling.some(
    ({ kind, notes }) =>
      kind === "missing" && notes.some((note) => /unknown package|no matching version|no longer available/.test(note)),
  )
    ? advice([], ...archive)
    : nothing;
}

/** Each cause has its own remedy: an archive does not help two packages of one source. */
function onLock(blocks: readonly (readonly string[])[], place: OpamPlace): Advice {
  const { missing, split, bounded } = lockCauses(blocks);
  const demands = onDemands(bounded.flatMap(lockDemands), place);
  const isRejected = demands === nothing && bounded.flat().some((line) => line.startsWith("Rejected candidates"));
  const parts = [
    demands,
    ...(split.length === 0 ? [] : [onSplit(split)]),
    ...(missing.length === 0 ? [] : [advice(`no opam repository has ${missing.join(", ")}`)]),
    ...(missing.length > 0 || isRejected ? [advice([], ...archive)] : []),
  ];
  return {
    because: parts.flatMap(({ because }) => because),
    remedy: parts.flatMap(({ remedy }) => remedy),
  };
}

function onSplit(split: readonly SplitSource[]): Advice {
  const names = [...new Set(split.flatMap(({ one, other }) => [nameOfPackage(one), nameOfPackage(other)]))];
  return advice(
    split.map(
      ({ one, other }) =>
        `${one} and ${other} share a source repository but come from different archives: ` +
        "opam-monorepo pulls each source once",
    ),
    `choose versions of ${names.join(" and ")} that were released together, ` +
      "or pin both to the same place (`pin` in config.ml)",
  );
}

interface Demand {
  readonly asker: string;
  /** As opam writes it: `ocaml < 5.0`. */
  readonly demand: string;
}

/** The first demand of a chain on a package whose version an input chooses; the later ones follow from it. */
function demandOf(chain: readonly string[]): Demand {
  const found = chain.findIndex((step, index) => index > 0 && nameOf(step) in choosers);
  const index = found === -1 ? chain.length - 1 : found;
  return { asker: index === 0 ? "the project" : nameOf(chain[index - 1] ?? ""), demand: chain[index] ?? "" };
}

/** The demands in opam-0install's block of a package: `www zdev requires >= 4.9 & < 4.10`. */
function lockDemands([name = "", ...lines]: readonly string[]): Demand[] {
  return lines.flatMap((line) => {
    const [, asker, bounds] = /^(\S+) \S+ requires (.*)$/.exec(line) ?? [];
    return asker === undefined || bounds === undefined ? [] : [{ asker, demand: `${name} ${bounds}` }];
  });
}

/** The inputs that choose the version of a package. */
const choosers: Readonly<Record<string, { readonly component: Component; readonly input: string }>> = {
  ocaml: { component: "ocaml", input: "ocaml-version" },
  "ocaml-base-compiler": { component: "ocaml", input: "ocaml-version" },
  mirage: { component: "mirage", input: "mirage-version" },
  solo5: { component: "solo5", input: "solo5-version" },
  "ocaml-solo5": { component: "ocaml-solo5", input: "ocaml-solo5-version" },
  "ocaml-unikraft": { component: "ocaml-unikraft", input: "ocaml-unikraft-version" },
};

/** Advice on the first demand on a version that an input chooses. */
function onDemands(demands: readonly Demand[], place: OpamPlace): Advice {
  for (const { asker, demand } of demands) {
    const chooser = choosers[nameOf(demand)];
    const formula = formulaOfDemand(demand);
    if (chooser === undefined || comparisonsIn(formula).length === 0) continue;
    const { component, input } = chooser;
    const has = place.versions?.[component];
    const wants = `${asker} wants ${demand}`;
    const word = component === "ocaml" ? "OCaml" : component;
    const because = has === undefined ? wants : `${wants}, and the toolchain has ${word} ${has}`;
    const version = versionFor(component, formula, place);
    return version === undefined
      ? advice(
          because,
          `relax that constraint: no released ${word} that satisfies it works with a ${place.backend} toolchain`,
        )
      : advice(because, `set \`${input}: ${version}\`, or relax that constraint`);
  }
  return nothing;
}

/** The newest version that a formula accepts and a toolchain can have, if need be with another mirage. */
function versionFor(component: Component, formula: Formula, { backend, versions }: OpamPlace): string | undefined {
  const target = targetNames.find((name) => targets[name].backend === backend);
  if (target === undefined) return undefined;
  const asked = constraintOf(formula, "a package");
  const kept = component === "mirage" ? undefined : versions?.mirage;
  const hasMirage = component === "mirage" || kept !== undefined;
  for (const constraints of [
    ...(kept === undefined ? [] : [[asked, exactly("mirage", kept, "the toolchain")]]),
    [asked],
  ]) {
    const resolution = resolveVersions({ target, hasMirage, constraints });
    if (resolution.kind === "versions") return resolution.versions[component];
  }
  return undefined;
}

/** `ocaml (>= 4.08 & < 5.0~)`, or opam-monorepo's `ocaml not(= 5.4.1)`: without the quotes of opam's files. */
function formulaOfDemand(demand: string): Formula {
  const name = nameOf(demand);
  const negated = demand.slice(name.length).replace(/\bnot\(/g, "!(");
  const versions = negated.replace(/[^\s()&|<>=!]+/g, (version) => JSON.stringify(version));
  return reduce(formulaOf(parseOpamFile(`depends: [ ${JSON.stringify(name)} {${versions}} ]`)), {});
}

function onUnknown(name: string, version: string | undefined): Advice {
  const known = choosers[name];
  if (known === undefined || version === undefined) return advice([], ...archive);
  const released = knownVersions[known.component];
  const because = released.includes(version)
    ? []
    : [`it was withdrawn, or is newer than this table: ${listed(known.component, released)}`];
  return advice(because, `choose another with \`${known.input}\`, or leave it unset`, ...archive);
}
