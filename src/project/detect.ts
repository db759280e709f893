import { readFile, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { firstOf } from "../platform/log.js";
import { Problem, WrongUse } from "../platform/problem.js";
import type { LockFile } from "../toolchain/toolchain.js";
import { folderOf, isOutside, isOpamFile } from "./folder.js";
import { headerOf, isConfiguration, requirementsOfConfiguration } from "./mirage/config-ml.js";
import { findConfigurations } from "./mirage/configuration.js";
import { readLock, toolchainVersions } from "./mirage/lock-file.js";
import type { BuildSystem, MirageProject, Project } from "./project.js";
import { requirementsIn } from "./requirements.js";

/** The inputs that select the project: a subset of all inputs. */
export interface ProjectInputs {
  /** Relative to the workspace, or absolute inside it. */
  readonly directory: string;
  readonly configFile: string | undefined;
  readonly buildSystem: "auto" | BuildSystem;
  readonly buildCommand: string | undefined;
}

/**
 * Detects the build system of a folder, and what its files say about versions.
 *
 * @param workspace absolute.
 * @param limit the folder that the project must be inside.
 * @throws Problem that lists the folder's files, when it has no project, or not one of the requested build system.
 */
export async function detectProject(workspace: string, inputs: ProjectInputs, limit = workspace): Promise<Project> {
  const { buildSystem, buildCommand } = inputs;
  const directory = await folderOf(workspace, inputs.directory, limit);
  const folder: Folder = { directory, shown: inputs.directory, names: (await readdir(directory)).sort() };
  const isCommand = buildSystem === "command" || (buildSystem === "auto" && buildCommand !== undefined);
  refuseUnused({ ...inputs, buildSystem: isCommand ? "command" : buildSystem });
  // `build-system: command` needs no command here: after `setup`, the workflow can build without this action.
  if (isCommand) {
    return { buildSystem: "command", directory, description: "built by a command", ...(await asksOf(folder)) };
  }
  if (buildSystem === "auto") return await guess(folder, inputs.configFile);
  const { find, marker } = kinds[buildSystem];
  const project = await find(folder, inputs.configFile);
  if (project === undefined)
    throw missing(
      folder,
      marker,
      `\`build-system: ${buildSystem}\``,
      buildSystem === "mirage" ? await findConfigurations(directory) : [],
    );
  return project;
}

/** `auto` finds a mirage project where `config-file` is set. */
function refuseUnused({ buildSystem, buildCommand, configFile }: ProjectInputs): void {
  const refuse = (input: string, only: string, remedy: string) =>
    new WrongUse(`input ${input}: it works only with the build system ${only}, and this one is ${buildSystem}`, {
      do: `remove \`${input}\`, or ${remedy}`,
    });
  if (buildCommand !== undefined && buildSystem !== "command" && buildSystem !== "auto")
    throw refuse("build-command", "command", "remove `build-system`");
  if (configFile !== undefined && buildSystem !== "mirage" && buildSystem !== "auto")
    throw refuse(
      "config-file",
      "mirage",
      buildCommand === undefined ? "remove `build-system`" : "remove `build-command`",
    );
}

interface Folder {
  readonly directory: string;
  /** As the user wrote it. */
  readonly shown: string;
  readonly names: readonly string[];
}

interface Kind {
  /** The file that identifies a project, as messages name it. */
  readonly marker: string;
  readonly find: (folder: Folder, configFile: string | undefined) => Promise<Project | undefined>;
}

const kinds: Readonly<Record<Exclude<BuildSystem, "command">, Kind>> = {
  mirage: { marker: "config.ml", find: findMirage },
  dune: {
    marker: "dune-project",
    find: async (folder) => {
      const { directory, names } = folder;
      const file = ["dune-project", "dune-workspace", "dune"].find((name) => names.includes(name));
      if (file === undefined) return undefined;
      return { buildSystem: "dune", directory, description: `dune (${file})`, ...(await asksOf(folder)) };
    },
  },
  opam: {
    marker: "*.opam",
    find: async (folder) => {
      const { directory, names } = folder;
      const files = names.filter(isOpamFile);
      if (files.length === 0) return undefined;
      return { buildSystem: "opam", directory, description: `opam (${files.join(", ")})`, ...(await asksOf(folder)) };
    },
  },
};

async function findMirage(folder: Folder, configFile = "config.ml"): Promise<MirageProject | undefined> {
  const { directory } = folder;
  const text = await readConfiguration(directory, configFile);
  if (text === undefined) return undefined;
  const header = headerOf(text);
  const lockFiles = await findLockFiles(directory, configFile);
  const constraint = header === undefined ? "" : ` requires mirage ${header}`;
  const description = `MirageOS (${configFile}${constraint})`;
  return {
    buildSystem: "mirage",
    directory,
    description,
    configFile,
    requirements: [...requirementsOfConfiguration(configFile, text), ...(await requirementsIn(folder))],
    lockFiles,
  };
}

async function guess(folder: Folder, configFile: string | undefined): Promise<Project> {
  const isMirage = configFile !== undefined || (await hasMirageConfiguration(folder.directory));
  for (const { find } of [...(isMirage ? [kinds.mirage] : []), kinds.dune, kinds.opam]) {
    const project = await find(folder, configFile);
    if (project !== undefined) return project;
  }
  const configurations = await findConfigurations(folder.directory);
  const [only] = configurations;
  const project = only !== undefined && configurations.length === 1 ? await findMirage(folder, only) : undefined;
  if (project !== undefined) return project;
  throw missing(folder, "config.ml, dune-project or *.opam", undefined, configurations);
}

/** A config.ml can also be an ordinary module, as in ocaml-solo5's example. */
async function hasMirageConfiguration(directory: string): Promise<boolean> {
  const text = await readFile(join(directory, "config.ml"), "utf8").catch(() => "");
  return isConfiguration(text);
}

/** What the files of a folder that is not mirage's ask: `opam lock` writes its locks next to the opam files. */
async function asksOf(folder: Folder): Promise<Pick<Project, "requirements" | "lockFiles">> {
  const { directory, names } = folder;
  const locks = await Promise.all(names.filter(isLock).map((path) => readLockFile(directory, path)));
  const lockFiles = locks.map((lock) => ({ ...lock, isForAllTargets: true as const }));
  return { requirements: await requirementsIn(folder), ...(lockFiles.length === 0 ? {} : { lockFiles }) };
}

/** mirage keeps its generated files and locks in the folder `mirage` next to the configuration. */
async function findLockFiles(directory: string, configFile: string): Promise<readonly LockFile[]> {
  const folder = join(dirname(configFile), "mirage");
  const names = (await readdir(join(directory, folder)).catch(() => [])).filter(isLock).sort();
  return Promise.all(names.map((name) => readLockFile(directory, join(folder, name))));
}

const isLock = (name: string): boolean => name.endsWith(".opam.locked");

async function readLockFile(directory: string, path: string): Promise<LockFile> {
  return { path, versions: toolchainVersions(readLock(await readFile(join(directory, path), "utf8"))) };
}

/** @returns undefined when the default file is missing; a file that an input names must exist. */
async function readConfiguration(directory: string, configFile: string): Promise<string | undefined> {
  const path = resolve(directory, configFile);
  // promise: configuration-is-inside
  if (isOutside(directory, path)) {
    throw new WrongUse(`input config-file: ${configFile} is outside the project’s folder`, {
      accepted: "a path relative to `directory`",
    });
  }
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (configFile === "config.ml") return undefined;
    throw new WrongUse(
      `input config-file: there is no ${configFile}`,
      { found: listing(await readdir(directory)) },
      { cause: error },
    );
  }
}

function missing(
  folder: Folder,
  wanted: string,
  asked: string | undefined,
  configurations: readonly string[],
): Problem {
  return new Problem(`no ${wanted} in ${folder.directory}`, {
    found: listing(folder.names),
    ...(asked === undefined ? {} : { because: `${asked} needs it` }),
    do: [
      ...(configurations.length === 0
        ? []
        : [`set \`config-file\` to ${firstOf(configurations, shownNames).join(" or ")}, or`]),
      `set \`directory\` (now \`${folder.shown}\`) to the folder of the unikernel`,
      "or set `build-command`; for a toolchain without a build, set `build-system: command`",
    ],
  });
}

const shownNames = 12;

function listing(names: readonly string[]): string {
  return names.length === 0 ? "an empty folder" : firstOf(names, shownNames).join(", ");
}
