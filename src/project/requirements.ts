import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formulaOf } from "../toolchain/opam/dependencies.js";
import { parseOpamFile } from "../toolchain/opam/file.js";
import type { Requirement } from "../toolchain/requirements.js";
import { requirementsOfDuneProject } from "./dune-project.js";
import { isOpamFile } from "./folder.js";

/**
 * What the opam files and the dune-project of a folder ask of packages: `depends` and `conflicts`. `depopts` limits no
 * version, because opam takes an optional package that does not suit for one that is missing; `available` has none.
 *
 * @param names the folder's files.
 */
export async function requirementsIn({
  directory,
  names,
}: {
  readonly directory: string;
  readonly names: readonly string[];
}): Promise<readonly Requirement[]> {
  const read = (name: string) => readFile(join(directory, name), "utf8").catch(() => "");
  const ofOpamFiles = await Promise.all(
    names.filter(isOpamFile).map(async (name) => requirementsOfOpamFile(name, await read(name))),
  );
  return [
    ...ofOpamFiles.flat(),
    ...requirementsOfDuneProject(names.includes("dune-project") ? await read("dune-project") : ""),
  ];
}

/** @param name the file's name, for messages. */
function requirementsOfOpamFile(name: string, text: string): readonly Requirement[] {
  const file = parseOpamFile(text);
  return [
    { source: name, formula: formulaOf(file) },
    { source: name, formula: formulaOf(file, "conflicts"), isConflict: true },
  ];
}
