import { join } from "node:path";
import { hashOf } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { targets } from "../targets/targets.js";
import type { Toolchain } from "../toolchain/toolchain.js";
import { type BuildInputs, buildProject } from "./build-project.js";
import { checkExpected } from "./expected.js";
import type { Build, Project } from "./project.js";
import { lastCommitDate, buildTwice, unpinnedSources } from "./reproduce.js";
import { stripImages } from "./strip.js";

/** The inputs of {@link makeImages}: a subset of all inputs. */
export interface ImageInputs extends BuildInputs {
  readonly strip: boolean;
  readonly reproducible: boolean;
  readonly expectedSha256: string | undefined;
}

/**
 * Builds a project, and does what the inputs `strip`, `reproducible` and `expected-sha256` ask.
 *
 * @param artifacts absolute: the folder for the images of `reproducible` builds.
 * @throws Problem as {@link buildProject}, {@link buildTwice} and {@link checkExpected} do.
 */
export async function makeImages(
  context: Context,
  inputs: ImageInputs,
  toolchain: Toolchain | undefined,
  project: Project,
  artifacts: string,
): Promise<Build> {
  const target = targets[inputs.target];
  const mark = hashOf([project.directory, ...inputs.configureArgs].join("\0"), 8);
  const own = `${target.name}-${inputs.arch}-${mark}`;
  const make = async (where: Context, what: Project): Promise<Build> => {
    const made = await buildProject(where, inputs, toolchain, what);
    if (!inputs.strip) return made;
    const images = await stripImages(
      where,
      made.images,
      target,
      inputs.arch,
      join(where.host.folders.state, "stripped", own),
    );
    context.log.fact(
      "stripped",
      images.map(({ name, sha256 }) => `${name}  sha256 ${sha256.slice(0, 16)}…`).join(", "),
    );
    return { ...made, images };
  };
  if (inputs.reproducible && toolchain !== undefined) {
    const unpinned = unpinnedSources(toolchain.spec);
    if (unpinned.length > 0)
      context.log.warning(`not pinned to a commit, so a later build may use other packages: ${unpinned.join(", ")}`);
  }
  const sameDay = await dated(context, project);
  const build = inputs.reproducible
    ? await buildTwice(sameDay, project, join(artifacts, `reproducible-${own}`), make)
    : await make(sameDay, project);
  if (inputs.expectedSha256 !== undefined) {
    for (const line of await checkExpected(build.images, inputs.expectedSha256, project.directory))
      context.log.fact("as expected", line);
  }
  return build;
}

/** Sets SOURCE_DATE_EPOCH, which tools that embed dates use, to the date of the last commit, unless it is set. */
async function dated(context: Context, project: Project): Promise<Context> {
  const { host } = context;
  const date = host.environment["SOURCE_DATE_EPOCH"] ?? (await lastCommitDate(context, project.directory));
  return { ...context, host: { ...host, environment: { ...host.environment, SOURCE_DATE_EPOCH: date } } };
}
