import { dirname, join } from "node:path";
import { isFile } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { ocamlPackageVersion } from "../../targets/constraint.js";
import { isLockFor } from "../../toolchain/toolchain.js";
import { comparisonsIn } from "../../targets/formula.js";
import type { Dependency } from "../../toolchain/opam/dependencies.js";
import { configureAdvice, type Configured, readConfigured } from "../mirage/configured.js";
import { compilerChanges, readCompilers, refuseChangedCompilers } from "../mirage/compiler.js";
import { lockDifferences } from "../mirage/lock-file.js";
import {
  type BuildPlan,
  type BuildRequest,
  type MirageBuildRequest,
  type PlannedStep,
  type Step,
  hookStep,
  unattended,
} from "./request.js";

/** The commands of a mirage project up to `mirage configure`, whose output decides the rest. */
export function planMirage(request: MirageBuildRequest): BuildPlan {
  const { project, target, configureArgs } = request;
  const { configFile, directory } = project;
  if (request.lock === "require") requireCommitted(request);
  const file = configFile === "config.ml" ? [] : ["-f", configFile];
  const argv = [
    "mirage",
    "configure",
    "-t",
    target.name,
    ...file,
    ...repositories(request),
    ...depext(request),
    ...configureArgs,
  ] as const;
  const configure: PlannedStep = {
    name: `mirage configure -t ${target.name}`,
    argv,
    cwd: directory,
    env: unattended(request),
    advice: configureAdvice,
  };
  const images = {
    folder: join(directory, dirname(configFile), "dist"),
    pattern: target.suffix === "" ? "*" : `*.${target.suffix}`,
  };
  return { files: [], emptyFolders: [], steps: [configure], images };
}

/** mirage has default overlay repositories for its version; these options replace them. */
function repositories({ extraRepos }: BuildRequest): readonly string[] {
  if (extraRepos === undefined) return [];
  return extraRepos.length === 0
    ? ["--no-extra-repo"]
    : ["--extra-repos", extraRepos.map(({ name, url }) => `${name}:${url}`).join(",")];
}

/** `opam monorepo depext` ignores the variable that keeps opam from installing system packages. */
const depext = ({ installSystemPackages }: BuildRequest): readonly string[] =>
  installSystemPackages ? [] : ["--no-depext"];

/**
 * Runs the rest of a mirage build after `mirage configure`, and checks that the toolchain has not changed.
 *
 * @param run runs the steps of a plan.
 * @returns the absolute path of the lock file, if there is one.
 * @throws Problem when a required lock does not match, or the build has changed the compilers.
 */
export async function finishMirage(
  context: Context,
  request: MirageBuildRequest,
  run: (steps: readonly Step[]) => Promise<void>,
): Promise<string | undefined> {
  const { project, toolchain } = request;
  const configured = await readConfigured(project.directory);
  const { steps, notices } = planAfterConfigure(request, configured);
  for (const notice of notices) context.log.notice(notice);
  const before = toolchain && (await readCompilers(toolchain));
  await run(steps);
  if (toolchain !== undefined && before !== undefined)
    refuseChangedCompilers(compilerChanges(before, await readCompilers(toolchain)));
  const lockFile = configured && join(project.directory, configured.lockFile);
  return lockFile !== undefined && (await isFile(lockFile)) ? lockFile : undefined;
}

interface MiragePlan {
  readonly steps: readonly Step[];
  readonly notices: readonly string[];
}

/**
 * The steps of a mirage build after `mirage configure`.
 *
 * @param configured undefined: mirage did not generate the project's Makefile.
 * @throws Problem when a required lock is missing or stale.
 */
export function planAfterConfigure(request: MirageBuildRequest, configured: Configured | undefined): MiragePlan {
  const { project, overlays, postPull } = request;
  const step = (name: string, ...argv: [string, ...string[]]): PlannedStep => ({
    name,
    argv,
    cwd: project.directory,
    env: unattended(request),
  });
  const { isHonoured, notices } = judgeLock(request, configured);
  const duniverse = configured?.duniverse ?? "duniverse";
  return {
    notices,
    steps: [
      ...dependencies(request, configured, isHonoured).map(({ name, argv }) => step(name, ...argv)),
      ...overlays.map((overlay) => ({ name: `duniverse-overlay ${overlay.name}`, overlay, duniverse })),
      ...hookStep(request, "post-pull", postPull),
      step("make build", "make", "build"),
    ],
  };
}

