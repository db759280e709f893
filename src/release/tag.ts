import { Problem } from "../platform/problem.js";

/** What a tag says of its release. */
export interface ReleaseTag {
  readonly tag: string;
  /** The tag without its `v`. */
  readonly version: string;
  readonly isPrerelease: boolean;
}

/** Semantic versions, and those by date (2026.08.1). One number alone is no version: `v1` is what people let move. */
const versionTag = /^v?(\d+(?:\.\d+)+(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;

/** @throws Problem when the tag names no version. */
export function readTag(tag: string): ReleaseTag {
  const [, version, prerelease] = versionTag.exec(tag) ?? [];
  if (version === undefined) {
    throw new Problem(`the tag ${JSON.stringify(tag)} is no version`, {
      accepted: "v1.2.3, 1.2.3, 1.2, 2026.08.1; v1.2.3-rc1 for a prerelease",
      do: "push such a tag, or name it by the input `tag`",
    });
  }
  return { tag, version, isPrerelease: prerelease !== undefined };
}
