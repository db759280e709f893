import { artifactName } from "../artifact/artifact-name.js";
import {
  type Artifact,
  type ArtifactImage,
  imagesIn,
  artifactsIn,
  isArtifact,
  readArtifact,
} from "../artifact/artifact.js";
import { imageVerdict } from "../artifact/verdicts.js";
import { join } from "node:path";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import type { BuildInfo } from "../artifact/schema.js";
/** `none`: nobody has booted it. */
export type ReleaseVerdict = "passed" | "skipped" | "none" | "failed";

/** An image under the name of its file in the release: NAME-VERSION-TARGET-ARCH[-VARIANT]. */
export interface NamedImage extends ArtifactImage {
  readonly name: string;
}

/** Over all boots of an image: the gravest. */
export function releaseVerdict({ image }: ArtifactImage): ReleaseVerdict {
  return imageVerdict(image)?.verdict ?? "none";
}

/** The images of all artifacts with their names in the release; two may have the same one (`faultsOf` finds these). */
export function imagesOf(artifacts: readonly Artifact[], version: string): readonly NamedImage[] {
  return imagesIn(artifacts).map((found) => {
    const { artifact, image } = found;
    const { target, architecture } = artifact.info;
    const variant = variantOf(found);
    const parts = [image.unikernel, version, target, architecture, ...(variant === "" ? [] : [variant])];
    return { ...found, name: portable(parts.join("-")) };
  });
}

/** The name that the unstripped file of an image has in the release. */
export function debugName({ name }: Pick<NamedImage, "name">): string {
  return `${name}.dbg`;
}

/**
 * What tells an image from others of its unikernel, target and architecture; empty when nothing has to. The artifact's name
 * knows what a person called it (`variant=` of a matrix) where it is named after the unikernel; else `configure-args` do.
 */
function variantOf({ artifact: { name, info }, image: { unikernel } }: ArtifactImage): string {
  const { target, architecture, build } = info;
  const between = (whole: string, start: string) => {
    const end = `-${target}-${architecture}`;
    return whole.startsWith(`${start}-`) && whole.endsWith(end)
      ? whole.slice(start.length + 1, -end.length)
      : undefined;
  };
  const configured = artifactName({ unikernel: "x", variant: build?.configureArgs ?? [], target, architecture });
  return between(name, `unikernel-${unikernel}`) ?? between(configured, "unikernel-x") ?? "";
}

/** Only what the service leaves as it is: it replaces other characters in the names of assets. */
function portable(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-");
}

export interface FoundArtifacts {
  /** At least one, in the order of their names. */
  readonly artifacts: readonly Artifact[];
  /** Names of folders that are no artifacts of `publish`. */
  readonly others: readonly string[];
}

/**
 * The artifacts that lie side by side in a folder, or the one that the folder is itself: actions/download-artifact leaves
 * out the inner folder when it is asked for one by its name.
 *
 * @throws Problem when there is none, or one is not as `publish` left it.
 */
export async function findArtifacts(folder: string): Promise<FoundArtifacts> {
  if (await isArtifact(folder)) return { artifacts: [await readArtifact(folder)], others: [] };
  const { artifacts: names, others } = await artifactsIn(folder);
  const artifacts: Artifact[] = [];
  for (const name of names) artifacts.push(await readArtifact(join(folder, name)));
  if (artifacts.length > 0) return { artifacts, others };
  throw new Problem(`there is no artifact of \`publish\` in ${folder}`, {
    found: others.length === 0 ? "no folder" : firstOf(others, 20).join(", "),
    accepted: "folders with a build-info.json, as actions/download-artifact puts them side by side",
  });
}

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

/** What a tag says of its release. */
export interface ReleaseTag {
  readonly tag: string;
  /** The tag without its `v`. */
  readonly version: string;
  readonly isPrerelease: boolean;
}

/** Semantic versions, and those by date (2026.08.1). One number alone is no version: `v1` is what people let move. */
const versionTag = /* promise: versions-end */ /^v?(\d+(?:\.\d+)+(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;

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
