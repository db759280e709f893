import { type BuildPlan, type BuildRequest, outFolderOf, unattended } from "./request.js";

/** The commands that install the project's own opam packages. */
export function planOpam(request: BuildRequest): BuildPlan {
  const { project, target } = request;
  const argv = ["opam", "install", "--yes", "--working-dir", "."] as const;
  const env = { ...unattended(request), ...target.linkVariables };
  const steps = [{ name: "opam install .", argv, cwd: project.directory, env }];
  const out = outFolderOf(request);
  return { files: [], emptyFolders: [out], steps, images: { folder: out, pattern: "**" } };
}
