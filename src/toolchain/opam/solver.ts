import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { isRecord } from "../../platform/shape.js";
import { type Releases, refuseMissing } from "../../targets/beyond-table.js";
import { type Component, type Constraint, componentsOf, ocamlCompiler } from "../../targets/constraint.js";
import type { Refusal } from "../../targets/version-refusal.js";
import { type Formula, inOpamSyntax, packagesIn } from "../../targets/formula.js";
import { opamEnvironment } from "../environment.js";
import type { OpamPin, OpamRepository, ToolchainSpec, ToolchainVersions } from "../toolchain.js";
import { conflictLines, tellingConflicts } from "./conflict.js";
import { readOpamFailure } from "./failure.js";
import { explainOpam } from "./opam-problem.js";
import { checkReachable } from "./reachable.js";
import { type Opam, addPins, availablePackages, createSwitch } from "./switch.js";

/** A toolchain whose versions the version table cannot decide. */
export interface OpamQuestion {
  readonly backend: ToolchainSpec["backend"];
  /** As people name it: `hvt with OCaml 5.6.0`. */
  readonly subject: string;
  readonly repositories: readonly OpamRepository[];
  readonly pins: readonly OpamPin[];
  readonly constraints: readonly Constraint[];
  /** The components to decide, each with the packages that have its version. */
  readonly components: readonly (readonly [Component, readonly string[]])[];
  /** All other packages, with or without a version. */
  readonly packages: readonly string[];
}

const variants = "ocaml-variants";
const options = "+options";
/** The version of a component by that of its package. */
const componentVersion = (version: string): string =>
  version.endsWith(options) ? version.slice(0, -options.length) : version;

/**
 * The package that depends on all that is asked: opam explains a conflict of its dependencies, but not of arguments.
 * Whether opam 2.1 explains it depends on the name, too: not with `unikernel-ci-request`.
 */
const request = "the-toolchain";

/**
 * Asks opam's solver for the versions of a toolchain, in a root of its own that is removed again. Builds nothing.
 *
 * @param opam absolute path of opam 2.1 or newer.
 * @throws Problem with opam's reason when there is no such toolchain.
 */
export async function askOpam(context: Context, question: OpamQuestion, opam: string): Promise<ToolchainVersions> {
  const { host, processes } = context;
  return withOwnFolder(host.folders.temporary, "build", async (folder) => {
    const env = opamEnvironment(folder, host.environment, host.cores);
    const run: Opam = (args, watch = {}) => processes.run([opam, ...args], { env, cwd: folder, ...watch });
    await checkReachable(context, question.repositories, env);
    const own = { name: request, url: `file://${await writeRequest(folder, question)}` };
    const place = { backend: question.backend, versions: undefined };
    await createSwitch(run, [...question.repositories, own], place);
    await checkReleases(run, question);
    await addPins(context, run, question.pins, place, env);
    const answer = join(folder, "answer.json");
    const asked = [request, ...question.components.flatMap(([, packages]) => packages)];
    const outcome = await run(["install", "--show-actions", `--json=${answer}`, ...asked]);
    if (outcome.exitCode !== 0) throw await noSolution(question, `${outcome.stdout}\n${outcome.stderr}`);
    return versionsIn(JSON.parse(await readFile(answer, "utf8")), question);
  });
}

/** Writes an opam repository with the one package of the request. */
async function writeRequest(folder: string, { components, constraints, packages }: OpamQuestion): Promise<string> {
  const repository = join(folder, "request");
  const own = join(repository, "packages", request, `${request}.1`);
  await mkdir(own, { recursive: true });
  await writeFile(join(repository, "repo"), 'opam-version: "2.0"\n');
  const isPrerelease = constraints.some(({ formula }) => packagesIn(formula).includes(ocamlCompiler));
  const depends = [
    ...components.flatMap(([, names]) => names.map((name) => JSON.stringify(name))),
    ...packages.map(dependency),
    ...constraints.map(({ formula }) => `(${inOpamSyntax(withPackages(formula, components, isPrerelease))})`),
  ];
  await writeFile(
    join(own, "opam"),
    [
      'opam-version: "2.0"',
      'synopsis: "The toolchain that unikernel-ci asks for"',
      "depends: [",
      ...depends,
      "]",
      "",
    ].join("\n"),
  );
  return repository;
}

/** An argument of `opam install` as a dependency: `lwt.5.9.1`, `lwt>=5`, `lwt`. */
function dependency(word: string): string {
  const [, name = word, relation, version = ""] = /^([\w+-]+)(\.|[<>=!]+)([^<>=!].*)$/.exec(word) ?? [];
  if (relation === undefined) return JSON.stringify(name);
  return `${JSON.stringify(name)} {${relation === "." ? "=" : relation} ${JSON.stringify(version)}}`;
}

