import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { type Dependency, dependenciesOf } from "../../toolchain/opam/dependencies.js";
import { parseOpamFile, stringsOf } from "../../toolchain/opam/file.js";
import { type Lock, readLock } from "./lock.js";

/** The output of `mirage configure` that decides the rest of the build. Paths are relative to the project's folder. */
export interface Configured {
  /** `mirage/NAME-hvt.opam.locked`, which need not exist. */
  readonly lockFile: string;
  /** Undefined when there is no lock file. */
  readonly lock: Lock | undefined;
  readonly dependencies: readonly Dependency[];
  /** Packages that are installed in the switch and not pulled: the compilers and other tools. */
  readonly ofSwitch: readonly string[];
  /** The folder that `make pull` fills. */
  readonly duniverse: string;
}

/**
 * Reads the generated Makefile and opam file, whose form is the same since mirage 4.0 (lib/functoria/makefile.ml).
 *
 * @returns undefined when mirage did not generate the Makefile: a project may have its own with the same targets.
 */
export async function readConfigured(directory: string): Promise<Configured | undefined> {
  const names = namesInMakefile(await readText(join(directory, "Makefile")));
  if (names === undefined) return undefined;
  const opam = parseOpamFile(await readText(join(directory, `${names.stem}.opam`)));
  const lockFile = `${names.stem}.opam.locked`;
  const lock = await readFile(join(directory, lockFile), "utf8").catch(() => undefined);
  return {
    lockFile,
    lock: lock === undefined ? undefined : readLock(lock),
    dependencies: dependenciesOf(opam),
    ofSwitch: stringsOf(opam, "x-opam-monorepo-opam-provided"),
    duniverse: names.duniverse,
  };
}

/** The names that a Makefile of mirage gives its files; undefined for another Makefile. */
export function namesInMakefile(makefile: string): { readonly stem: string; readonly duniverse: string } | undefined {
  const variable = (name: string) => new RegExp(`^${name} = (.+)$`, "m").exec(makefile)?.[1]?.trim();
  const [folder, name, build] = [variable("MIRAGE_DIR"), variable("UNIKERNEL_NAME"), variable("BUILD_DIR")];
  if (folder === undefined || name === undefined || build === undefined) return undefined;
  return { stem: normalize(`${folder}/${name}`), duniverse: normalize(`${build}/duniverse`) };
}

const readText = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
