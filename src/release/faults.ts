import type { Artifact } from "../artifact/artifact.js";
import { firstOf } from "../platform/log.js";
import { type NamedImage, type ReleaseVerdict, debugName, generatedNames, releaseVerdict } from "./images.js";

/**
 * The verdict that images need to be released: `not-failed` also allows images that were not or could not be booted.
 */
export type RequiredVerdict = "passed" | "not-failed";

/** A reason not to release images. */
export interface ReleaseFault {
  /** A sentence that names the artifact. */
  readonly what: string;
  readonly remedy: string;
}

/**
 * All reasons not to release these images.
 *
 * @param commit the tag's.
 */
export function faultsOf(
  artifacts: readonly Artifact[],
  images: readonly NamedImage[],
  commit: string,
  required: RequiredVerdict,
): readonly ReleaseFault[] {
  return [
    ...artifacts.flatMap((artifact) => [
      ...otherSource(artifact, commit),
      ...cachedToolchain(artifact),
      ...cachedBuild(artifact),
    ]),
    ...images.flatMap((image) => badVerdict(image, required)),
    ...sameNames(images),
  ];
}

function otherSource({ name, info }: Artifact, commit: string): ReleaseFault[] {
  const { commit: built, changes } = info.host;
  // promise: built-from-a-commit
  if (built === null || changes === null)
    return [
      {
        what: `${name} does not record what it was built from`,
        remedy: "build it with `build` of this version, in a git checkout (`build-system: command` runs any command)",
      },
    ];
  // promise: built-from-the-tag
  if (built !== commit)
    return [
      {
        what: `${name} was built from commit ${built}, but the tag is at ${commit}`,
        remedy: "release the artifacts of the tag’s own run",
      },
    ];
  // promise: built-without-changes
  if (changes.length > 0)
    return [
      {
        what: `${name} was built with changes to that commit: ${firstOf(changes, 5).join(", ")}`,
        remedy: "commit them, add files that are not sources to .gitignore, or keep them outside of the checkout",
      },
    ];
  return [];
}

/** Any workflow run on the default branch can write to the cache, and put its own compiler into every image. */
function cachedToolchain({ name, info }: Artifact): ReleaseFault[] {
  // promise: no-toolchains-of-others
  if (info.toolchain?.origin !== "actions-cache") return [];
  return [
    {
      what: `${name} was built with a toolchain from the actions cache, which releases do not trust`,
      remedy: withoutCache,
    },
  ];
}

/** The same for build caches. */
function cachedBuild({ name, info }: Artifact): ReleaseFault[] {
  // promise: no-builds-of-others
  if (info.build === null || info.build.cache === null) return [];
  return [
    { what: `${name} was built with parts from the actions cache, which releases do not trust`, remedy: withoutCache },
  ];
}

const withoutCache = "leave the input `cache` at `auto` (for tags it does not use the cache), or set it to `false`";

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
  const remedy =
    verdict === "failed"
      ? "fix the failure that its console shows, and run its job again"
      : "boot it on a machine that can, or set `require-verdict: not-failed`";
  return image.boots
    .filter((boot) => boot.verdict === verdict)
    .map(({ scenario, summary }) => {
      const which = scenario === null ? "" : ` in scenario ${scenario}`;
      return { what: `${subject} ${verdict}${which}: ${summary}`, remedy };
    });
}

/** The files of an image that are not named yet by another one, or by a generated file. */
function sameNames(images: readonly NamedImage[]): ReleaseFault[] {
  const taken = new Map<string, string>(generatedNames.map((name) => [keyOf(name), name]));
  const files = images.flatMap((named) => {
    const { image, artifact } = named;
    const of = (file: string, name: string) => ({ what: `${file} of ${artifact.name}`, name });
    const debug = image.debugFile === null ? [] : [of(image.debugFile, debugName(named))];
    return [of(image.file, named.name), ...debug];
  });
  return files.flatMap(({ what, name }) => {
    const key = keyOf(name);
    const first = taken.get(key);
    taken.set(key, first ?? what);
    // promise: released-names-differ
    if (first === undefined) return [];
    return [
      {
        what: `${what} and ${first} would both be ${name}`,
        remedy:
          "name the artifacts `unikernel-NAME-VARIANT-TARGET-ARCH`, with different variants; if a job ran twice, " +
          "delete its older artifact",
      },
    ];
  });
}

/** Releases are downloaded into folders, on file systems that can be case-insensitive. */
const keyOf = (name: string): string => /* promise: released-names-differ-in-letters */ name.toLowerCase();
