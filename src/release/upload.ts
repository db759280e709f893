import {
  Interrupted,
  type LocalAsset,
  type Release,
  type ReleaseService,
  type RemoteAsset,
} from "../platform/github/release-service.js";
import { type Log, size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";

/** How often interrupted uploads are tried in one run. */
const rounds = 5;

/**
 * Makes a draft have exactly the wanted files. Correct files stay; files of interrupted uploads, of this run or an
 * earlier one, are deleted and uploaded again.
 *
 * @param wait waits for some milliseconds.
 * @returns the draft's files.
 * @throws Problem when the draft has other files, or uploads are interrupted again and again.
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
      log.fact("kept", `${plan.keep.length} of ${wanted.length} files, from an earlier run`);
    if (plan.upload.length === 0) return plan.keep;
    try {
      await carryOut(service, draft, plan, log, uploaded);
    } catch (error) {
      if (!(error instanceof Interrupted) || round === rounds) throw error;
      log.warning(`an upload was interrupted: ${error.message}`);
      await wait(1000 * 2 ** (round - 1));
    }
    if (round > rounds)
      throw new Problem("the draft lacks files that were uploaded to it", {
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
    log.fact("delete", `${asset.name}: ${asset.isComplete ? "different content" : "incomplete upload"}`);
    await service.deleteAsset(asset);
  }
  for (const asset of plan.upload) {
    const { id } = await service.upload(draft, asset);
    uploaded.add(id);
    log.fact("upload", `${asset.name}  ${size(asset.bytes)}`);
  }
}

function foreignFiles(draft: Release, foreign: readonly RemoteAsset[]): Problem {
  return new Problem(`the draft ${draft.url} has files that do not belong to this release`, {
    found: foreign.map(({ name }) => name),
    do: "delete them, or the whole draft, and run this job again",
  });
}

/** The changes that make a draft have exactly the wanted files. */
export interface UploadPlan {
  /** Already there, with the same content. */
  readonly keep: readonly RemoteAsset[];
  /** Incomplete or different files, to be deleted before the uploads. */
  readonly remove: readonly RemoteAsset[];
  readonly upload: readonly LocalAsset[];
  /** Files that do not belong to this release. */
  readonly foreign: readonly RemoteAsset[];
}

/**
 * @param uploaded ids of assets that this run has uploaded completely: they are correct even if the server has no
 * digests.
 */
export function planUploads(
  wanted: readonly LocalAsset[],
  there: readonly RemoteAsset[],
  uploaded: ReadonlySet<number>,
): UploadPlan {
  const namesakes = (asset: LocalAsset) => there.filter(({ name }) => name === asset.name);
  const isRight = (remote: RemoteAsset, { bytes, sha256 }: LocalAsset) =>
    remote.isComplete &&
    remote.bytes === bytes &&
    (remote.sha256 ?? (uploaded.has(remote.id) ? sha256 : undefined)) === sha256;
  const pairs = wanted.flatMap((asset) =>
    namesakes(asset).map((remote) => ({ remote, isRight: isRight(remote, asset) })),
  );
  const keep = pairs.filter((pair) => pair.isRight).map(({ remote }) => remote);
  return {
    keep,
    remove: pairs.filter((pair) => !pair.isRight).map(({ remote }) => remote),
    upload: wanted.filter(({ name }) => keep.every((remote) => remote.name !== name)),
    foreign: there.filter(({ name }) => wanted.every((asset) => asset.name !== name)),
  };
}

/**
 * A sentence for each difference between a published release and the wanted files. Without digests from the server,
 * only sizes are compared.
 */
export function differences(wanted: readonly LocalAsset[], there: readonly RemoteAsset[]): readonly string[] {
  const published = new Map(there.map((remote) => [remote.name, remote]));
  const changed = wanted.flatMap(({ name, bytes, sha256 }) => {
    const remote = published.get(name);
    if (remote === undefined) return [`${name} is missing`];
    if (remote.bytes !== bytes) return [`${name} has ${remote.bytes} bytes there, but ${bytes} here`];
    if ((remote.sha256 ?? sha256) !== sha256)
      return [`${name} has SHA-256 ${remote.sha256 ?? ""} there, but ${sha256} here`];
    return [];
  });
  const more = there.filter(({ name }) => wanted.every((asset) => asset.name !== name));
  return [...changed, ...more.map(({ name }) => `${name} is not part of this release`)];
}
