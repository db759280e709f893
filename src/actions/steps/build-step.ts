import { artifactsFolder } from "../../artifact/artifact-name.js";
import { forgetBoots, readToolchain, recordBuild, saveRecord } from "../../artifact/records.js";
import type { SourceFacts } from "../../artifact/schema.js";
import { beginSource } from "../../artifact/source.js";
import { firstOf } from "../../platform/log.js";
import { withBuildPrograms, sweepLeftovers } from "../../platform/process/build-programs.js";
import { cacheService } from "../../platform/runner/cache-service.js";
import { restoreBuildCaches } from "../../project/caches/build-cache.js";
import { limitOf } from "../../platform/host.js";
import { detectProject } from "../../project/detect.js";
import { makeImages } from "../../project/make.js";
import { targets } from "../../targets/targets.js";
import { cachePolicyOf, fromClean } from "../../toolchain/cache-policy.js";
import { isInstalled } from "../../toolchain/store/installed.js";
import { holdJobCopy } from "../../toolchain/store/job-copy.js";
import { withTarget } from "../interface.js";
import type { PartFunction } from "../main.js";
import { saveForEnd } from "./build-end.js";

/** Builds the project, records its images and sets the outputs. */
export const build: PartFunction = async (context, given, runner) => {
  await sweepLeftovers(context);
  const { host, log } = context;
  const architecture = given.arch ?? host.architecture;
  // opam does not say what it would install before it asks: a person gets its list with the failure.
  const installSystemPackages = given.installSystemPackages && context.approval === undefined;
  const inputs = { ...withTarget(given), arch: architecture, installSystemPackages };
  const target = targets[inputs.target];
  const project = await detectProject(host.folders.workspace, inputs, limitOf(host));
  const record = await readToolchain(context, target.backend, architecture);
  // On a self-hosted runner the folder may have been removed since.
  const toolchain = record && (await isInstalled(record.toolchain)) ? record : undefined;
  if (toolchain !== undefined) await holdJobCopy(toolchain.toolchain.path);
  // Caches of an earlier build would hide differences between two clean builds.
  const policy = inputs.reproducible ? fromClean : cachePolicyOf(host, inputs.cache);
  const service = policy.restore ? await cacheService(host, log) : undefined;
  const { result, used, source } = await log.group("Build", async () => {
    const source = await beginSource(context, project.directory);
    log.fact("source", sourceText(source.facts));
    const caches = await restoreBuildCaches(context, {
      project,
      target,
      toolchain: toolchain?.toolchain,
      policy,
      service,
    });
    const withCaches = { ...context, host: { ...host, environment: { ...host.environment, ...caches.environment } } };
    const built = await withBuildPrograms(withCaches, (building) =>
      makeImages(building, inputs, toolchain?.toolchain, project, artifactsFolder(context)),
    ).finally(source.built);
    return { result: built, used: await caches.afterBuild(), source: source.facts };
  });
  saveForEnd(runner, used, inputs.cache);
  const restored = used.find(({ kind }) => kind === "dune")?.restored;
  const begun = recordBuild({ target: inputs.target, architecture }, result, toolchain, restored?.key, source);
  for (const image of result.images) {
    /* promise: builds-forget-boots */ await forgetBoots(context, image.path);
    await saveRecord(context, image, "build", begun);
  }
  const [image] = result.images;
  runner.setOutput("image", image.path);
  runner.setOutput("images", JSON.stringify(result.images.map(({ path }) => path)));
  runner.setOutput("sha256", image.sha256);
  return true;
};

function sourceText(source: SourceFacts | undefined): string {
  if (source === undefined) return "no commit: this is no git checkout";
  const { commit, changes } = source;
  const state = changes.length === 0 ? "without changes" : `with changes: ${firstOf(changes, 5).join(", ")}`;
  return `commit ${commit.slice(0, 12)}, ${state}`;
}
