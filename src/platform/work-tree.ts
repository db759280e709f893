import type { Context } from "./host.js";
import { environmentForOthers } from "./process/guarded-environment.js";

/** A git work tree at one moment. */
export interface WorkTree {
  /** Absolute path of its root. */
  readonly root: string;
  /** The commit that is checked out. */
  readonly commit: string;
  /** Paths of tracked files that differ from the commit, relative to the root. */
  readonly changed: readonly string[];
  /** Files and folders that git neither tracks nor ignores; a folder ends with a slash. */
  readonly untracked: readonly string[];
}

/**
 * What is checked out around a folder, and how the files differ from it.
 *
 * @returns undefined without git, a repository or a commit.
 */
export async function workTreeAt({ processes, host, log }: Context, folder: string): Promise<WorkTree | undefined> {
  // GIT_DIR and its like would make git look elsewhere.
  const env = Object.fromEntries(
    Object.entries(environmentForOthers(host.environment)).filter(
      ([name]) => /* promise: git-is-not-led-elsewhere */ !name.startsWith("GIT_"),
    ),
  );
  // In a container the checkout belongs to another user. Its configuration can name a program for fsmonitor.
  const options = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", folder];
  const git = async (...args: string[]) => {
    const outcome = await processes.run(["git", ...options, ...args], {
      env,
      whole: /* promise: changes-are-all-read */ true,
    });
    if (outcome.exitCode !== 0) throw new Error(outcome.stderr.trim());
    return outcome.stdout;
  };
  try {
    const [, commit = "", root = ""] =
      /^([0-9a-f]+)\n([^]*)\n$/.exec(await git("rev-parse", "HEAD", "--show-toplevel")) ?? [];
    const status = await git("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal");
    const entries = status.split("\0").filter((entry) => entry !== "");
    const isUntracked = (entry: string) => entry.startsWith("?? ");
    const pathOf = (entry: string) => entry.slice(3);
    return {
      root,
      commit,
      changed: entries.filter((entry) => !isUntracked(entry)).map(pathOf),
      untracked: entries.filter(isUntracked).map(pathOf),
    };
  } catch (error) {
    log.debug(`no commit is recorded: ${String(error)}`);
    return undefined;
  }
}
