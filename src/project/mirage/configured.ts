import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { dependenciesOf, formulaOf } from "../../toolchain/opam/dependencies.js";
import { type OpamFile, parseOpamFile, stringsOf } from "../../toolchain/opam/file.js";
import { reduce } from "../../toolchain/opam/filtered-formula.js";
import { type ConfiguredDependency, type Lock, readLock } from "./lock-file.js";
import type { Advice } from "../plans/request.js";

/** The output of `mirage configure` that decides the rest of the build. Paths are relative to the project's folder. */
export interface Configured {
  /** `mirage/NAME-hvt.opam.locked`, which need not exist. */
  readonly lockFile: string;
  /** Undefined when there is no lock file. */
  readonly lock: Lock | undefined;
  readonly dependencies: readonly ConfiguredDependency[];
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
    dependencies: configuredDependencies(opam),
    ofSwitch: stringsOf(opam, "x-opam-monorepo-opam-provided"),
    duniverse: names.duniverse,
  };
}

/** The dependencies in an opam file of `mirage configure`, as opam-monorepo reads them. */
export function configuredDependencies(opam: OpamFile): readonly ConfiguredDependency[] {
  const formula = formulaOf(opam);
  const of = (monorepo: Record<string, string>) =>
    dependenciesOf(reduce(formula, { build: "true", os: "linux", ...monorepo }));
  const ofSwitch = of({}).map(({ name }) => name);
  return of({ monorepo: "true" }).map((one) => ({ ...one, isPulled: !ofSwitch.includes(one.name) }));
}

/** The names that a Makefile of mirage gives its files; undefined for another Makefile. */
export function namesInMakefile(makefile: string): { readonly stem: string; readonly duniverse: string } | undefined {
  const variable = (name: string) => new RegExp(`^${name} = (.+)$`, "m").exec(makefile)?.[1]?.trim();
  const [folder, name, build] = [variable("MIRAGE_DIR"), variable("UNIKERNEL_NAME"), variable("BUILD_DIR")];
  if (folder === undefined || name === undefined || build === undefined) return undefined;
  return { stem: normalize(`${folder}/${name}`), duniverse: normalize(`${build}/duniverse`) };
}

const readText = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/**
 * How cmdliner 1 and 2 report a flag that `mirage configure` lacks: `unknown option '--dhcp'`, `unknown option --dhcp.`
 */
const unknown = (flag: string) => new RegExp(`unknown option '?(--${flag})\\b(?!-)`);

/**
 * Advice for a failed `mirage configure`: flags that only some versions have, from mirage's CHANGES.md for 4.7 to 4.11.
 * mirage's own suggestions are guesses: for `--dhcp` it suggests `--utcp`.
 */
export const configureAdvice: readonly Advice[] = [
  {
    when: unknown("(?:[a-z0-9-]+-)?no-dhcp"),
    say: "`--no-dhcp` needs mirage 4.11.0 or newer. Before that it is `--dhcp=false`, the default up to 4.10.4",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?dhcp"),
    say:
      "mirage 4.11.0 removed `--dhcp`: DHCP is on by default since 4.10.5. Remove `--dhcp=true`; " +
      "instead of `--dhcp=false` write `--no-dhcp` (`--management-no-dhcp` for a group)",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?utcp"),
    say: "`--utcp` needs mirage 4.11.0 or newer: raise `mirage-version`, or the constraint in config.ml’s first line",
  },
  {
    when: unknown("(?:[a-z0-9-]+-)?(?:name|ipv[46](?:-gateway|-only)?|logs|dns[-_]servers|backtrace)"),
    say:
      "that is a boot argument of the unikernel: move it from `configure-args` to `args`. " +
      "`--name` needs mirage 4.10.0; since 4.11.0, `--dns-servers` and similar arguments are written with dashes",
  },
  {
    when: /Version mismatch: required is mirage/,
    say:
      "remove `mirage-version`: `auto` selects the newest version that config.ml’s first line and the project’s " +
      "opam files allow",
  },
];
