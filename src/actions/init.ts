import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { type ActionReference, type Given, ownerOfRemote, placeholdersLeft, shownReference } from "../init/adapt.js";
import { type Choice, type Forge, chooseTemplate, forgeOf, forges } from "../init/choose.js";
import { ciJobs } from "../init/ci-scripts.js";
import { type Composition, type Row, compose } from "../init/compose.js";
import { decideAll } from "../init/decide.js";
import { readTree } from "../init/tree.js";
import { describe, shownFolder } from "../init/unikernel.js";
import { writeInside } from "../platform/files/inside.js";
import { ownRepository } from "../platform/files/own-repository.js";
import type { Context } from "../platform/host.js";
import { firstOf } from "../platform/log.js";
import { WrongUse } from "../platform/problem.js";
import type { Ask } from "../platform/runner/terminal.js";
import { detectProject } from "../project/detect.js";
import type { Project } from "../project/project.js";
import { targets } from "../targets/targets.js";
import { parseInputs } from "./definition.js";
import { filesToWrite } from "./init-files.js";
import { bootAnswers, chosenOf, hashFiles, unikernelsOf } from "./init-find.js";
import { type Inputs, readInputs } from "./interface.js";
import { allMatrixInputs } from "./matrix-interface.js";
import { wordOf } from "./options.js";

export interface InitOptions {
  /** Default: the forge whose files the repository has, else github. */
  readonly forge?: string;
  /** Default: chosen for the project. */
  readonly template?: string;
  /** Default: the account that this program was cloned from. */
  readonly owner?: string;
  /** Default: the commit of that clone. */
  readonly commit?: string;
  /** Overwrites existing files. */
  readonly force?: boolean;
}

/**
 * Finds the unikernels of the repository, decides what builds them, writes a workflow, and logs all three. An existing
 * workflow gets what it lacks.
 *
 * @param given inputs to write into the template, by name; those of `matrix` too.
 * @param ask asks the person at the terminal; undefined: nobody is there, and every default stands.
 * @throws Problem when there is no unikernel, no toolchain builds one, the template has no place for an input, or
 *   another file is in the way. Nothing is written then.
 */
export async function init(context: Context, options: InitOptions, given: Given, ask?: Ask): Promise<boolean> {
  const { host, log } = context;
  const asked = readInputs((name) => given[name]);
  parseInputs(allMatrixInputs, (name) => given[name]);
  const current = host.folders.workspace;
  const root = rootOf(current);
  const tree = readTree(root);
  const { forge, seen } =
    options.forge === undefined
      ? forgeOf(tree.paths)
      : { forge: wordOf("--forge", options.forge, forges), seen: undefined };
  const reference = await referenceOf(context, options);

  const found = await unikernelsOf(tree, root, current, asked);
  const unikernels = await chosenOf(found, ask, context);
  log.fact("found", firstOf(unikernels.map(describe), 30).join("\n"));
  if (found.others.length > 0 && unikernels.every((one) => found.chosen.includes(one)))
    log.fact(
      "left out",
      `${firstOf(found.others.map(describe), 8).join("\n")}\n(tests and examples: choose one with --directory)`,
    );
  // A command of the person's own says nothing of what the old CI did.
  const jobs = asked.buildCommand === undefined ? ciJobs(tree) : [];
  const composed = compose(unikernels, jobs, hashFiles(tree), tree);
  const { composition, versions, leftOut } = await decideAll(
    withAsked(composed, asked, given),
    asked,
    (row) => projectFor(row, root, asked),
    given["targets"] !== undefined,
  );
  for (const sentence of leftOut) log.notice(sentence);
  const { rows, inputs } = composition;
  const answers = await bootAnswers(rows, given, inputs["args"] !== undefined, ask);
  const choice = choiceFor(forge, options, given, rows);
  const files = await filesToWrite({
    ...{ root, tree, forge, choice, composition, rows, reference },
    asked: { ...withoutPlace(given), ...answers },
    force: options.force === true,
  });
  for (const { to, text } of files) writeInside(await realpath(root), to, text);

  log.fact("template", `${choice.name}: ${choice.why}`);
  if (seen !== undefined) log.fact("forge", `${forge} (${seen}; change it with --forge)`);
  log.fact("target", targetText(given, rows));
  if (versions.length > 0) log.fact("versions", versions.join("\n"));
  for (const line of takenLines(composition, given)) log.fact("taken", line);
  for (const { input, text } of composition.remarks.filter((one) => one.input !== "targets"))
    log.fact("note", `${input}: ${text}`);
  log.fact("action", shownReference(reference));
  if (files.length === 0) {
    log.fact("unchanged", "the workflow builds all of this already");
    return true;
  }
  for (const { to } of files) log.fact("wrote", relative(current, join(root, to)));
  log.fact("next", nextStep(reference));
  return true;
}

