/** A service that publishes releases. */
export interface ReleaseService {
  /** The commit that a tag names; undefined when there is no such tag. */
  commitOf(tag: string): Promise<string | undefined>;
  /** The published release of a tag, and its drafts. */
  releasesOf(tag: string): Promise<readonly Release[]>;
  createDraft(tag: string, commit: string, text: ReleaseText): Promise<Release>;
  /** The release now; undefined when it was deleted. */
  read(release: Release): Promise<ReleaseNow | undefined>;
  assetsOf(release: Release): Promise<readonly RemoteAsset[]>;
  deleteAsset(asset: RemoteAsset): Promise<void>;
  /** Deletes a draft with its assets. */
  deleteDraft(draft: Release): Promise<void>;
  /**
   * @returns the asset as the service stored it; its name may differ.
   * @throws AlreadyThere when the release has an asset of this name.
   */
  upload(release: Release, asset: LocalAsset): Promise<RemoteAsset>;
  /** Changes the text of a draft. */
  describe(draft: Release, text: ReleaseText): Promise<Release>;
  /** Makes a draft public. */
  publish(draft: Release): Promise<Release>;
}

/** The part of a release that a person reads. */
export interface ReleaseText {
  readonly title: string;
  /** Markdown. */
  readonly notes: string;
  readonly isPrerelease: boolean;
}

export interface Release {
  readonly id: number;
  /** Its page. */
  readonly url: string;
  /** The address to upload assets to. */
  readonly uploadUrl: string;
  readonly isDraft: boolean;
  /** Neither the release nor its tag can be changed any more. */
  readonly isImmutable: boolean;
  readonly title: string;
  readonly notes: string;
}

/** A release, and the files that it has at the same moment. */
export interface ReleaseNow extends Release {
  readonly assets: readonly Pick<RemoteAsset, "id" | "name">[];
}

/** A file of a release, as the service has it. */
export interface RemoteAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** False for an interrupted upload. */
  readonly isComplete: boolean;
  /** In hexadecimal; undefined if the service does not provide it. */
  readonly sha256: string | undefined;
}

/** A file for a release. */
export interface LocalAsset {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** No complete answer arrived: it is unknown whether the service has carried out the request. */
export class Interrupted extends Error {}

/** An upload of a name that the release has: by another writer, or by an upload whose answer was lost. */
export class AlreadyThere extends Interrupted {}
