// Not the library's main module: that looks for its schemas by `__dirname`, which a bundle does not have.
import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import * as Serialize from "@cyclonedx/cyclonedx-library/Serialize";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import { hashOf } from "../platform/files/hash.js";
import type { BuildInfo, ImageInfo } from "./build-info.js";
import { partsOf, properties } from "./sbom-parts.js";

/**
 * The bill of materials of an artifact, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images, and what they were
 * made of. A scope of `required` is in the images, `excluded` only built them, `optional` may be in them. It is made of build
 * info alone: equal build info gives an equal text.
 */
export function artifactSbom(name: string, info: BuildInfo): string {
  const root = new Models.Component(Enums.ComponentType.Application, name, { bomRef: "artifact" });
  const parts = partsOf(info);
  const images = info.images.map((image) => {
    const component = imageComponent(image);
    for (const { bomRef } of parts) component.dependencies.add(bomRef);
    root.dependencies.add(component.bomRef);
    return component;
  });
  const serial = serialNumber(info.images.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(""));
  return writeSbom({
    root,
    serial,
    made: new Date(info.createdAt),
    isComplete: info.packages !== null,
    components: [...images, ...parts],
  });
}

function imageComponent({ file, unikernel, sha256 }: ImageInfo): Models.Component {
  return new Models.Component(Enums.ComponentType.Application, file, {
    bomRef: `image:${file}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]),
    properties: properties({ "unikernel-ci:unikernel": unikernel }),
  });
}

interface SbomContent {
  readonly root: Models.Component;
  /** `urn:uuid:…` */
  readonly serial: string;
  readonly made: Date;
  /** Whether every package is known, or only the toolchain and what was asked of it. */
  readonly isComplete: boolean;
  readonly components: readonly Models.Component[];
}

/** The text of an SBOM, the same for the same content. */
export function writeSbom({ root, serial, made, isComplete, components }: SbomContent): string {
  const completeness = isComplete
    ? "packages of the switch and sources of duniverse/; not what a build fetched by itself"
    : "incomplete: the toolchain and what was asked of it, not the libraries of a project";
  const bom = new Models.Bom({
    serialNumber: serial,
    metadata: new Models.Metadata({
      timestamp: made,
      component: root,
      tools: new Models.Tools({
        components: new Models.ComponentRepository([
          new Models.Component(Enums.ComponentType.Application, "unikernel-ci"),
        ]),
      }),
      properties: properties({ "unikernel-ci:completeness": completeness }),
    }),
    components: new Models.ComponentRepository(components),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** A UUID (version 8, RFC 9562: its bits are ours to choose) of a text. */
export function serialNumber(text: string): string {
  const hash = hashOf(text);
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
