import { dirname, posix } from "node:path";
import type { BuildSystem } from "../project/project.js";
import type { TargetName } from "../targets/targets.js";

/** A unikernel of a repository, as its own files show it. Paths are relative to the repository. */
export interface Unikernel {
  readonly buildSystem: Exclude<BuildSystem, "command">;
  /** The input `directory`. */
  readonly directory: string;
  /** The input `config-file`; undefined: the default. */
  readonly configFile: string | undefined;
  /** The name of its image, where its sources have it. */
  readonly name: string | undefined;
  /** The folder with its sources. */
  readonly sources: string;
  /** Whether it is in a folder of tests, examples or benchmarks. */
  readonly isAside: boolean;
  /** The targets that its files name; empty: they fit any. */
  readonly targets: readonly TargetName[];
  /** Other inputs that its files decide. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly boot: FirstBoot;
  /** Sentences about it for the log and the workflow. */
  readonly remarks: readonly Remark[];
}

/** What the first boot needs. */
export interface FirstBoot {
  /** The arguments that its sources require: `--remote`. */
  readonly required: readonly string[];
  /** Why it cannot run on empty devices, as a phrase; undefined: it can. */
  readonly needs: string | undefined;
}

/** Something that a person should know, at an input of the workflow. */
export interface Remark {
  readonly input: string;
  readonly text: string;
}

/** Folders whose unikernels serve another project: they count where there are no others. */
const aside = /^(?:tests?|examples?|bench(?:mark)?s?|demos?|e2e|samples?)\d*$/;

export const isAside = (path: string): boolean => path.split("/").some((part) => aside.test(part));

/** The folder of a file; empty for the repository itself. */
export function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === "." ? "" : folder;
}

/** Joins paths relative to a repository, of which the empty one is the repository itself. */
export const joined = (...parts: readonly string[]): string => {
  const path = posix.join(...parts);
  return path === "." ? "" : path;
};

/** The folder itself and those above it, the innermost first. */
export function foldersAbove(folder: string): readonly string[] {
  return folder === "" ? [""] : [folder, ...foldersAbove(folderOf(folder))];
}

/** `tutorial/hello`, or `.`: as the log and the input `directory` name a folder. */
export const shownFolder = (folder: string): string => (folder === "" ? "." : folder);

/** One line for the log: `mirage/config.ml (MirageOS)`. */
export function describe({ buildSystem, directory, configFile, sources }: Unikernel): string {
  if (buildSystem === "mirage") return `${joined(directory, configFile ?? "config.ml")} (MirageOS)`;
  const below = sources === directory ? "" : `, unikernels in ${shownFolder(sources)}`;
  return `${shownFolder(directory)} (${buildSystem}${below})`;
}
