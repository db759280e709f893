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
export const otherCompilers =
  /^(?:ocaml-(?:system|variants|beta|base-compiler)|dkml-base-compiler|system-(?:mingw|msvc))\b/;

/** opam's word for the packages that a switch must keep: here, those of the toolchain. */
const invariant = "(invariant)";

const titles: readonly (readonly [Conflict["kind"], RegExp])[] = [
  ["version", /^No agreement on the version of (\S+?):$/],
  ["incompatible", /^Incompatible packages:$/],
  ["missing", /^Missing dependency:$/],
];

/** The explanations below `Package conflict!`; undefined when there is no such line. */
export function readConflicts(lines: readonly string[]): readonly Conflict[] | undefined {
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
    else if (/^ {4}\S/.test(line)) last?.notes.push(line.trim());
    else if (line !== "" && !besides.test(line)) break;
  }
  const steps = (chain: string) => chain.split(/ (?:->|→) /).map((step) => step.trim());
  return conflicts.map((one) => ({ ...one, chains: one.chains.map(steps) }));
}

/** opam writes the explanations and its farewell to two streams: the latter can stand anywhere. */
const besides = /^(?:Sorry, no solution found|No solution found, exiting)/;

/** The system packages that this one needs and the system's package manager does not know. */
export function unavailableIn({ notes }: Conflict): readonly string[] {
  return notes.filter((note) => note.startsWith("depends on the unavailable system package")).flatMap(quotedNames);
}

/** opam's list of system packages: `'libgmp-dev' and 'm4'`. A name cannot contain a quotation mark. */
export const quotedNames = (text: string): readonly string[] =>
  [...(text.split("`", 1)[0] ?? "").matchAll(/'([^'\s]+)'/g)].map(([, name = ""]) => name);

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
