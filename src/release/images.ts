import { artifactName } from "../artifact/artifact-name.js";
import { type Artifact, type ArtifactImage, imagesIn } from "../artifact/artifact.js";
import { imageVerdict } from "../artifact/verdicts.js";

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
