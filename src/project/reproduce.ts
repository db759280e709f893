import { rm, cp, readdir } from "node:fs/promises";
import { basename, join, dirname, relative } from "node:path";
import { makeFolder } from "../platform/files/make-folder.js";
import { copyInside } from "../platform/files/inside.js";
import { readAgain } from "../platform/files/removed.js";
import { ownFixedFolder } from "../platform/files/own-folder.js";
import { withLock } from "../platform/files/lock.js";
import type { Context } from "../platform/host.js";
import { Problem, isMissing } from "../platform/problem.js";
import { succeed } from "../platform/process/process.js";
import type { ToolchainSpec } from "../toolchain/toolchain.js";
import { mapImages } from "./images.js";
import type { Build, BuiltImages, Project } from "./project.js";
import { Bytes, MalformedFile } from "../image/bytes.js";
import { type Section, isElf, readElf } from "../image/elf.js";

/** Builds a project; it must write only to the project's folder and the context's state folder. */
export type BuildFunction = (context: Context, project: Project) => Promise<Build>;

/**
 * Builds a project twice from a clean copy, at a path that is the same on every machine, and compares the images.
 *
 * @param kept absolute: the folder for the images of both builds, in `first` and `second`; emptied first.
 * @returns the second build, with its images and lock file in `kept`.
 * @throws Problem with the sections that differ, and the paths of both images.
 */
export async function buildTwice(
  context: Context,
  project: Project,
  kept: string,
  build: BuildFunction,
): Promise<Build> {
  const fixed = await ownFixedFolder();
  const onWait = (holder: string) => context.log.line(`  waiting for ${holder}, which is building in ${fixed}`);
  return withLock(join(fixed, "lock"), onWait, async () => {
    await rm(kept, { recursive: true, force: true });
    const round = async (name: "first" | "second") => {
      context.log.line(`  ${name} of two builds, in ${fixed}`);
      const directory = await copyClean(context, project.directory, join(fixed, "project"));
      const made = await build(inFolder(context, join(fixed, "state")), { ...project, directory });
      return await keep({ ...made, project }, join(kept, name));
    };
    try {
      const [first, second] = [await round("first"), await round("second")];
      await compare(first.images, second.images);
      context.log.fact("reproducible", "two clean builds gave the same image");
      return second;
    } finally {
      for (const name of ["project", "state"]) await rm(join(fixed, name), { recursive: true, force: true });
    }
  });
}

/** Folders of build output, for projects without git. */
const built = new Set(["_build", "_opam", "_artifacts", "node_modules"]);

/**
 * Copies a project without build output: the files that git tracks or would track, with the history; without git, all
 * but known folders of build output. A project in a subfolder is copied with its whole repository.
 *
 * @param to absolute; emptied first.
 * @returns the project's folder in the copy.
 */
export async function copyClean({ processes }: Context, directory: string, to: string): Promise<string> {
  await rm(to, { recursive: true, force: true, maxRetries: 5 });
  await makeFolder(to);
  const git = (...args: string[]) => processes.run(["git", "-C", directory, ...args]);
  const found = await git("rev-parse", "--show-toplevel").catch(() => undefined);
  const top = found?.exitCode === 0 ? found.stdout.replace(/\n$/, "") : undefined;
  if (top === undefined) {
    const names = (await readdir(directory)).filter((name) => !built.has(name));
    await Promise.all(names.map((name) => copyEntry(join(directory, name), join(to, name))));
    return to;
  }
  const listed = await processes.run(
    ["git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { whole: true },
  );
  const names = succeed(listed, "listing the files of the project")
    .stdout.split("\0")
    .filter((name) => name !== "");
  for (const name of [...names, ".git"]) await copyEntry(join(top, name), join(to, name));
  return join(to, relative(top, directory));
}

async function copyEntry(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true }).catch((error: unknown) => {
    // A tracked file that was deleted is missing from the copy too.
    if (!isMissing(error)) throw error;
  });
}

/** Without dune's cache, from which the second build would take the results of the first. */
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

async function keep(build: Build, folder: string): Promise<Build> {
  const { lockFile } = build;
  const images = await mapImages(build.images, async (image, index) => {
    const own = index === 0 ? folder : join(folder, String(index + 1));
    await makeFolder(own);
    const path = copyTo(own, image.path);
    return { ...image, path, ...(image.debugFile !== undefined && { debugFile: copyTo(own, image.debugFile) }) };
  });
  return { ...build, images, ...(lockFile !== undefined && { lockFile: copyTo(folder, lockFile) }) };
}

