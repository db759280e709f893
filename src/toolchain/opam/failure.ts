import { type Conflict, otherCompilers, readConflicts, tellingConflicts } from "./conflict.js";
import {
  type MachineFailure,
  declaredSystemPackages,
  lackingIn,
  readInstallOfSystemPackages,
  readNetwork,
  readSandbox,
  readUnavailableSystemPackages,
  whyUnreachable,
} from "./machine.js";

/** Why an `opam` command, or a program that calls opam, failed, by its output. */
export type OpamFailure =
  | { readonly kind: "conflict"; readonly conflicts: readonly Conflict[] }
  /** Requested by name, but no repository has it, or not that version. */
  | { readonly kind: "unknown"; readonly name: string; readonly version?: string }
  /** Only available for another system or compiler. */
  | { readonly kind: "unavailable"; readonly name: string; readonly condition: string }
  /** `package` as `name.version`. */
  | {
      readonly kind: "build";
      readonly package: string;
      /** System packages that opam was told not to look after, where it names them. */
      readonly systemPackages: readonly string[];
    }
  | { readonly kind: "download"; readonly package: string; readonly url?: string; readonly why: string }
  /** opam-monorepo (`make lock`) found no solution: one block for each package in the way. */
  | { readonly kind: "lock"; readonly blocks: readonly (readonly string[])[] }
  /** opam-monorepo (`make lock`) only takes packages that dune builds. */
  | { readonly kind: "not-dune"; readonly names: readonly string[] }
  /** The solver timed out after so many seconds. */
  | { readonly kind: "solver-time"; readonly seconds: string }
  | MachineFailure;

/**
 * The first failure in the output of opam 2.1 to 2.6 or opam-monorepo 0.4, with or without UTF-8, and without colours.
 * The output has both streams: opam reports on the error stream, but `make` mixes them.
 *
 * @returns undefined when no known failure is found.
 */
export function readOpamFailure(output: string): OpamFailure | undefined {
  const lines = unfolded(output.split(/\r?\n/).map((line) => line.trimEnd()));
  const text = lines.join("\n");
  for (const reader of readers) {
    const failure = reader(lines, text);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** opam folds long lines at the width of its terminal: errors by 8 columns, and lines of a conflict by 6. */
function unfolded(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let isConflict = false;
  for (const line of lines) {
    const last = whole.at(-1) ?? "";
    isConflict = /^\[ERROR\] Package conflict!/.test(last) || (isConflict && !line.startsWith("[ERROR]"));
    const continues =
      (line.startsWith(" ".repeat(8)) && last.startsWith("[ERROR] ")) ||
      (isConflict && /^ {6}\S/.test(line) && /^ {2}(?:[*∗•]| {2}\S)/.test(last));
    if (continues) whole[whole.length - 1] = `${last} ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}

type Reader = (lines: readonly string[], output: string) => OpamFailure | undefined;

const readBuild: Reader = (lines, output) => {
  const name = /^\[ERROR\] The (?:compilation|installation|build) (?:of )?(\S+) failed/m.exec(output)?.[1];
  return name === undefined
    ? undefined
    : { kind: "build", package: name, systemPackages: declaredSystemPackages(lines) };
};

const readDownload: Reader = (lines, output) => {
  const failed =
    /^\[ERROR\] Failed to get sources of ([^\s:]+)(?:: *(\S.*)?)?$/m.exec(output) ??
    /^\[ERROR\] The sources of the following couldn't be obtained, aborting:\s+- ([^\s:]+)(?:: *(\S.*)?)?$/m.exec(
      output,
    );
  if (failed === null) return undefined;
  const [, name = "", why = ""] = failed;
  const url =
    /Fetch_fail\("(\w+:\/\/[^\s"]+)[\s"]/.exec(output)?.[1] ??
    /Checksum mismatch for (\S+)/.exec(output)?.[1]?.replace(/:$/, "");
  const ofGit = /"fatal: ([^"]*)"$/.exec(
    lines.find((line) => line.startsWith("[ERROR] Could not synchronize ")) ?? "",
  )?.[1];
  const code = /exited with code (\d+)/.exec(output)?.[1];
  const ofCurl = /^curl failed$/i.test(why) && code !== undefined;
  const curl = ofCurl ? ` (${whyUnreachable("curl", code) ?? `status ${code}: see curl(1)`})` : "";
  const [, wanted, got] = /\sexpected (\S+)\s+got[ \t]+(\S+)$/m.exec(output) ?? [];
  const sums = wanted === undefined || got === undefined ? "" : `: ${got} instead of ${wanted}`;
  return {
    kind: "download",
    package: name,
    ...(url === undefined ? {} : { url }),
    why: `${ofGit ?? why}${curl}${sums}` || "opam does not say why",
  };
};

const readConflict: Reader = (lines) => {
  const conflicts = readConflicts(lines);
  return conflicts && (lackingIn(tellingConflicts(conflicts)) ?? { kind: "conflict", conflicts });
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
  const unavailable = /^\[ERROR\] ([^\s:]+):? unmet availability conditions(?:: |, e\.g\. )?'?(.*?)'?$/m.exec(output);
  return unavailable === null
    ? undefined
    : { kind: "unavailable", name: unavailable[1] ?? "", condition: unavailable[2] ?? "" };
};

const readSolverTime: Reader = (_, output) => {
  if (!/resolution of the request timed out/.test(output)) return undefined;
  return { kind: "solver-time", seconds: /currently, it is set to ([\d.]+)\s+seconds/.exec(output)?.[1] ?? "some" };
};

/** The sandbox also fails a build, so it comes first; opam can go on without a network, so that comes last. */
const readers: readonly Reader[] = [
  readSandbox,
  readBuild,
  readDownload,
  readConflict,
  readLock,
  readNotDune,
  readUnavailableSystemPackages,
  readUnknown,
  readInstallOfSystemPackages,
  readSolverTime,
  readNetwork,
];
