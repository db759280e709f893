import { copyFile, mkdir, readFile, rm, cp, readdir } from "node:fs/promises";
import { basename, join, dirname, relative } from "node:path";
import { differencesOf } from "../image/difference.js";
import { ownFixedFolder } from "../platform/files/fixed-folder.js";
import { withLock } from "../platform/files/lock.js";
import type { Context } from "../platform/host.js";
import { Problem, isMissing } from "../platform/problem.js";
import type { ToolchainSpec } from "../toolchain/toolchain.js";
import { mapImages } from "./images.js";
import type { Build, BuiltImages, Project } from "./project.js";

/** Builds a project; everything that it writes is in the project's folder or in the context's state folder. */
export type BuildFunction = (context: Context, project: Project) => Promise<Build>;

/**
 * Builds a project twice, each time from a clean copy in the same place on every machine, and compares the images.
 *
 * @param kept absolute: where both builds' images are left, in `first` and `second`; emptied first.
 * @returns the second build, with its images in `kept`.
 * @throws Problem with the sections that differ, and where both images are.
 */
export async function buildTwice(
  context: Context,
  project: Project,
  kept: string,
  build: BuildFunction,
): Promise<Build> {
  const fixed = await ownFixedFolder();
  const onWait = (holder: string) => context.log.line(`  waiting for ${holder}, which builds in ${fixed}`);
  return withLock(join(fixed, "lock"), onWait, async () => {
    await rm(kept, { recursive: true, force: true });
    const round = async (name: "first" | "second") => {
      context.log.line(`  the ${name} of two builds, in ${fixed}`);
      const directory = await copyClean(context, project.directory, join(fixed, "project"));
      const made = await build(inFolder(context, join(fixed, "state")), { ...project, directory });
      return { ...made, project, images: await keep(made.images, join(kept, name)) };
    };
    try {
      const [first, second] = [await round("first"), await round("second")];
      await compare(first.images, second.images);
      context.log.fact("reproducible", "two builds from clean gave the same");
      return second;
    } finally {
      for (const name of ["project", "state"]) await rm(join(fixed, name), { recursive: true, force: true });
    }
  });
}

/** dune's cache would give the second build what the first one made. */
function inFolder(context: Context, state: string): Context {
  const { host } = context;
  return {
    ...context,
    host: {
      ...host,
      folders: { ...host.folders, state },
      environment: { ...host.environment, DUNE_CACHE: "disabled" },
    },
  };
}

async function keep(images: BuiltImages, folder: string): Promise<BuiltImages> {
  return mapImages(images, async (image, index) => {
    const own = index === 0 ? folder : join(folder, String(index + 1));
    await mkdir(own, { recursive: true });
    const [path, debugFile] = [
      join(own, basename(image.path)),
      image.debugFile && join(own, basename(image.debugFile)),
    ];
    await copyFile(image.path, path);
    if (image.debugFile !== undefined && debugFile !== undefined) await copyFile(image.debugFile, debugFile);
    return { ...image, path, ...(debugFile === undefined ? {} : { debugFile }) };
  });
}

async function compare(first: BuiltImages, second: BuiltImages): Promise<void> {
  const names = (images: BuiltImages) => images.map(({ path }) => basename(path)).join(", ");
  if (names(first) !== names(second))
    throw new Problem("two builds from clean gave other images", { found: [names(first), names(second)] });
  const pairs = first
    .map((image, index) => [image, second[index] ?? image] as const)
    .filter(([a, b]) => a.sha256 !== b.sha256);
  if (pairs.length === 0) return;
  const evidence: string[] = [];
  const where = new Set<string>();
  for (const [a, b] of pairs) {
    const differences = differencesOf(await readFile(a.path), await readFile(b.path));
    evidence.push(...differences.map(({ text }) => `${a.name}  ${text}`));
    for (const difference of differences) where.add(difference.where);
  }
  const isOnlyDebug = [...where].every((name) => /^\.(debug_|symtab$|strtab$)/.test(name));
  throw new Problem("two builds from clean gave two images", {
    found: pairs.flatMap((pair) => pair.map(({ sha256, path }) => `${sha256}  ${path}`)),
    evidence,
    do: isOnlyDebug
      ? "only debug information differs: `strip: true` takes it off"
      : "look for dates, random names and the order of files in what the build generates; docs/reproducible.md has more",
  });
}

/** The sources of a toolchain that may be others tomorrow: a repository or a pin that is at no commit. */
export function unpinnedSources({
  repositories,
  pins,
}: Pick<ToolchainSpec, "repositories" | "pins">): readonly string[] {
  const isPinned = (url: string) => /#[0-9a-f]{40}$/.test(url) || /\.(tar\.\w+|tgz|tbz|zip)$/.test(url);
  return [
    ...repositories.filter(({ url }) => !isPinned(url)).map(({ name }) => `opam repository ${name}`),
    ...pins.filter(({ url }) => !isPinned(url)).map((pin) => `pin ${pin.package}`),
  ];
}

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
