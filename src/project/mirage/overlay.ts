import { cp, mkdtemp, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { holdPlace } from "../../platform/files/inside.js";
import { Problem, WrongUse } from "../../platform/problem.js";
import { isOutside } from "../folder.js";
import type { OverlayStep } from "../plans/request.js";

/** Folders without sources: dune would find packages twice, and a copied history is useless. */
const notCopied = [".git", "_build", "_opam", "duniverse"];

/**
 * Replaces pulled sources with a folder of the user.
 *
 * @param project absolute. It is not copied when the folder contains it, as a library contains its demo unikernel.
 * @param limit absolute; the folder must be inside it.
 * @returns the replaced folder, relative to `project`.
 * @throws Problem when the folder does not exist, or no sources of that name were pulled.
 */
export async function putOverlay(project: string, limit: string, { overlay, duniverse }: OverlayStep): Promise<string> {
  const pulled = join(project, duniverse);
  const source = await sourceOf(project, limit, overlay.path);
  const place = join(pulled, await folderFor(pulled, overlay.name));
  // Via a draft: a folder cannot be copied into itself, and a failed copy must not destroy the pulled sources.
  const draft = await mkdtemp(join(dirname(pulled), ".duniverse-overlay-"));
  try {
    for (const name of (await readdir(source)).filter((entry) => !notCopied.includes(entry))) {
      const from = join(source, name);
      if (from !== draft) await copy(from, join(draft, name), [project, draft]);
    }
    // `duniverse` can be a link of the project: what is behind it must not be removed.
    const held = holdPlace(await realpath(project), relative(project, place));
    try {
      await rm(held.path, { recursive: true });
      await rename(draft, held.path);
    } finally {
      held.close();
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return relative(project, place);
}

/** Copies a tree without the folders in `without`, at any depth. */
async function copy(from: string, to: string, without: readonly string[]): Promise<void> {
  if (without.includes(from) || notCopied.includes(basename(from))) return;
  if ((await stat(from)).isDirectory() && without.some((folder) => folder.startsWith(`${from}/`))) {
    for (const name of await readdir(from)) await copy(join(from, name), join(to, name), without);
    return;
  }
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !notCopied.includes(basename(path)),
  });
}

async function sourceOf(project: string, limit: string, path: string): Promise<string> {
  const source = await realpath(resolve(project, path)).catch(() => undefined);
  if (source === undefined || !(await stat(source)).isDirectory()) {
    throw new WrongUse(`input duniverse-overlay: there is no folder ${path}`, {
      because: `looked in ${project}`,
      accepted: "`name=path`, with the path relative to `directory`",
    });
  }
  if (isOutside(await realpath(limit), source))
    throw new WrongUse(`input duniverse-overlay: ${path} is outside the workspace`, { found: source });
  return source;
}

/** Finds a pulled folder by its name, or by an opam file in it: the folder is often named after the repository. */
async function folderFor(pulled: string, name: string): Promise<string> {
  const folders = await readdir(pulled).catch((): string[] => []);
  if (folders.includes(name)) return name;
  for (const folder of folders) {
    const files = await readdir(join(pulled, folder)).catch((): string[] => []);
    if (files.includes(`${name}.opam`)) return folder;
  }
  throw new Problem(`input duniverse-overlay: no sources of ${name} were pulled`, {
    found: folders.length === 0 ? `nothing in ${pulled}` : folders.sort().join(", "),
    accepted: "a folder in duniverse, or an opam package whose sources are in one",
  });
}
