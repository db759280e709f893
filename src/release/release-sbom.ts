import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import { partsOf, properties, serialNumber, writeSbom } from "../artifact/sbom.js";
import { type NamedImage, debugName } from "./images.js";

export interface SbomSubject {
  /** `owner/name` of the repository. */
  readonly repository: string;
  readonly version: string;
}

/** The SBOM of a release: those of its artifacts (artifact/sbom.ts) merged, each package once. */
export function sbom(images: readonly NamedImage[], subject: SbomSubject): string {
  const root = new Models.Component(Enums.ComponentType.Application, subject.repository, {
    bomRef: "release",
    version: subject.version,
  });
  const packages = new Map<string, Models.Component>();
  const components = images.map((image) => {
    const component = imageComponent(image, subject.version);
    for (const made of partsOf(image.artifact.info)) {
      const known = packages.get(made.bomRef.value ?? "") ?? made;
      // A package can be linked into one image and only a build tool of another.
      if (made.scope === Enums.ComponentScope.Required) known.scope = made.scope;
      packages.set(made.bomRef.value ?? "", known);
      component.dependencies.add(known.bomRef);
    }
    root.dependencies.add(component.bomRef);
    return component;
  });
  return writeSbom({
    root,
    serial: serialNumber(images.map(({ name, image }) => `${image.sha256}  ${name}\n`).join("")),
    made: new Date(Math.max(...images.map(({ artifact }) => Date.parse(artifact.info.createdAt)))),
    isComplete: images.every(({ artifact }) => artifact.info.packages !== null),
    components: [...components, ...packages.values()],
  });
}

function imageComponent(released: NamedImage, version: string): Models.Component {
  const { name, image, artifact } = released;
  const { target, architecture, toolchain, host } = artifact.info;
  return new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: name,
    version,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], image.sha256]]),
    properties: properties({
      "unikernel-ci:unikernel": image.unikernel,
      "unikernel-ci:target": target,
      "unikernel-ci:architecture": architecture,
      ...(image.debugFile === null ? {} : { "unikernel-ci:debug-file": debugName(released) }),
      ...(host.commit === null ? {} : { "unikernel-ci:commit": host.commit }),
      ...(host.run === null ? {} : { "unikernel-ci:run": host.run }),
      ...(toolchain === null ? {} : { "unikernel-ci:toolchain": toolchain.key }),
    }),
  });
}
