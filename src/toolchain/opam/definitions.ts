import { readFile } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { isRealFolder, removeInside, writeInside } from "../../platform/files/inside.js";
import type { Outcome, Processes, RunOptions } from "../../platform/process/process.js";

/**
 * Stores the repository's own text of each installed package that opam takes for changed. Otherwise opam builds it, and
 * all that depends on it, again when it is named or a new package needs it: that takes minutes in a kept build, and
 * fails in a slim toolchain. Call it while opam has the repositories that the packages were built from.
 *
 * opam 2.1 stores `available: A & (B & C)` without the parentheses and then reads `(A & B) & C`: solo5-cross-aarch64
 * has such a formula. opam 2.2 and newer do not compare it: https://github.com/ocaml/opam/pull/5118. A package with a
 * folder `files` stays changed: only opam's own text lists these files.
 *
 * @param opam runs opam with these arguments.
 * @param installed the folder where opam keeps a folder `name.version` for each installed package.
 */
export async function storeDefinitions(
  processes: Processes,
  opam: (args: readonly string[], options: Pick<RunOptions, "whole">) => Promise<Outcome>,
  installed: string,
): Promise<void> {
  if (!isRealFolder(installed)) return;
  // It has the repository's text as opam read it; a slim toolchain and an opam that was stopped lack it.
  const forget = () => removeInside(installed, "cache");
  forget();
  const list = async (...args: readonly string[]) => (await opam(args, { whole: true })).stdout;
  const changed = (await list("reinstall", "--list-pending")).split(/\s+/).filter((word) => word !== "");
  for (const name of changed) {
    const text = await readDefinition(processes, (await list("show", "--where", name)).trim());
    if (text !== undefined) writeInside(installed, `${name}/opam`, text);
  }
  forget();
}

/**
 * The text of a package's opam file, if it can be read: without it, opam only does more than necessary later.
 *
 * @param place as `opam show --where` prints it: a pinned package's file, or `<archive of a repository>/folder`.
 */
async function readDefinition(processes: Processes, place: string): Promise<string | undefined> {
  if (isAbsolute(place)) return readFile(place, "utf8").catch(() => undefined);
  const [, archive = "", folder = ""] = /^<([^<>]+)>\/(.+)$/.exec(place) ?? [];
  const file = join(basename(archive, ".tar.gz"), folder, "opam");
  const { exitCode, stdout } = await processes.run(["tar", "-xzOf", archive, file], { whole: true });
  return exitCode === 0 ? stdout : undefined;
}
