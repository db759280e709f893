import { join } from "node:path";
import { isFile } from "../../platform/files/folder-content.js";
import type { Context } from "../../platform/host.js";
import { planAfterConfigure } from "../plans/mirage.js";
import type { MirageBuildRequest, Step } from "../plans/request.js";
import { compilerChanges, readCompilers, refuseChangedCompilers } from "./compiler.js";
import { readConfigured } from "./configured.js";

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
