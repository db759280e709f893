import { join } from "node:path";
import { duneContextFor } from "../dune-workspace.js";
import type { BuildPlan, BuildRequest } from "./request.js";

/**
 * The commands of a dune project. Only the target's context is built: the host's would try to compile the unikernel's C stubs against headers that are
 * not there. What a rule of the target's context runs on the host, dune builds all the same.
 */
export function planDune({ project, target, toolchain, findings, folder }: BuildRequest): BuildPlan {
  const findlib = toolchain?.environment.findlibToolchain ?? target.duneContext;
  const context = duneContextFor(findings.duneWorkspace, target, findlib, findings.duneFiles);
  const path = `${folder}/dune-workspace`;
  const argv = [
    ...(["dune", "build", "--root", ".", "--profile", "release"] as const),
    ...(context.workspace === undefined ? [] : ["--workspace", path]),
    ...(context.cross === undefined ? [] : ["-x", context.cross]),
    `@_build/${context.name}/default`,
  ] as const;
  return {
    files: context.workspace === undefined ? [] : [{ path, text: context.workspace }],
    emptyFolders: [],
    steps: [{ name: "dune build", argv, cwd: project.directory, env: target.linkVariables }],
    images: { folder: join(project.directory, "_build", context.name), pattern: "**/*.exe" },
  };
}