function judgeLock(
  request: MirageBuildRequest,
  configured: Configured | undefined,
): { readonly isHonoured: boolean; readonly notices: readonly string[] } {
  const { lock: choice, toolchain, target, project } = request;
  const none = { isHonoured: false, notices: [] };
  if (choice === "ignore") return none;
  if (configured?.lock === undefined) {
    if (choice === "require")
      throw missingLock(
        target.name,
        configured?.lockFile ?? "a Makefile that mirage generated",
        project.lockFiles.map(({ path }) => path),
      );
    return none;
  }
  const differences = lockDifferences(configured.lock, {
    ocaml: toolchain && ocamlPackageVersion(toolchain.spec.versions.ocaml),
    dependencies: configured.dependencies,
  });
  if (differences.length === 0) return { isHonoured: true, notices: [] };
  const what = `${configured.lockFile} is stale`;
  if (choice === "auto")
    return { isHonoured: false, notices: [`${what} and is regenerated: ${differences.join("; ")}`] };
  throw new Problem(`input lock: require, but ${what}`, {
    found: differences,
    do: [
      "build with `lock: ignore`, and commit the new lock file from its artifact",
      "or set `ocaml-version` to the locked version",
    ],
  });
}

function requireCommitted({ project, target }: MirageBuildRequest): void {
  const { lockFiles, configFile } = project;
  if (lockFiles.some(({ path }) => isLockFor(path, target))) return;
  throw missingLock(
    target.name,
    `mirage/*-${target.name}.opam.locked next to ${configFile}`,
    lockFiles.map(({ path }) => path),
  );
}

function missingLock(target: string, wanted: string, found: readonly string[]): Problem {
  return new Problem(`input lock: require, but there is no lock file for ${target}`, {
    ...(found.length === 0 ? {} : { found }),
    because: `looked for ${wanted}`,
    do: [
      "build with `lock: auto`, and commit the `.opam.locked` file from its artifact under that name",
      "or run `mirage configure` and `make lock`",
    ],
  });
}

interface Command {
  readonly name: string;
  readonly argv: [string, ...string[]];
}

/**
 * Targets are always named: the Makefile includes `Makefile.user` first, whose first target would be the default.
 *
 * A committed lock is older than the opam file that `mirage configure` has just written, so make would write it again:
 * for `pull`, and for `install-switch`, which calls make once more for the system packages of the lock. Such a make
 * does not know `make -o`.
 */
function dependencies(
  request: BuildRequest,
  configured: Configured | undefined,
  isHonoured: boolean,
): readonly Command[] {
  const evicts = wouldEvictCompiler(request);
  if (!isHonoured && !evicts) return [{ name: "make depends", argv: ["make", "depends"] }];
  const lockFile = configured?.lockFile ?? "";
  return [
    isHonoured ? { name: `touch ${lockFile}`, argv: ["touch", "--", lockFile] } : make("lock"),
    ...(evicts ? restOfSwitch(request, configured) : [make("install-switch")]),
    make("pull"),
  ];
}

const make = (target: string): Command => ({ name: `make ${target}`, argv: ["make", target] });

function wouldEvictCompiler({ target, toolchain }: BuildRequest): boolean {
  return (
    toolchain !== undefined &&
    target.crossExcludesHost &&
    toolchain.spec.architecture !== toolchain.spec.hostArchitecture
  );
}

/**
 * Installs what `make install-switch` would, except compilers: compilers for the host's architecture would replace the
 * toolchain's, which the switch's invariant keeps. opam keeps installed packages whose version suits.
 */
function restOfSwitch({ toolchain }: BuildRequest, configured: Configured | undefined): readonly Command[] {
  if (toolchain === undefined || configured === undefined) return [];
  const rest = configured.dependencies.filter(
    ({ name }) => configured.ofSwitch.includes(name) && !/^(ocaml-)?solo5($|-)/.test(name),
  );
  if (rest.length === 0) return [];
  return [{ name: "opam install", argv: ["opam", "install", "--yes", ...rest.flatMap(atoms)] }];
}

/** opam takes a package once for each constraint. Its command line has no alternatives; mirage writes none. */
function atoms({ name, formula }: Dependency): readonly string[] {
  const bounds = comparisonsIn(formula).map(({ relation, version }) => `${name}${relation}${version}`);
  return bounds.length === 0 ? [name] : bounds;
}
