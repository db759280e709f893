import { dirname, join } from "node:path";
import { isFile } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { isLockFor } from "../../toolchain/lock.js";
import type { Dependency } from "../../toolchain/opam/dependencies.js";
import { crossPackages, recipeOf } from "../../toolchain/packages.js";
import { configureAdvice } from "../mirage/advice.js";
import { compilerChanges, readCompilers, refuseChangedCompilers } from "../mirage/compiler.js";
import { type Configured, readConfigured } from "../mirage/configured.js";
import { lockDifferences } from "../mirage/lock.js";
import {
  type BuildPlan,
  type BuildRequest,
  type MirageBuildRequest,
  type PlannedStep,
  type Step,
  hookStep,
  unattended,
} from "./request.js";

/** The commands of a mirage project up to its configuration; what follows is decided by what that writes. */
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

/** mirage names the overlay repositories of its version by itself; what it is given replaces them. */
function repositories({ extraRepos }: BuildRequest): readonly string[] {
  if (extraRepos === undefined) return [];
  return extraRepos.length === 0
    ? ["--no-extra-repo"]
    : ["--extra-repos", extraRepos.map(({ name, url }) => `${name}:${url}`).join(",")];
}

/** `opam monorepo depext` does not look at the variable that keeps opam itself from installing system packages. */
const depext = ({ installSystemPackages }: BuildRequest): readonly string[] =>
  installSystemPackages ? [] : ["--no-depext"];

/** What is to be done after `mirage configure`, and why where somebody may wonder. */
export interface MiragePlan {
  readonly steps: readonly Step[];
  readonly notices: readonly string[];
}

/**
 * The rest of a mirage build.
 *
 * @param configured undefined: the project has a Makefile of its own.
 * @throws Problem when the lock that must be there is missing or stale.
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

interface Command {
  readonly name: string;
  readonly argv: [string, ...string[]];
}

/**
 * Always named targets: the Makefile includes `Makefile.user` first, whose first target would be the default.
 * A committed lock is honoured: `-o` keeps make from locking again because `configure` has just written the opam file.
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
    ...(isHonoured ? [] : [make("lock")]),
    ...(evicts ? restOfSwitch(request, configured) : [make("install-switch")]),
    // Without a Makefile of mirage's there is no lock to name, and none is honoured.
    isHonoured ? { name: `make pull (${lockFile})`, argv: ["make", "-o", lockFile, "pull"] } : make("pull"),
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
 * What `make install-switch` would install, but for the compilers: those of the host's architecture would throw out the
 * toolchain's. opam leaves alone what is there already in a version that will do.
 */
function restOfSwitch({ toolchain }: BuildRequest, configured: Configured | undefined): readonly Command[] {
  if (toolchain === undefined || configured === undefined) return [];
  const rest = configured.dependencies.filter(
    ({ name }) => configured.ofSwitch.includes(name) && !/^(ocaml-)?solo5($|-)/.test(name),
  );
  if (rest.length === 0) return [];
  const compilers = crossPackages(recipeOf(toolchain.spec), toolchain.spec.versions);
  return [{ name: "opam install", argv: ["opam", "install", "--yes", ...compilers, ...rest.flatMap(atoms)] }];
}

/** opam takes a package once for each bound. */
function atoms({ name, constraints }: Dependency): readonly string[] {
  return constraints.length === 0 ? [name] : constraints.map(({ relation, version }) => `${name}${relation}${version}`);
}

function requireCommitted({ project, target }: MirageBuildRequest): void {
  const { lockFiles, configFile } = project;
  if (lockFiles.some(({ path }) => isLockFor(path, target))) return;
  throw missingLock(
    target.name,
    `mirage/*-${target.name}.opam.locked beside ${configFile}`,
    lockFiles.map(({ path }) => path),
  );
}

function missingLock(target: string, wanted: string, found: readonly string[]): Problem {
  return new Problem(`input lock: require, and there is no lock file for ${target}`, {
    ...(found.length === 0 ? {} : { found }),
    because: `looked for ${wanted}`,
    do: "commit the `.opam.locked` file of the artifact that a build with `lock: auto` leaves, under that name (or run `mirage configure` and `make lock`)",
  });
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
        configured?.lockFile ?? "a Makefile of mirage’s",
        project.lockFiles.map(({ path }) => path),
      );
    return none;
  }
  const differences = lockDifferences(configured.lock, {
    ocaml: toolchain?.spec.versions.ocaml,
    dependencies: configured.dependencies,
  });
  if (differences.length === 0) return { isHonoured: true, notices: [] };
  const what = `${configured.lockFile} does not fit the project any more`;
  if (choice === "auto")
    return { isHonoured: false, notices: [`${what}, and is made again: ${differences.join("; ")}`] };
  throw new Problem(`input lock: require, and ${what}`, {
    found: differences,
    do: "lock again (a build with `lock: ignore` leaves the new lock in its artifact) and commit it, or set `ocaml-version` to the one that was locked",
  });
}

/**
 * What follows `mirage configure`; the toolchain must be the same after it.
 *
 * @param run runs the steps of a plan.
 * @returns the lock file, absolute, when there is one.
 * @throws Problem when the lock does not fit, or the build has changed the compilers.
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
