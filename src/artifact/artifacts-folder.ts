import { join } from "node:path";
import type { Context } from "../platform/host.js";

/** On Actions beside the other things of the job, so that the checkout stays clean; a person finds them where they are. */
export function artifactsFolder({ host }: Pick<Context, "host">): string {
  const { state, workspace } = host.folders;
  return host.isGitHubActions ? join(state, "artifacts") : join(workspace, "_artifacts");
}
