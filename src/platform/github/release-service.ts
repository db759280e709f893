/** A service that publishes releases. */
export interface ReleaseService {
  /** The commit that a tag names; undefined when there is no such tag. */
  commitOf(tag: string): Promise<string | undefined>;
  /** The published release of a tag, and its drafts. */
  releasesOf(tag: string): Promise<readonly Release[]>;
  createDraft(tag: string, commit: string, text: ReleaseText): Promise<Release>;
  assetsOf(release: Release): Promise<readonly RemoteAsset[]>;
  deleteAsset(asset: RemoteAsset): Promise<void>;
  /** @returns the asset as the service stored it; its name may differ. */
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
