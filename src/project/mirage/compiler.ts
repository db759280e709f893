import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../platform/problem.js";
import { layoutOf } from "../../toolchain/environment.js";
import { crossPackages, recipeOf } from "../../toolchain/packages.js";
import type { Toolchain } from "../../toolchain/toolchain.js";

/** An installed package of a compiler. */
export interface InstalledPackage {
  readonly version: string;
  /** When it was installed, in milliseconds since 1970. */
  readonly installedMs: number;
}
export type Compilers = Readonly<Record<string, InstalledPackage>>;

/** The names of the packages that provide the toolchain's compilers. */
export function compilerPackages({ spec }: Pick<Toolchain, "spec">): readonly string[] {
  const compiler = spec.packages.filter((name) => /^ocaml-(base-compiler|variants|system)\./.test(name));
  return [...compiler, ...crossPackages(recipeOf(spec), spec.versions)].map((name) => name.replace(/\..*/, ""));
}

/** The compilers in the switch, read from opam's own files: running opam takes seconds. */
export async function readCompilers(toolchain: Pick<Toolchain, "spec" | "path">): Promise<Compilers> {
  const { prefix, installed } = layoutOf(toolchain.path);
  const names = compilerPackages(toolchain);
  const found: Record<string, InstalledPackage> = {};
  for (const entry of await readdir(installed).catch(() => [])) {
    const [name = "", ...version] = entry.split(".");
    if (!names.includes(name)) continue;
    const changes = join(prefix, ".opam-switch", "install", `${name}.changes`);
    const stats = await stat(changes).catch(() => undefined);
    found[name] = { version: version.join("."), installedMs: stats?.mtimeMs ?? 0 };
  }
  return found;
}

/** One line for each compiler that has changed. */
export function compilerChanges(before: Compilers, after: Compilers): readonly string[] {
  return Object.entries(before).flatMap(([name, was]) => {
    const is = after[name];
    if (is === undefined) return [`${name} ${was.version} was removed`];
    if (is.version !== was.version) return [`${name} ${was.version} became ${is.version}`];
    return is.installedMs === was.installedMs ? [] : [`${name} ${was.version} was built again`];
  });
}

/**
 * Fails a build that has changed the toolchain: its image was not built by the toolchain that the log and
 * build-info.json name, and every run would rebuild the compiler, which takes minutes.
 */
export function refuseChangedCompilers(changes: readonly string[]): void {
  if (changes.length === 0) return;
  throw new Problem("installing the project’s dependencies changed the toolchain’s compiler", {
    found: changes,
    because: "the project needs other versions than the toolchain has",
    do: [
      "constrain mirage in config.ml’s first line, which decides the toolchain: `(* mirage >= 4.11.0 & < 4.12.0 *)`",
      "or set `solo5-version`, `ocaml-solo5-version` or `ocaml-version` to the new versions",
    ],
  });
}
