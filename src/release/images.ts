import { artifactName } from "../artifact/artifact-name.js";
import { type Artifact, type ArtifactImage, type FoundArtifacts, artifactsIn, imagesIn } from "../artifact/artifact.js";
import { sumsName } from "../artifact/checksums.js";
import type { BuildInfo } from "../artifact/schema.js";
import { imageVerdict } from "../artifact/verdicts.js";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";

export interface ReleaseTag {
  readonly tag: string;
  /** The tag without its `v`. */
  readonly version: string;
  readonly isPrerelease: boolean;
}

/** Semantic versions, and dates (2026.08.1). A single number such as `v1` is a moving tag, not a version. */
const versionTag = /* promise: versions-end */ /^v?(\d+(?:\.\d+)+(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;

/** @throws Problem when the tag is not a version. */
export function readTag(tag: string): ReleaseTag {
  const [, version, prerelease] = versionTag.exec(tag) ?? [];
  if (version === undefined) {
    throw new Problem(`the tag ${JSON.stringify(tag)} is not a version`, {
      accepted: "v1.2.3, 1.2.3, 1.2, 2026.08.1; v1.2.3-rc1 for a prerelease",
      do: "push such a tag, or set the input `tag`",
    });
  }
  return { tag, version, isPrerelease: prerelease !== undefined };
}

/**
 * At least one artifact of a folder.
 *
 * @throws Problem when there is none, or one changed since `publish` wrote it.
 */
export async function findArtifacts(folder: string): Promise<FoundArtifacts> {
  const found = await artifactsIn(folder);
  if (found.artifacts.length > 0) return found;
  const { others } = found;
  throw new Problem(`no artifact of \`publish\` in ${folder}`, {
    found: others.length === 0 ? "no folder" : firstOf(others, 20).join(", "),
    accepted: "subfolders with a build-info.json, or one in this folder, as actions/download-artifact leaves them",
  });
}

/** An image with the name of its file in the release: NAME-VERSION-TARGET-ARCH[-VARIANT]. */
export interface NamedImage extends ArtifactImage {
  readonly name: string;
}

/** The images of all artifacts with their names in the release. `faultsOf` finds duplicate names. */
export function imagesOf(artifacts: readonly Artifact[], version: string): readonly NamedImage[] {
  return imagesIn(artifacts).map((found) => {
    const { artifact, image } = found;
    const { target, architecture } = artifact.info;
    const variant = variantOf(found);
    const parts = [image.unikernel, version, target, architecture, ...(variant === "" ? [] : [variant])];
    return { ...found, name: portable(parts.join("-")) };
  });
}

/** The files of a release that are written for it. */
export const sbomName = "sbom.cdx.json";
export const infoName = "build-info.json";
export const generatedNames = [infoName, sbomName, sumsName] as const;

/** Name of the image's debug file in the release. */
export function debugName({ name }: Pick<NamedImage, "name">): string {
  return `${name}.dbg`;
}

/**
 * Distinguishes an image from others of its unikernel, target and architecture; can be empty. It comes from the
 * artifact's name (`variant=` of a matrix) if that starts with the name of one of its unikernels, otherwise from
 * `configure-args`.
 */
function variantOf({ artifact: { name, info } }: ArtifactImage): string {
  const { target, architecture, build, images } = info;
  const between = (whole: string, start: string) => {
    const end = `-${target}-${architecture}`;
    return whole.startsWith(`${start}-`) && whole.endsWith(end)
      ? whole.slice(start.length + 1, -end.length)
      : undefined;
  };
  const configured = artifactName({ unikernel: "x", variant: build?.configureArgs ?? [], target, architecture });
  const ofName = images.map(({ unikernel }) => between(name, `unikernel-${unikernel}`));
  return ofName.find((variant) => variant !== undefined) ?? between(configured, "unikernel-x") ?? "";
}

/**
 * A name that GitHub keeps: in names of assets it replaces other characters with a dot, shortens a row of dots to one,
 * and removes dots from both ends. https://docs.github.com/en/rest/releases/assets#upload-a-release-asset says that it
 * renames, https://github.com/travis-ci/dpl/issues/821 shows how.
 */
function portable(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/^\.|\.$/g, "");
}

/** `none`: it was not booted. */
export type ReleaseVerdict = "passed" | "skipped" | "none" | "failed";

/** The worst verdict over all boots of an image. */
export function releaseVerdict({ image }: ArtifactImage): ReleaseVerdict {
  return imageVerdict(image)?.verdict ?? "none";
}

/** The `build-info.json` of a release: that of every artifact, with the names of its files in the release. */
export interface ReleaseInfo {
  /** Version of this format; raised when a field changes its meaning or is removed. */
  readonly schema: 1;
  readonly repository: string;
  readonly tag: string;
  /** The tag's commit. */
  readonly commit: string;
  readonly artifacts: readonly {
    readonly name: string;
    /** Names of the files in the release, by their names in the artifact. */
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
