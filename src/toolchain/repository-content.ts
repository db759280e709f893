import { createHash } from "node:crypto";
import { readFile, readdir, readlink, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { OpamRepository } from "./toolchain.js";

/**
 * The repositories, with a hash of their files for those on this machine (`file://`), which change under the same URL.
 * A repository that cannot be read gets none: opam reports why.
 */
export async function withContent(repositories: readonly OpamRepository[]): Promise<readonly OpamRepository[]> {
  return Promise.all(
    repositories.map(async (repository) => {
      const path = /^file:\/\/(\/.*)$/.exec(repository.url)?.[1];
      const content = path === undefined ? undefined : await contentHash(path).catch(() => undefined);
      return content === undefined ? repository : { ...repository, content };
    }),
  );
}

/**
 * The packages of opam repositories, as `name.version`.
 *
 * @returns undefined where a repository is not a folder of this machine: only opam can read it.
 */
export async function packagesOf(repositories: readonly OpamRepository[]): Promise<ReadonlySet<string> | undefined> {
  const packages = new Set<string>();
  for (const { url } of repositories) {
    const path = /^file:\/\/(\/.*)$/.exec(url)?.[1];
    const files = path === undefined ? undefined : await filesBelow(join(path, "packages")).catch(() => undefined);
    if (files === undefined) return undefined;
    for (const file of files) if (basename(file.path) === "opam") packages.add(basename(dirname(file.path)));
  }
  return packages;
}

/** Of a folder, or of an archive file. Ignores `.git`, modes and times, which opam does not read. */
async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  if (!(await stat(path)).isDirectory())
    return hash
      .update(await readFile(path))
      .digest("hex")
      .slice(0, 16);
  for (const file of await filesBelow(path)) {
    const content = file.isLink ? await readlink(file.path) : await readFile(file.path);
    hash.update(JSON.stringify([relative(path, file.path), file.isLink, content.length])).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

async function filesBelow(folder: string): Promise<{ readonly path: string; readonly isLink: boolean }[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => name !== ".git");
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [{ path, isLink: entry.isSymbolicLink() }];
    }),
  );
  return found.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}