/** The build could have left links in the folder. */
function copyTo(folder: string, path: string): string {
  copyInside(path, folder, basename(path));
  return join(folder, basename(path));
}

async function compare(first: BuiltImages, second: BuiltImages): Promise<void> {
  const names = (images: BuiltImages) => images.map(({ path }) => basename(path)).join(", ");
  if (names(first) !== names(second))
    throw new Problem("two clean builds gave images with different names", { found: [names(first), names(second)] });
  const pairs = first
    .map((image, index) => [image, second[index] ?? image] as const)
    .filter(([a, b]) => a.sha256 !== b.sha256);
  if (pairs.length === 0) return;
  const evidence: string[] = [];
  const where = new Set<string>();
  for (const [a, b] of pairs) {
    const differences = differencesOf(await readAgain(a.path), await readAgain(b.path));
    evidence.push(...differences.map(({ text }) => `${a.name}  ${text}`));
    for (const difference of differences) where.add(difference.where);
  }
  const isOnlyDebug = [...where].every((name) => /^\.(debug_|symtab$|strtab$)/.test(name));
  throw new Problem("two clean builds gave different images", {
    found: pairs.flatMap((pair) => pair.map(({ sha256, path }) => `${sha256}  ${path}`)),
    evidence,
    do: isOnlyDebug
      ? "only debug information differs: `strip: true` removes it"
      : "check generated files for dates, random names and an unsorted order; docs/reproducible.md has more",
  });
}

/**
 * The date of the last commit, for SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/):
 * seconds since 1970.
 *
 * @returns undefined without git or a commit.
 */
export async function lastCommitDate({ processes }: Context, directory: string): Promise<string | undefined> {
  const { exitCode, stdout } = await processes
    .run(["git", "-C", directory, "log", "-1", "--format=%ct"])
    .catch(() => ({ exitCode: 1, stdout: "" }));
  return exitCode === 0 && /^\d+$/.test(stdout.trim()) ? stdout.trim() : undefined;
}

/** The repositories and pins of a toolchain that are not pinned to a commit, so their content can change. */
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

/** A difference between two builds of an image. */
export interface Difference {
  /** The section's name; `file` for bytes outside of all sections. */
  readonly where: string;
  /** As a person reads it. */
  readonly text: string;
}

/**
 * Where two images differ: which sections of two ELF files, and by how much. A section that only moved is equal.
 *
 * @returns an empty list for equal images.
 */
export function differencesOf(first: Uint8Array, second: Uint8Array): readonly Difference[] {
  const [a, b] = [Buffer.from(first), Buffer.from(second)];
  if (a.equals(b)) return [];
  const [before, after] = [sectionsOf(a), sectionsOf(b)];
  const found = [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const text = differenceOf(before.get(name), after.get(name));
    return text === undefined ? [] : [{ where: name, text: `${name}: ${text}` }];
  });
  return found.length > 0 ? found : [{ where: "file", text: `no section: ${differenceOf(a, b) ?? ""}` }];
}

/** Contents by name. Sections with the same name are joined. */
function sectionsOf(file: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const { name, offset, size } of readSections(file)) {
    if (name === "" || size === 0) continue;
    contents.set(name, Buffer.concat([contents.get(name) ?? Buffer.alloc(0), file.subarray(offset, offset + size)]));
  }
  return contents;
}

function readSections(file: Buffer): readonly Section[] {
  const bytes = new Bytes(file);
  try {
    return isElf(bytes) ? readElf(bytes).sections : [];
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    return [];
  }
}

function differenceOf(a: Buffer | undefined, b: Buffer | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === undefined ? "only in the second" : "only in the first";
  if (a.equals(b)) return undefined;
  const start = a.findIndex((byte, index) => byte !== b[index]);
  const first = `first at offset ${start === -1 ? a.length : start}`;
  if (a.length !== b.length) return `${a.length} bytes, then ${b.length}; ${first}`;
  const count = a.reduce((sum, byte, index) => sum + (byte === b[index] ? 0 : 1), 0);
  return `${count} of ${a.length} bytes differ, ${first}`;
}