/** The target of the command line replaces those that were found. */
function withAsked(composition: Composition, { target, arch }: Inputs, given: Given): Composition {
  const configureArgs = given["configure-args"];
  const rows = composition.rows.map((row) => ({
    ...row,
    target: target ?? row.target,
    architectures: arch === undefined ? row.architectures : [arch],
    configureArgs: configureArgs === undefined ? row.configureArgs : { value: configureArgs, at: "" },
    variant: configureArgs === undefined ? row.variant : undefined,
  }));
  const same = (one: Row, other: Row) =>
    one.unikernel === other.unikernel &&
    one.target === other.target &&
    one.configureArgs?.value === other.configureArgs?.value;
  return { ...composition, rows: rows.filter((row, at) => rows.findIndex((other) => same(other, row)) === at) };
}

function projectFor({ unikernel }: Row, root: string, asked: Inputs): Promise<Project> {
  const { buildCommand } = asked;
  return detectProject(root, {
    directory: shownFolder(unikernel.directory),
    configFile: unikernel.configFile,
    buildSystem: buildCommand === undefined ? unikernel.buildSystem : "auto",
    buildCommand,
  });
}

function choiceFor(forge: Forge, { template }: InitOptions, given: Given, rows: readonly Row[]): Choice {
  const [first] = rows;
  return chooseTemplate({
    forge,
    template,
    buildSystem: given["build-command"] === undefined ? (first?.unikernel.buildSystem ?? "command") : "command",
    isUnikraft: first !== undefined && targets[first.target].backend === "unikraft",
    isMany: rows.length > 1 || given["targets"] !== undefined,
  });
}

/** The place of each unikernel is its row's. */
const withoutPlace = (given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([name]) => name !== "directory" && name !== "config-file"));

function targetText(given: Given, rows: readonly Row[]): string {
  if (given["targets"] !== undefined) return given["targets"].trim();
  const lines = [
    ...new Set(
      rows.map(({ target, variant }) => [target, ...(variant === undefined ? [] : [`(${variant})`])].join(" ")),
    ),
  ];
  return given["target"] === undefined ? `${lines.join(", ")} (change it with --target)` : given["target"];
}

/** What came from where, for the log. */
const takenLines = ({ inputs, rows }: Composition, given: Given): readonly string[] => {
  const ofRows = rows.flatMap(({ ocaml, configureArgs }) => [
    ...(ocaml === undefined || given["ocaml-version"] !== undefined
      ? []
      : [`ocaml-version ${ocaml.value} from ${ocaml.at}`]),
    ...(configureArgs === undefined || configureArgs.at === ""
      ? []
      : [`configure-args ${configureArgs.value} from ${configureArgs.at}`]),
  ]);
  const shared = Object.entries(inputs).flatMap(([name, { value, at }]) =>
    at === "" || given[name] !== undefined ? [] : [`${name} ${value.split("\n").join(", ")} from ${at}`],
  );
  return [...new Set([...ofRows, ...shared])];
};

/** The root of the repository, where workflows belong; the current folder outside a repository. */
function rootOf(current: string): string {
  for (let folder = resolve(current); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return current;
  }
}

/** The account and commit of the options, or else of the clone that this program runs from. */
async function referenceOf({ processes }: Context, { owner, commit }: InitOptions): Promise<ActionReference> {
  if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit)) {
    throw new WrongUse(`--commit: ${JSON.stringify(commit)} is not accepted`, {
      accepted: "a full commit: 40 hexadecimal digits",
    });
  }
  if (owner !== undefined && !/^[\w-]+$/.test(owner)) {
    throw new WrongUse(`--owner: ${JSON.stringify(owner)} is not accepted`, { accepted: "an account name" });
  }
  const git = async (...args: string[]): Promise<string | undefined> => {
    if (!existsSync(join(ownRepository, ".git"))) return undefined;
    const { exitCode, stdout } = await processes
      .run(["git", "-C", ownRepository, ...args])
      .catch(() => ({ exitCode: 1, stdout: "" }));
    return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
  };
  const pinned = commit ?? (await git("rev-parse", "HEAD"));
  const version = pinned === undefined ? undefined : await git("describe", "--tags", "--match", "v*", pinned);
  return {
    owner: owner ?? ownerOfRemote((await git("remote", "get-url", "origin")) ?? ""),
    commit: pinned,
    ...(version === undefined ? {} : { version }),
  };
}

function nextStep(reference: ActionReference): string {
  const missing = placeholdersLeft(reference);
  const fill = missing.length === 0 ? "" : `fill in ${missing.join(" and ")} (or pass --owner and --commit), `;
  return `${fill}review the lines marked "Decide", commit, push`;
}
