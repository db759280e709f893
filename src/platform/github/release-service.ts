/** Where releases are published. */
export interface ReleaseService {
  /** The commit that a tag names; undefined when there is no such tag. */
  commitOf(tag: string): Promise<string | undefined>;
  /** The published release of a tag, and its drafts. */
  releasesOf(tag: string): Promise<readonly Release[]>;
  createDraft(tag: string, commit: string, text: ReleaseText): Promise<Release>;
  assetsOf(release: Release): Promise<readonly RemoteAsset[]>;
  deleteAsset(asset: RemoteAsset): Promise<void>;
  /** @returns what the service made of it; its name may be another one. */
  upload(release: Release, asset: LocalAsset): Promise<RemoteAsset>;
  /** Changes the text of a draft. */
  describe(draft: Release, text: ReleaseText): Promise<Release>;
  /** Makes a draft public. */
  publish(draft: Release): Promise<Release>;
}

/** What a person reads of a release. */
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
  /** Where its assets are uploaded to. */
  readonly uploadUrl: string;
  readonly isDraft: boolean;
  /** Nothing of it can be changed any more, its tag neither. */
  readonly isImmutable: boolean;
  readonly title: string;
  readonly notes: string;
}

/** A file of a release, as the service has it. */
export interface RemoteAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** False: an upload that began and did not end. */
  readonly isComplete: boolean;
  /** In hexadecimal; undefined where the service tells none. */
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

/** The service did not answer, or not to the end: whether it has done what it was asked nobody knows. */
export class Interrupted extends Error {}
