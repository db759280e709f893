import type { Artifact } from "../artifact/artifact.js";
import type { BuildInfo } from "../artifact/schema.js";
import { type NamedImage, debugName } from "./images.js";

/** What the `build-info.json` of a release holds: that of every artifact, with the names that the files have now. */
export interface ReleaseInfo {
  /** Number of this format; raised when a field changes its meaning or goes. */
  readonly schema: 1;
  readonly repository: string;
  readonly tag: string;
  /** The commit that the tag names. */
  readonly commit: string;
  readonly artifacts: readonly {
    readonly name: string;
    /** The name of each file of the release, by its name in the artifact. */
    readonly files: Readonly<Record<string, string>>;
    readonly info: BuildInfo;
  }[];
}

export function releaseInfo(
  place: Pick<ReleaseInfo, "repository" | "tag" | "commit">,
  artifacts: readonly Artifact[],
  images: readonly NamedImage[],
): ReleaseInfo {
  const { repository, tag, commit } = place;
  return {
    schema: 1,
    repository,
    tag,
    commit,
    artifacts: artifacts.map((artifact) => ({
      name: artifact.name,
      files: filesOf(artifact, images),
      info: artifact.info,
    })),
  };
}

function filesOf(artifact: Artifact, images: readonly NamedImage[]): Record<string, string> {
  const own = images.filter((image) => image.artifact === artifact);
  return Object.fromEntries(
    own.flatMap((released) => {
      const { file, debugFile } = released.image;
      return [[file, released.name], ...(debugFile === null ? [] : [[debugFile, debugName(released)]])];
    }),
  ) as Record<string, string>;
}