/**
 * Puts the package of this toolchain for a component's name: `ocaml-solo5-cross-aarch64` for `ocaml-solo5`. opam
 * explains a conflict with the compiler's own package, but not one with the package `ocaml`.
 *
 * @param isPrerelease of the compiler: the package `ocaml` then has another version, so what is asked of it stays.
 */
function withPackages(formula: Formula, components: OpamQuestion["components"], isPrerelease: boolean): Formula {
  if ("parts" in formula)
    return { ...formula, parts: formula.parts.map((part) => withPackages(part, components, isPrerelease)) };
  if (formula.package === "ocaml" && isPrerelease) return formula;
  const own = formula.package === ocamlCompiler ? "ocaml" : formula.package;
  const [, [name = formula.package] = []] = components.find(([component]) => component === own) ?? [];
  if (formula.kind === "any" || name !== variants) return { ...formula, package: name };
  // `5.4.1+options` sorts after `5.4.1`.
  const suffix = formula.relation === ">=" || formula.relation === "<" ? "" : options;
  return { ...formula, package: name, version: `${formula.version}${suffix}` };
}

/** @throws Problem when a constraint has no release in any repository. */
async function checkReleases(run: Opam, question: OpamQuestion): Promise<void> {
  const names = question.components.flatMap(([, packages]) => packages);
  const refusal = missingRelease(question, await availablePackages(run, names));
  if (refusal !== undefined) throw refusalProblem(refusal);
}

/**
 * The refusal of a constraint that has no release, neither in the table nor in the repositories, with the nearest that
 * are there. Pinned packages need no release.
 */
export function missingRelease(
  { components, constraints, pins, repositories }: OpamQuestion,
  available: ReadonlySet<string>,
): Refusal | undefined {
  const pinned = pins.map((pin) => pin.package.replace(/\..*/, ""));
  const unpinned = components.filter(([, names]) => !names.some((name) => pinned.includes(name)));
  const checked = constraints.filter((one) => unpinned.some(([name]) => componentsOf(one).includes(name)));
  const places = repositories.map(({ name, url }) => `${name} (${url})`);
  return refuseMissing({ constraints: checked }, releasesIn(available, components), places);
}

/** A refusal as an error. */
export function refusalProblem({ what, because, accepted, remedy }: Refusal): Problem {
  return new Problem(what, { ...(because === undefined ? {} : { because }), accepted, do: remedy });
}

/** The versions of components among packages of repositories, each `name.version`. */
export function releasesIn(available: ReadonlySet<string>, components: OpamQuestion["components"]): Releases {
  const all = [...available];
  return (component) => {
    const [, [name] = []] = components.find(([one]) => one === component) ?? [];
    if (name === undefined) return [];
    const found = all.filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
    return found.filter((version) => name !== variants || version.endsWith(options)).map(componentVersion);
  };
}

async function noSolution({ subject, repositories, backend }: OpamQuestion, output: string): Promise<Problem> {
  const failure = readOpamFailure(output);
  const ofRequest = (text: string) => text.replaceAll(`${request} -> `, "");
  const explained = await explainOpam({ backend, versions: undefined, output, root: undefined });
  const conflicts = failure?.kind === "conflict" ? tellingConflicts(failure.conflicts) : [];
  const because =
    conflicts.length > 0
      ? conflicts.flatMap(conflictLines).map(ofRequest)
      : [failure?.kind === "conflict" ? "opam does not say why" : (explained?.what ?? "opam does not say why")];
  return new Problem(`opam finds no toolchain for ${subject}`, {
    because,
    found: `asked ${repositories.map(({ name, url }) => `${name} (${url})`).join(", ")}`,
    do: "set other versions, or leave them out for the newest of the version table",
  });
}

/** @param answer of `opam install --json`. */
function versionsIn(answer: unknown, { components, subject }: OpamQuestion): ToolchainVersions {
  const solution = isRecord(answer) && Array.isArray(answer["solution"]) ? (answer["solution"] as unknown[]) : [];
  const installed = new Map(
    solution.flatMap((action) => {
      const { name, version } = isRecord(action) && isRecord(action["install"]) ? action["install"] : {};
      return typeof name === "string" && typeof version === "string" ? [[name, version] as const] : [];
    }),
  );
  const versions = Object.fromEntries(
    components.map(([component, [name = ""]]) => {
      const version = installed.get(name);
      if (version === undefined) throw new Error(`opam's answer for ${subject} has no ${name}`);
      return [component, componentVersion(version)];
    }),
  );
  return versions as Partial<ToolchainVersions> as ToolchainVersions;
}
