import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type FactLabel, Problem, type WholeLog } from "../../platform/problem.js";
import { killedFact, lastLines } from "../../platform/process/process.js";
import { type OpamPlace, adviceOn } from "./advice.js";
import { askerOf, conflictLines, nameOf, nameOfPackage, tellingConflicts, unavailableIn } from "./conflict.js";
import { type OpamFailure, readOpamFailure } from "./failure.js";
import { lockCauses } from "./lock-causes.js";
import { explainMachine } from "./machine-advice.js";

/** A failed run of opam. */
export interface OpamRun extends OpamPlace {
  /** Both streams, without colours. */
  readonly output: string;
  /** opam's root, absolute, which has the packages' logs; undefined: unknown. */
  readonly root: string | undefined;
  /** The URL of a package's sources, for output without it, as of an opam that was stopped. */
  readonly sourceOf?: (name: string) => Promise<string | undefined>;
}

export interface OpamExplanation {
  /** The failure, as a part of a sentence. */
  readonly what: string;
  readonly facts: Readonly<Partial<Record<FactLabel, readonly string[]>>>;
  readonly wholeLog: WholeLog | undefined;
}

/** Explains the output of a failed opam, or of a program that called it; undefined for any other failure. */
export async function explainOpam(run: OpamRun): Promise<OpamExplanation | undefined> {
  const failure = await completed(readOpamFailure(run.output), run);
  if (failure === undefined) return undefined;
  const { because, remedy } = adviceOn(failure, run);
  const buildLog = failure.kind === "build" ? await readBuildLog(run, failure.package) : undefined;
  const evidence = evidenceOf(failure, buildLog ?? run.output);
  return {
    what: headline(failure),
    facts: { ...fact("because", because), ...fact("evidence", evidence), ...fact("do", remedy) },
    wholeLog:
      buildLog === undefined
        ? undefined
        : { title: `The whole log of ${packageOf(failure)}`, lines: buildLog.trimEnd().split("\n") },
  };
}

async function completed(failure: OpamFailure | undefined, { sourceOf }: OpamRun): Promise<OpamFailure | undefined> {
  if (failure?.kind !== "download" || failure.url !== undefined) return failure;
  const url = await sourceOf?.(failure.package);
  return url === undefined ? failure : { ...failure, url };
}

/**
 * The failure of `opam install` of a toolchain.
 *
 * @param exitCode of opam.
 * @param again the command, for a person.
 */
export async function installProblem(run: OpamRun, exitCode: number, again: string): Promise<Problem> {
  const explanation = await explainOpam(run);
  const whole = { title: "The whole log of opam", lines: run.output.trim().split("\n") };
  if (explanation === undefined)
    return new Problem(
      "opam could not install the toolchain",
      { ...killedFact(exitCode), evidence: lastLines(run.output, 30), again },
      { wholeLog: whole },
    );
  const { what, facts, wholeLog = whole } = explanation;
  return new Problem(`the toolchain cannot be installed: ${what}`, { ...facts, again }, { wholeLog });
}

function fact(label: FactLabel, lines: readonly string[]) {
  return lines.length === 0 ? {} : { [label]: lines };
}

function packageOf(failure: OpamFailure): string {
  return "package" in failure ? failure.package : "";
}

function headline(failure: OpamFailure): string {
  switch (failure.kind) {
    case "build":
      return `the opam package ${failure.package} does not build`;
    case "download":
      return `the sources of the opam package ${failure.package} could not be downloaded`;
    case "unknown":
      return failure.version === undefined
        ? `no opam repository has a package ${failure.name}`
        : `no opam repository has ${failure.name}.${failure.version}`;
    case "unavailable":
      return `the opam package ${failure.name} is not for this system`;
    case "lock":
      return lockHeadline(failure.blocks);
    case "not-dune":
      return `dune does not build ${list(failure.names)}, and opam-monorepo takes only what dune builds`;
    case "solver-time":
      return `opam found no solution within ${failure.seconds} seconds`;
    case "conflict":
      return conflictHeadline(failure);
    case "system-packages":
    case "sandbox":
    case "network":
      return explainMachine(failure).what;
  }
}

