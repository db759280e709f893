/** Why an `opam` command, or a program that calls opam, failed, by its output. */
export type OpamFailure =
  | { readonly kind: "conflict"; readonly conflicts: readonly Conflict[] }
  /** Requested by name, but no repository has it, or not that version. */
  | { readonly kind: "unknown"; readonly name: string; readonly version?: string }
  /** Only available for another system or compiler. */
  | { readonly kind: "unavailable"; readonly name: string; readonly condition: string }
  /** `package` as `name.version`. */
  | { readonly kind: "build"; readonly package: string }
  | { readonly kind: "download"; readonly package: string; readonly url?: string; readonly why: string }
  /** opam-monorepo (`make lock`) found no solution: one block for each package in the way. */
  | { readonly kind: "lock"; readonly blocks: readonly (readonly string[])[] }
  /** opam-monorepo (`make lock`) only takes packages that dune builds. */
  | { readonly kind: "not-dune"; readonly names: readonly string[] }
  /** The solver timed out after so many seconds. */
  | { readonly kind: "solver-time"; readonly seconds: string };

/** One of opam's explanations why there is no solution. */
export interface Conflict {
  readonly kind: "version" | "incompatible" | "missing";
  /** `version` only: the package in dispute. */
  readonly name?: string;
  /** Chains of dependencies, from the request to the constraint: `['www', 'ocaml < 5.0']`. */
  readonly chains: readonly (readonly string[])[];
  /** opam's additions, such as `no matching version`. */
  readonly notes: readonly string[];
}

/** Other compilers, which opam lists as further failed attempts. */
const otherCompilers = /^(?:ocaml-(?:system|variants|beta|base-compiler)|dkml-base-compiler|system-(?:mingw|msvc))\b/;

/** opam's word for the packages that a switch must keep: here, those of the toolchain. */
const invariant = "(invariant)";

/**
 * The first failure in the output of opam 2.1 to 2.6 or opam-monorepo 0.4, with or without UTF-8, and without colours.
 * The output has both streams: opam reports on the error stream, but `make` mixes them.
 *
 * @returns undefined when no known failure is found.
 */
export function readOpamFailure(output: string): OpamFailure | undefined {
  const lines = output.split(/\r?\n/).map((line) => line.trimEnd());
  for (const reader of [readBuild, readDownload, readConflict, readLock, readNotDune, readUnknown, readSolverTime]) {
    const failure = reader(lines, output);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

type Reader = (lines: readonly string[], output: string) => OpamFailure | undefined;

const readBuild: Reader = (_, output) => {
  const name = /^\[ERROR\] The (?:compilation|installation|build) (?:of )?(\S+) failed/m.exec(output)?.[1];
  return name === undefined ? undefined : { kind: "build", package: name };
};

const readDownload: Reader = (_, output) => {
  const failed =
    /^\[ERROR\] Failed to get sources of ([^\s:]+)(?:: *(\S.*)?)?$/m.exec(output) ??
    /^\[ERROR\] The sources of the following couldn't be obtained, aborting:\s+- ([^\s:]+)(?:: *(\S.*)?)?$/m.exec(
      output,
    );
  if (failed === null) return undefined;
  const [, name = "", why = ""] = failed;
  const url =
    /Fetch_fail\("(\w+:\/\/[^\s"]+)[\s"]/.exec(output)?.[1] ?? /Checksum mismatch for (\S+?):?$/m.exec(output)?.[1];
  const code = /exited with code (\d+)/.exec(output)?.[1];
  const curl = /^curl failed$/i.test(why) && code !== undefined ? ` (status ${code}: see curl(1))` : "";
  const [, wanted, got] = /^[ \t]+expected (\S+)\n[ \t]+got[ \t]+(\S+)$/m.exec(output) ?? [];
  const sums = wanted === undefined || got === undefined ? "" : `: ${got} instead of ${wanted}`;
  return {
    kind: "download",
    package: name,
    ...(url === undefined ? {} : { url }),
    why: `${why}${curl}${sums}` || "opam does not say why",
  };
};

const titles: readonly (readonly [Conflict["kind"], RegExp])[] = [
  ["version", /^No agreement on the version of (\S+?):$/],
  ["incompatible", /^Incompatible packages:$/],
  ["missing", /^Missing dependency:$/],
];

const readConflict: Reader = (lines) => {
  const start = lines.findIndex((line) => /^\[ERROR\] Package conflict!/.test(line));
  if (start === -1) return undefined;
  const conflicts: { kind: Conflict["kind"]; name?: string; chains: string[]; notes: string[] }[] = [];
  for (const line of lines.slice(start + 1)) {
    const title = /^ {2}[*∗•] (.*)$/.exec(line)?.[1];
    const known = titles.flatMap(([kind, pattern]) => {
      const match = title === undefined ? null : pattern.exec(title);
      return match === null ? [] : [{ kind, name: match[1] }];
    })[0];
    const last = conflicts.at(-1);
    if (known !== undefined)
      conflicts.push({
        kind: known.kind,
        ...(known.name === undefined ? {} : { name: known.name }),
        chains: [],
        notes: [],
      });
    else if (/^ {4}- /.test(line)) last?.chains.push(line.slice(6));
    // opam folds long lines at the width of its terminal.
    else if (/^ {6}\S/.test(line)) last?.chains.push(`${last.chains.pop() ?? ""} ${line.trim()}`);
    else if (/^ {4}\S/.test(line)) last?.notes.push(line.trim());
    else if (line !== "" && !line.startsWith("Sorry, no solution")) break;
  }
  const steps = (chain: string) => chain.split(/ (?:->|→) /).map((step) => step.trim());
  return { kind: "conflict", conflicts: conflicts.map((one) => ({ ...one, chains: one.chains.map(steps) })) };
};

/** The tree of opam-0install: `- name -> (problem)`, and the reason against each candidate. */
const readLock: Reader = (lines) => {
  if (!lines.some((line) => line.includes("Can't find all required versions"))) return undefined;
  const blocks: string[][] = [];
  let block: string[] | undefined;
  for (const line of lines) {
    const entry = /^\s*- (\S+ -> .*)$/.exec(line)?.[1];
    if (entry !== undefined) {
      block = entry.endsWith("(problem)") ? [entry.replace(/ -> \(problem\)$/, "")] : undefined;
      if (block !== undefined) blocks.push(block);
    } else if (/^\s{4,}\S/.test(line)) block?.push(line.trim());
    else block = undefined;
  }
  const own = blocks.filter(([name = ""]) => !otherCompilers.test(name));
  return { kind: "lock", blocks: own.length === 0 ? blocks : own };
};

const readNotDune: Reader = (lines) => {
  const start = lines.findIndex((line) => line.includes("don't use dune as their build system:"));
  if (start === -1) return undefined;
  const names: string[] = [];
  for (const line of lines.slice(start + 1)) {
    const name = /^\s*- (\S+)$/.exec(line)?.[1];
    if (name === undefined) break;
    names.push(name);
  }
  return { kind: "not-dune", names };
};

const readUnknown: Reader = (_, output) => {
  const missing = /^\[ERROR\] No package named "?([^\s"]+)"? found/m.exec(output)?.[1];
  if (missing !== undefined) return { kind: "unknown", name: missing };
  const version = /^\[ERROR\] Package (\S+) has no version (\S+?)\.?$/m.exec(output);
  if (version !== null) return { kind: "unknown", name: version[1] ?? "", version: version[2] ?? "" };
  const unavailable = /^\[ERROR\] (\S+) unmet availability conditions(?:: |, e\.g\. )?'?(.*?)'?$/m.exec(output);
  return unavailable === null
    ? undefined
    : { kind: "unavailable", name: unavailable[1] ?? "", condition: unavailable[2] ?? "" };
};

