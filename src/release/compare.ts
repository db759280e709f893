import type { LocalAsset, RemoteAsset } from "../platform/github/release-service.js";

/** What makes a draft have exactly the files that it is to have. */
export interface UploadPlan {
  /** There already, bit for bit. */
  readonly keep: readonly RemoteAsset[];
  /** Half uploads and files of other content, to be deleted before theirs are uploaded. */
  readonly remove: readonly RemoteAsset[];
  readonly upload: readonly LocalAsset[];
  /** Files that are none of this release. */
  readonly foreign: readonly RemoteAsset[];
}

/**
 * @param uploaded ids of assets that this run has uploaded to the end: they are right also where the service tells no digests.
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
 * What a published release has otherwise than it was to have, as sentences; none when it is the same. Where the service tells
 * no digests, sizes are compared.
 */
export function differences(wanted: readonly LocalAsset[], there: readonly RemoteAsset[]): readonly string[] {
  const published = new Map(there.map((remote) => [remote.name, remote]));
  const changed = wanted.flatMap(({ name, bytes, sha256 }) => {
    const remote = published.get(name);
    if (remote === undefined) return [`${name} is not in it`];
    if (remote.bytes !== bytes) return [`${name} has ${remote.bytes} bytes there, ${bytes} here`];
    if ((remote.sha256 ?? sha256) !== sha256)
      return [`${name} has SHA-256 ${remote.sha256 ?? ""} there, ${sha256} here`];
    return [];
  });
  const more = there.filter(({ name }) => wanted.every((asset) => asset.name !== name));
  return [...changed, ...more.map(({ name }) => `${name} is only there`)];
}
