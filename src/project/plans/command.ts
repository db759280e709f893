import { Problem } from "../../platform/problem.js";
import { type BuildPlan, type BuildRequest, type PlannedStep, outFolderOf, toldToShell } from "./request.js";

/** The one step that goes through a shell: `build-command` is documented as a shell command. */
export function planCommand(request: BuildRequest): BuildPlan {
  const { project, target, buildCommand } = request;
  if (buildCommand === undefined) {
    throw new Problem("`build-system: command` needs a command", { do: "set `build-command`" });
  }
  const env = { ...target.linkVariables, ...toldToShell(request) };
  const step: PlannedStep = {
    name: "build-command",
    argv: ["sh", "-e", "-c", buildCommand],
    cwd: project.directory,
    env,
  };
  const out = outFolderOf(request);
  return { files: [], emptyFolders: [out], steps: [step], images: { folder: out, pattern: "**" } };
}
