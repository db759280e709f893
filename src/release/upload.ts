import {
  Interrupted,
  type LocalAsset,
  type Release,
  type ReleaseService,
  type RemoteAsset,
} from "../platform/github/release-service.js";
import { type Log, size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type UploadPlan, planUploads } from "./compare.js";

/** Uploads that break off are looked at and begun again so many times in one run. */
const rounds = 5;

/**
 * Makes a draft have exactly the wanted files. What is there stays where it is right; an upload that broke off, in this run
 * or in one before, is deleted and begun again.
 *
 * @param wait waits so many milliseconds.
 * @returns the files as the service has them.
 * @throws Problem when the draft has files of others, or uploads break off again and again.
 */
export async function uploadAll(
  service: ReleaseService,
  draft: Release,
  wanted: readonly LocalAsset[],
  log: Log,
  wait: (ms: number) => Promise<void>,
): Promise<readonly RemoteAsset[]> {
  const uploaded = new Set<number>();
  for (let round = 1; ; round++) {
    const plan = planUploads(wanted, await service.assetsOf(draft), uploaded);
    if (plan.foreign.length > 0) throw foreignFiles(draft, plan.foreign);
    if (round === 1 && plan.keep.length > 0)
      log.fact("there", `${plan.keep.length} of ${wanted.length} files, from a run before`);
    if (plan.upload.length === 0) return plan.keep;
    try {
      await carryOut(service, draft, plan, log, uploaded);
    } catch (error) {
      if (!(error instanceof Interrupted) || round === rounds) throw error;
      log.warning(`an upload broke off: ${error.message}`);
      await wait(1000 * 2 ** (round - 1));
    }
    if (round > rounds)
      throw new Problem("the draft does not keep what is uploaded to it", {
        found: plan.upload.map(({ name }) => name),
      });
  }
}

async function carryOut(
  service: ReleaseService,
  draft: Release,
  plan: UploadPlan,
  log: Log,
  uploaded: Set<number>,
): Promise<void> {
  for (const asset of plan.remove) {
    log.fact("delete", `${asset.name}: ${asset.isComplete ? "of other content" : "half an upload"}`);
    await service.deleteAsset(asset);
  }
  for (const asset of plan.upload) {
    const { id } = await service.upload(draft, asset);
    uploaded.add(id);
    log.fact("upload", `${asset.name}  ${size(asset.bytes)}`);
  }
}

function foreignFiles(draft: Release, foreign: readonly RemoteAsset[]): Problem {
  return new Problem(`the draft ${draft.url} has files that are none of this release`, {
    found: foreign.map(({ name }) => name),
    do: "delete them there, or the whole draft, and run this job again",
  });
}
