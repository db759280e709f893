import type { Artifact } from "../artifact/artifact.js";
import { type NamedImage, type ReleaseVerdict, releaseVerdict } from "./images.js";

/** How good a boot an image of a release must have had: `not-failed` lets pass what could not be booted, or was not. */
export type RequiredVerdict = "passed" | "not-failed";

/** What keeps images from being released. */
export interface ReleaseFault {
  /** A sentence that names the artifact. */
  readonly what: string;
  readonly remedy: string;
}

/**
 * Everything that speaks against a release of these images, so that a person sees all of it at once.
 *
 * @param commit the one that the tag names.
 */
export function faultsOf(
  artifacts: readonly Artifact[],
  images: readonly NamedImage[],
  commit: string,
  required: RequiredVerdict,
): readonly ReleaseFault[] {
  return [
    ...artifacts.flatMap((artifact) => [
      ...otherCommit(artifact, commit),
      ...cachedToolchain(artifact),
      ...cachedBuild(artifact),
    ]),
    ...images.flatMap((image) => badVerdict(image, required)),
    ...sameNames(images),
  ];
}

function otherCommit({ name, info }: Artifact, commit: string): ReleaseFault[] {
  const built = info.host.commit;
  // promise: built-from-the-tag
  if (built === null || built === commit) return [];
  return [
    {
      what: `${name} was built from commit ${built}, and the tag is at ${commit}`,
      remedy: "release what the tag’s own run has built",
    },
  ];
}

/** Whoever can run a workflow on the default branch can write what the cache has: a compiler of theirs would be in every image. */
function cachedToolchain({ name, info }: Artifact): ReleaseFault[] {
  // promise: no-toolchains-of-others
  if (info.toolchain?.origin !== "actions-cache") return [];
  return [
    {
      what: `${name} was built with a toolchain from the actions cache, which no release trusts`,
      remedy: withoutCache,
    },
  ];
}

/** The same for what the build did not compile itself. */
function cachedBuild({ name, info }: Artifact): ReleaseFault[] {
  // promise: no-builds-of-others
  if (info.build === null || info.build.cache === null) return [];
  return [
    { what: `${name} was built with parts from the actions cache, which no release trusts`, remedy: withoutCache },
  ];
}

const withoutCache =
  "leave the input `cache` of the build at `auto` (on a tag it takes nothing from the cache), or set it to `false`";

const acceptable: Readonly<Record<RequiredVerdict, readonly ReleaseVerdict[]>> = {
  passed: ["passed"],
  "not-failed": ["passed", "skipped", "none"],
};

function badVerdict(named: NamedImage, required: RequiredVerdict): ReleaseFault[] {
  const { artifact, image } = named;
  const verdict = releaseVerdict(named);
  if (acceptable[required].includes(verdict)) return [];
  const subject = `${image.file} of ${artifact.name}`;
  if (verdict === "none")
    return [{ what: `${subject} was not booted`, remedy: "boot it in its job, or set `require-verdict: not-failed`" }];
  const { scenario, summary = "" } = image.boots.find((boot) => boot.verdict === verdict) ?? {};
  const which = scenario == null ? "" : ` in scenario ${scenario}`;
  const remedy =
    verdict === "failed"
      ? "correct what its console shows, and run its job again"
      : "boot it where it can be booted, or set `require-verdict: not-failed`";
  return [{ what: `${subject} ${verdict}${which}: ${summary}`, remedy }];
}

function sameNames(images: readonly NamedImage[]): ReleaseFault[] {
  const byName = new Map<string, NamedImage>();
  return images.flatMap((image) => {
    // Releases are downloaded into folders, which may not tell cases apart.
    const key = image.name.toLowerCase();
    const first = byName.get(key);
    byName.set(key, first ?? image);
    if (first === undefined) return [];
    return [
      {
        what: `${image.image.file} of ${image.artifact.name} would be ${image.name}, as ${first.image.file} of ${first.artifact.name}`,
        remedy:
          "name the artifacts `unikernel-NAME-VARIANT-TARGET-ARCH`, with a variant for each; of an attempt that was run again, delete the older artifact",
      },
    ];
  });
}