const readSolverTime: Reader = (_, output) => {
  if (!/resolution of the request timed out/.test(output)) return undefined;
  return { kind: "solver-time", seconds: /currently, it is set to ([\d.]+)\s+seconds/.exec(output)?.[1] ?? "some" };
};

/**
 * The useful explanations, at most three: opam lists every attempt, including compilers that were not requested, and
 * repeats a disagreement for each of OCaml's own packages.
 */
export function tellingConflicts(conflicts: readonly Conflict[]): readonly Conflict[] {
  const isAboutOther = ({ kind, name, chains }: Conflict) =>
    kind === "version"
      ? otherCompilers.test(name ?? "")
      : chains.some(([first, ...rest]) => first !== invariant && rest.some((step) => otherCompilers.test(step)));
  const hasSides = ({ kind, chains }: Conflict) => kind === "missing" || chains.length > 1;
  const own = conflicts.filter((conflict) => !isAboutOther(conflict) && hasSides(conflict));
  const telling = own.length === 0 ? conflicts.slice(0, 1) : own;
  const shortest = new Map<string, Conflict>();
  for (const conflict of telling) {
    const known = shortest.get(subjectOf(conflict));
    if (known === undefined || lengthOf(conflict) < lengthOf(known)) shortest.set(subjectOf(conflict), conflict);
  }
  return [...shortest.values()].slice(0, 3);
}

const lengthOf = ({ chains }: Conflict): number => chains.flat().join("").length;
const subjectOf = ({ kind, name, chains }: Conflict): string =>
  [kind, name ?? chains.map((chain) => nameOf(chain.at(-1) ?? "")).join(" ")].join(" ");

/** `ocaml` of `ocaml < 5.0`. */
export const nameOf = (demand: string): string => demand.split(" ")[0] ?? demand;

/** `lwt` of `lwt.5.9.1`: names of opam packages have no dot, versions may. */
export const nameOfPackage = (text: string): string => text.replace(/\..*/, "");

/** The package that makes a demand, for a sentence. */
export const askerOf = (chain: readonly string[]): string =>
  chain[0] === invariant ? "the toolchain" : nameOf(chain[0] ?? "");

/** A conflict in opam's word order, in few lines: of long lists of versions only the ends. */
export function conflictLines({ kind, name, chains, notes }: Conflict): string[] {
  const title = {
    version: `no agreement on the version of ${name ?? ""}`,
    incompatible: "incompatible packages",
    missing: "missing",
  }[kind];
  const shown = chains.map(
    (chain) => `  ${chain.map((step) => shortened(step === invariant ? "the toolchain" : step)).join(" -> ")}`,
  );
  const said = notes.filter((note) => !note.includes("--update-invariant")).map((note) => `  ${note}`);
  return [`${title}:`, ...shown, ...new Set(said)];
}

function shortened(demand: string): string {
  const [first, last] = [demand.indexOf("|"), demand.lastIndexOf("|")];
  return first === last ? demand : `${demand.slice(0, first + 1)} … ${demand.slice(last)}`;
}
