import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isMissing } from "../platform/error-code.js";
import type { Context } from "../platform/host.js";

/** What builds leave, where git does not say it. */
const built = new Set(["_build", "_opam", "_artifacts", "node_modules"]);

/**
 * Copies what a project is made of, and nothing that a build has left: what git tracks, or would, with its history; without
 * git all but the folders that are known to be built. A project in a folder of a repository is copied with the whole of it.
 *
 * @param to absolute; emptied first.
 * @returns the project's folder in the copy.
 */
export async function copyClean({ processes }: Context, directory: string, to: string): Promise<string> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const git = (...args: string[]) => processes.run(["git", "-C", directory, ...args]);
  const found = await git("rev-parse", "--show-toplevel").catch(() => undefined);
  const top = found?.exitCode === 0 ? found.stdout.trim() : undefined;
  if (top === undefined) {
    const names = (await readdir(directory)).filter((name) => !built.has(name));
    await Promise.all(names.map((name) => copyEntry(join(directory, name), join(to, name))));
    return to;
  }
  const listed = await processes.run([
    "git",
    "-C",
    top,
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
  ]);
  const names = listed.stdout.split("\0").filter((name) => name !== "");
  for (const name of [...names, ".git"]) await copyEntry(join(top, name), join(to, name));
  return join(to, relative(top, directory));
}

async function copyEntry(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true }).catch((error: unknown) => {
    // Tracked, and removed since: so it is in the copy.
    if (!isMissing(error)) throw error;
  });
}

/**
 * The date of the last commit, in seconds since 1970, as https://reproducible-builds.org/specs/source-date-epoch/ has it.
 *
 * @returns undefined without git, or without a commit.
 */
export async function lastCommitDate({ processes }: Context, directory: string): Promise<string | undefined> {
  const { exitCode, stdout } = await processes
    .run(["git", "-C", directory, "log", "-1", "--format=%ct"])
    .catch(() => ({ exitCode: 1, stdout: "" }));
  return exitCode === 0 && /^\d+$/.test(stdout.trim()) ? stdout.trim() : undefined;
}