function lockHeadline(blocks: readonly (readonly string[])[]): string {
  const { missing, split, bounded } = lockCauses(blocks);
  const [pair] = split;
  if (bounded.length === 0 && pair === undefined && missing.length > 0)
    return `no opam repository has ${list(missing)}, which opam-monorepo needs`;
  if (bounded.length === 0 && pair !== undefined && missing.length === 0)
    return `opam-monorepo cannot take both ${pair.one} and ${pair.other}: they are different archives of one source`;
  return `opam-monorepo finds no suitable version of ${list(blocks.map(([name = ""]) => name))}`;
}

function conflictHeadline({ conflicts }: Extract<OpamFailure, { kind: "conflict" }>): string {
  const [first] = tellingConflicts(conflicts);
  if (first === undefined) return "the requested packages conflict, and opam does not say why";
  const askers = [...new Set(first.chains.map(askerOf))];
  const last = first.chains.map((chain) => chain.at(-1) ?? "");
  switch (first.kind) {
    case "version":
      return `no version of ${wordOf(first.name ?? "")} suits ${askers.length > 1 ? "both " : ""}${list(askers)}`;
    case "incompatible":
      return `${list(last.map((demand) => nameOf(demand)))} cannot be installed together`;
    case "missing": {
      const asker = (first.chains[0]?.length ?? 0) > 1 ? `, which ${askers[0] ?? ""} needs` : "";
      const missing = `${last[0] ?? ""}${asker}`;
      const unavailable = unavailableIn(first);
      if (unavailable.length > 0)
        return `system packages are unavailable: ${unavailable.join(" ")} (for ${last[0] ?? ""})`;
      if (first.notes.some((note) => note.startsWith("unmet availability"))) return `${missing} is not for this system`;
      return `no opam repository has ${first.notes.includes("unknown package") ? "a package " : ""}${missing}`;
    }
  }
}

/** opam may blame any of OCaml's own packages. */
const wordOf = (name: string): string => (/^ocaml(?:-base-compiler|-compiler)?$/.test(name) ? "OCaml" : name);

function evidenceOf(failure: OpamFailure, log: string): readonly string[] {
  switch (failure.kind) {
    case "build":
      return lastLines(log, 30);
    case "download":
      return [...(failure.url === undefined ? [] : [failure.url]), failure.why];
    case "conflict":
      return tellingConflicts(failure.conflicts).flatMap(conflictLines);
    case "lock":
      return failure.blocks
        .slice(0, 3)
        .flatMap(([name = "", ...lines]) => [`${name}:`, ...lines.slice(0, 6).map((line) => `  ${line}`)]);
    case "unavailable":
      return [`${failure.name} is available where: ${failure.condition}`];
    case "system-packages":
    case "sandbox":
    case "network":
      return explainMachine(failure).evidence;
    case "unknown":
    case "not-dune":
    case "solver-time":
      return [];
  }
}

function list(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1) ?? ""}`;
}

/**
 * The log that opam names in its report of a failed package: `# output-file ~/.opam/log/NAME-PID-RANDOM.out`. Where
 * opam was stopped before its report, the newest log of the package.
 */
async function readBuildLog({ root, output }: OpamRun, failed: string): Promise<string | undefined> {
  if (root === undefined) return undefined;
  const report = output.slice(
    Math.max(0, output.indexOf(`while compiling ${failed} `), output.indexOf(`while installing ${failed} `)),
  );
  const logs = join(root, "log");
  // Only the name: opam abbreviates the path with `~`, and a build could print any path.
  const named = /^# output-file +(\S.*)$/m.exec(report)?.[1];
  const name = named === undefined ? await newestLog(logs, nameOfPackage(failed)) : basename(named);
  return name === undefined ? undefined : readFile(join(logs, name), "utf8").catch(() => undefined);
}

async function newestLog(folder: string, name: string): Promise<string | undefined> {
  const isOfPackage = (file: string) =>
    file.startsWith(`${name}-`) && /^\d+-[\da-f]+\.out$/.test(file.slice(name.length + 1));
  const files = (await readdir(folder).catch(() => [])).filter(isOfPackage);
  const dated = await Promise.all(
    files.map(async (file) => ({ file, at: (await stat(join(folder, file)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  return dated.sort((a, b) => b.at - a.at)[0]?.file;
}
