import { availableParallelism, tmpdir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { type Architecture, architectureOf } from "../targets/architecture.js";
import type { Log } from "./log.js";
import { Problem } from "./problem.js";
import type { Processes } from "./process/process.js";

/** The machine we run on, and the folders we write to. Read once, at the start of an entry. */
export interface Host {
  readonly architecture: Architecture;
  readonly cores: number;
  readonly isRoot: boolean;
  readonly folders: Folders;
  /** The environment at the start. Steps read it here, never from `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isGitHubActions: boolean;
  /** Where programs for root are looked for; default: the system's folders. Tests replace it. */
  readonly systemFolders?: readonly string[];
}

export interface Folders {
  /** Toolchains and tools, shared by the jobs of a machine: `RUNNER_TOOL_CACHE`, or the user's cache folder. */
  readonly toolCache: string;
  /** Files that a step leaves for later steps (records, consoles): `RUNNER_TEMP`, or the user's state folder. */
  readonly state: string;
  /** Emptied after the job. `RUNNER_TEMP` if set: hosted images put a quota on `/tmp`. */
  readonly temporary: string;
  /** The base of relative paths in inputs. */
  readonly workspace: string;
}

/** A step's access to the outside. A test can replace each part. */
export interface Context {
  readonly log: Log;
  readonly processes: Processes;
  readonly host: Host;
  /** Nothing is installed on the machine without it; absent: the input `install-system-packages` is enough. */
  readonly approval?: Approval;
}

/**
 * Asks whether a command may change this machine.
 *
 * @returns undefined when nobody can be asked.
 */
export type Approval = (command: string) => Promise<boolean | undefined>;

/**
 * Inspects this machine.
 *
 * @throws Problem on any system but Linux on x86_64 or aarch64: the toolchains and VMMs exist only there.
 */
export function inspectHost(
  platform: NodeJS.Platform = process.platform,
  machine: string = process.arch,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Host {
  if (platform !== "linux") {
    throw new Problem(`unikernel-ci runs on Linux only, and this is ${platformNames[platform] ?? platform}`);
  }
  const architecture = architectureOf(machine);
  if (architecture === undefined) {
    throw new Problem(`unikernel-ci runs on x86_64 and aarch64 only, and this machine is ${machine}`);
  }
  return {
    architecture,
    cores: availableParallelism(),
    isRoot: process.getuid?.() === 0,
    folders: foldersOf(environment),
    environment,
    isGitHubActions: environment["GITHUB_ACTIONS"] === "true",
  };
}

/** Whether a person uses this machine: it runs no job of any CI. */
export function isPersonal({ isGitHubActions, environment }: Pick<Host, "isGitHubActions" | "environment">): boolean {
  return !isGitHubActions && (environment["CI"] ?? "") === "";
}

/** The folder that a project must be inside: the workspace; on a person's machine any. */
export function limitOf(host: Pick<Host, "isGitHubActions" | "environment" | "folders">): string {
  return isPersonal(host) ? "/" : host.folders.workspace;
}

/**
 * Whether this machine is thrown away after the job, as GitHub-hosted runners are:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
export function isThrownAway({ isGitHubActions, environment }: Pick<Host, "isGitHubActions" | "environment">): boolean {
  return (
    /* promise: only-jobs-have-thrown-away-machines */ isGitHubActions &&
    /* promise: self-hosted-machines-are-kept */ environment["RUNNER_ENVIRONMENT"] === "github-hosted"
  );
}

const platformNames: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: "macOS", win32: "Windows" };

/**
 * The runner's folders where it names them, else those of the XDG base directory specification, which treats an empty
 * variable as unset and ignores a relative path: https://specifications.freedesktop.org/basedir-spec/latest/
 *
 * @throws Problem when this user has no home folder, or the current folder no longer exists.
 */
export function foldersOf(environment: Readonly<Record<string, string | undefined>>): Folders {
  const named = (...names: string[]) =>
    names.map((name) => environment[name]).find((path) => path !== undefined && isAbsolute(path));
  const own = (base: string | undefined, fallback: string) =>
    join(base ?? join(named("HOME") ?? homeOfUser(), fallback), "unikernel-ci");
  return {
    toolCache: own(named("RUNNER_TOOL_CACHE", "XDG_CACHE_HOME"), ".cache"),
    state: own(named("RUNNER_TEMP", "XDG_STATE_HOME"), ".local/state"),
    temporary: named("RUNNER_TEMP") ?? tmpdir(),
    workspace: named("GITHUB_WORKSPACE") ?? currentFolder(),
  };
}

/** Not os.homedir(): it returns an empty HOME as a folder. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch (error) {
    throw new Problem("this user has no home folder", { do: "set HOME to an absolute path" }, { cause: error });
  }
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new Problem(
      "the current folder no longer exists",
      { do: "change to a folder that exists" },
      { cause: error },
    );
  }
}
