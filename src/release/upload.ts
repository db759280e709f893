import {
  AlreadyThere,
  Interrupted,
  type LocalAsset,
  type Release,
  type ReleaseNow,
  type ReleaseService,
  type RemoteAsset,
} from "../platform/github/release-service.js";
import { type Log, size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";

/** How often interrupted uploads are tried in one run. */
const rounds = 5;

/** What a run knows of a draft that it fills. GitHub's API has no lock: anything else in it is of another writer. */
interface Known {
  /** Assets that the draft had at first, and those that this run has uploaded. */
  readonly ids: Set<number>;
  /** Names of interrupted uploads: they may be there, with an id that is unknown. */
  readonly inDoubt: Set<string>;
  /** Ids of complete uploads of this run. */
  readonly uploaded: Set<number>;
}

/**
 * Makes a draft have exactly the wanted files. Correct files stay; files of interrupted uploads, of this run or an
 * earlier one, are deleted and uploaded again. Before each change it reads the draft again.
 *
 * @param wait waits for some milliseconds.
 * @returns the draft's files.
 * @throws Problem when the draft has other files, another run or person changes it meanwhile, or uploads are
 *   interrupted again and again.
 */
export async function uploadAll(
  service: ReleaseService,
  draft: Release,
  wanted: readonly LocalAsset[],
  log: Log,
  wait: (ms: number) => Promise<void>,
): Promise<readonly RemoteAsset[]> {
  const known: Known = { ids: new Set(), inDoubt: new Set(), uploaded: new Set() };
  for (let round = 1; ; round++) {
    const there = await service.assetsOf(draft);
    if (round > 1) refuseStrangers(draft, there, known);
    there.forEach(({ id }) => known.ids.add(id));
    const plan = planUploads(wanted, there, known.uploaded);
    if (plan.foreign.length > 0) throw foreignFiles(draft, plan.foreign);
    if (round === 1 && plan.keep.length > 0)
      log.fact("kept", `${plan.keep.length} of ${wanted.length} files, from an earlier run`);
    if (plan.upload.length === 0) return plan.keep;
    try {
      await carryOut(service, draft, plan, log, known);
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
  known: Known,
): Promise<void> {
  for (const asset of plan.remove) {
    log.fact("delete", `${asset.name}: ${asset.isComplete ? "different content" : "incomplete upload"}`);
    /* promise: drafts-are-read-before-a-deletion */ await readOwnDraft(service, draft, known);
    await service.deleteAsset(asset);
  }
  for (const asset of plan.upload) {
    const { name } = asset;
    /* promise: drafts-are-read-before-an-upload */ await readOwnDraft(service, draft, known);
    const { id } = await service.upload(draft, asset).catch((error: unknown) => {
      if (error instanceof AlreadyThere && !known.inDoubt.has(name))
        throw anotherWriter(draft, [`${name} was uploaded to it`]);
      known.inDoubt.add(name);
      throw error;
    });
    known.ids.add(id);
    known.uploaded.add(id);
    log.fact("upload", `${name}  ${size(asset.bytes)}`);
  }
}

/** @throws Problem when it is no draft any more, or another writer has changed its files. */
async function readOwnDraft(service: ReleaseService, draft: Release, known: Known): Promise<void> {
  const now = await readDraft(service, draft);
  refuseStrangers(draft, now.assets, known);
}

/**
 * Reads a draft again.
 *
 * @throws Problem when somebody published or deleted it meanwhile.
 */
export async function readDraft(service: ReleaseService, draft: Release): Promise<ReleaseNow> {
  const now = await service.read(draft);
  if (now === undefined) throw anotherWriter(draft, ["it was deleted"]);
  if (!now.isDraft) throw anotherWriter(draft, ["it was published"]);
  return now;
}

function refuseStrangers(draft: Release, there: readonly Pick<RemoteAsset, "id" | "name">[], known: Known): void {
  const strangers = there.filter(({ id, name }) => !known.ids.has(id) && !known.inDoubt.has(name));
  if (/* promise: strangers-stop-a-run */ strangers.length === 0) return;
  throw anotherWriter(
    draft,
    strangers.map(({ name }) => `${name} was uploaded to it`),
  );
}

/** Stops a run: two writers would delete each other's files. */
export function anotherWriter({ url }: Pick<Release, "url">, because: readonly string[]): Problem {
  return new Problem(`another run or a person is changing the release ${url}`, {
    because,
    do: "wait until the other has ended, and run this job again: it continues, or finds the release complete",
  });
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
