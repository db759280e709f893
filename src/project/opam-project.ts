import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { copyInside } from "../platform/files/inside.js";
import { pinsLocalRepository } from "../platform/git-history.js";
import type { Context } from "../platform/host.js";
import type { Outcome } from "../platform/process/process.js";
import { beginInstalling } from "../toolchain/store/job-copy.js";
import { isOpamFile, packagesOf } from "./folder.js";
import { type BuildRequest, outFolderOf } from "./plans/request.js";
import type { Project, UsedPackage } from "./project.js";
import { programOf } from "./run-step.js";
import { usedPackages } from "./used-packages.js";

type Opam = (args: readonly string[]) => Promise<Outcome>;

/**
 * Runs the steps of a plan that install packages into the job's copy of the toolchain, and copies the project's
 * installed programs to `OUT`.
 *
 * @returns the packages of the switch after the steps.
 */
export async function installProject(
  context: Context,
  request: BuildRequest,
  env: Record<string, string>,
  runSteps: () => Promise<void>,
): Promise<readonly UsedPackage[]> {
  const { project, target, toolchain } = request;
  const opam: Opam = (args) =>
    context.processes.run([programOf("opam", env), ...args], {
      cwd: project.directory,
      env: { ...env, OPAMYES: "1" },
      whole: true,
    });
  if (toolchain !== undefined) await beginInstalling(toolchain.path);
  await runSteps();
  await keepInstalled(project, opam, outFolderOf(request));
  return usedPackages(project, target, toolchain);
}

/** Copies the programs that the project's packages installed. Asks opam, because the switch's bin has others too. */
async function keepInstalled(project: Project, opam: Opam, folder: string): Promise<void> {
  for (const name of packagesOf(await readdir(project.directory))) {
    const { stdout } = await opam(["show", "--list-files", name]);
    for (const path of stdout.split("\n").filter((line) => /\/bin\/[^/]+$/.test(line)))
      copyInside(path, folder, basename(path));
  }
}

/** Whether a pin makes opam fetch sources from the project's own repository. */
export async function pinsItsRepository(project: Project): Promise<boolean> {
  const { directory } = project;
  const names = await readdir(directory);
  const files = [
    project.buildSystem === "mirage" ? project.configFile : "config.ml",
    ...names.filter((name) => isOpamFile(name) || name.endsWith(".opam.locked")),
  ];
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "utf8").catch(() => "")));
  return texts.some(pinsLocalRepository);
}
