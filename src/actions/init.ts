import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import {
  type Given,
  adapted,
  templateTargets,
  type ActionReference,
  ownerOfRemote,
  placeholdersLeft,
  shownReference,
  withReference,
} from "../init/adapt.js";
import { type Choice, type Forge, chooseTemplate, forges, gitLabInputs } from "../init/choose.js";
import { writeInside } from "../platform/files/inside.js";
import { ownRepository, readTemplate } from "../platform/files/own-repository.js";
import type { Context } from "../platform/host.js";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type ProjectInputs, UnknownProject, detectProject } from "../project/detect.js";
import { findConfigurations } from "../project/mirage/configuration.js";
import type { Project } from "../project/project.js";
import { targets } from "../targets/targets.js";
import { parseInputs } from "./definition.js";
import { readInputs, inputs } from "./interface.js";
import { allMatrixInputs } from "./matrix-interface.js";

export interface InitOptions {
  /** Default: github. */
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
 * Detects the project in the current folder, writes the template that fits into its repository, and logs both.
 *
 * @param given inputs to write into the template, by name; those of `matrix` too.
 * @throws Problem when there is no project, the template has no place for an input, or a file already exists.
 */
export async function init(context: Context, options: InitOptions, given: Given): Promise<boolean> {
  const { host, log } = context;
  const asked = readInputs((name) => given[name]);
  parseInputs(allMatrixInputs, (name) => given[name]);
  const forge = forgeOf(options.forge);
  const current = host.folders.workspace;
  const found = await detectProject(current, asked).catch(offerCommand);
  const elsewhere = await configurationElsewhere(context, found, asked.buildSystem);
  const project = elsewhere === undefined ? found : await detectProject(current, { ...asked, configFile: elsewhere });
  const root = rootOf(current);
  const isUnikraft =
    asked.target === undefined
      ? await mentionsUnikraft(project.directory)
      : targets[asked.target].backend === "unikraft";
  const choice = chooseTemplate({ forge, template: options.template, buildSystem: project.buildSystem, isUnikraft });
  const reference = await referenceOf(context, options);
  const configFile = project.buildSystem === "mirage" ? project.configFile : "config.ml";
  const withConfiguration = configFile === "config.ml" ? given : { ...given, "config-file": configFile };
  const wanted = withDirectory(withConfiguration, relative(root, project.directory));
  const files = await render(choice, wanted, reference);
  refuseExisting(root, files, options.force === true);
  for (const { to, text } of files) writeInside(await realpath(root), to, text);

  log.fact("project", project.description);
  log.fact("template", `${choice.name}: ${choice.why}`);
  log.fact("target", targetText(given, files));
  log.fact("action", shownReference(reference));
  for (const { to } of files) log.fact("wrote", relative(current, join(root, to)));
  log.fact("next", nextStep(reference));
  return true;
}

/**
 * The one mirage configuration in a subfolder, such as mirage/config.ml: the dune and opam files above it belong to
 * its libraries. The log names several.
 */
async function configurationElsewhere(
  { log }: Context,
  { buildSystem, directory }: Project,
  asked: ProjectInputs["buildSystem"],
): Promise<string | undefined> {
  if (asked !== "auto" || buildSystem === "mirage" || buildSystem === "command") return undefined;
  const [only, ...others] = await findConfigurations(directory);
  if (only === undefined || others.length === 0) return only;
  log.fact(
    "mirage",
    `choose one with --config-file to build it by mirage: ${firstOf([only, ...others], 8).join(", ")}`,
  );
  return undefined;
}

/** A project that is not mirage, dune or opam needs a command. */
function offerCommand(error: unknown): never {
  if (!(error instanceof UnknownProject)) throw error;
  const remedy =
    "give the build command, as in --build-command 'make OUT=\"$OUT\"', or the unikernel’s folder with --directory";
  throw new Problem(error.message, { ...error.facts, do: remedy }, { cause: error });
}

function targetText(given: Given, files: readonly Rendered[]): string {
  const asked = given["target"] ?? given["targets"];
  if (asked !== undefined) return asked.trim();
  const { option, targets } = templateTargets(files.map(({ text }) => text).join("\n"));
  return `${targets.join("\n")} (default; change it with ${option})`;
}

interface Rendered {
  readonly to: string;
  readonly text: string;
}

async function render({ files }: Choice, given: Given, reference: ActionReference): Promise<Rendered[]> {
  return Promise.all(
    files.map(async ({ from, to, takesInputs }) => {
      const template = await readTemplate(from);
      return { to, text: withReference(takesInputs ? adapted(from, template, given, takes) : template, reference) };
    }),
  );
}

function takes(part: string, name: string): boolean {
  if (part === "gitlab") return gitLabInputs.some((input) => input === name);
  if (part === "matrix") return Object.hasOwn(allMatrixInputs, name);
  const definition = Object.entries(inputs).find(([input]) => input === name)?.[1];
  if (definition === undefined) return false;
  return part === "" || part === "run" || definition.parts.some((owner) => owner === part);
}

function forgeOf(word = "github"): Forge {
  const forge = forges.find((candidate) => candidate === word);
  if (forge === undefined)
    throw new Problem(`--forge: ${JSON.stringify(word)} is not accepted`, { accepted: forges.join(", ") });
  return forge;
}

/** The root of the repository, where workflows belong; the current folder outside a repository. */
function rootOf(current: string): string {
  for (let folder = resolve(current); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return current;
  }
}

/** The input `directory` is relative to the repository; the root is its default. */
function withDirectory(given: Given, directory: string): Given {
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => name !== "directory"));
  return directory === "" ? others : { ...others, directory };
}

async function mentionsUnikraft(directory: string): Promise<boolean> {
  const texts = await Promise.all(
    ["dune", "dune-workspace"].map((name) => readFile(join(directory, name), "utf8").catch(() => "")),
  );
  return texts.some((text) => /\bunikraft\b/.test(text));
}

/** The account and commit of the options, or else of the clone that this program runs from. */
async function referenceOf({ processes }: Context, { owner, commit }: InitOptions): Promise<ActionReference> {
  if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit)) {
    throw new Problem(`--commit: ${JSON.stringify(commit)} is not accepted`, {
      accepted: "a full commit: 40 hexadecimal digits",
    });
  }
  if (owner !== undefined && !/^[\w-]+$/.test(owner)) {
    throw new Problem(`--owner: ${JSON.stringify(owner)} is not accepted`, { accepted: "an account name" });
  }
  const git = async (...args: string[]): Promise<string | undefined> => {
    if (!existsSync(join(ownRepository, ".git"))) return undefined;
    const { exitCode, stdout } = await processes.run(["git", "-C", ownRepository, ...args]);
    return exitCode === 0 ? stdout.trim() : undefined;
  };
  return {
    owner: owner ?? ownerOfRemote((await git("remote", "get-url", "origin")) ?? ""),
    commit: commit ?? (await git("rev-parse", "HEAD")),
  };
}

function refuseExisting(root: string, files: readonly Rendered[], force: boolean): void {
  const existing = files.map(({ to }) => to).filter((to) => existsSync(join(root, to)));
  if (existing.length === 0 || force) return;
  throw new Problem(`${existing.join(", ")} already ${existing.length === 1 ? "exists" : "exist"}`, {
    because: "nothing was written",
    do: "pass --force to overwrite",
  });
}

function nextStep(reference: ActionReference): string {
  const missing = placeholdersLeft(reference);
  const fill = missing.length === 0 ? "" : `fill in ${missing.join(" and ")} (or pass --owner and --commit), `;
  return `${fill}review the lines marked "Decide", commit, push`;
}
