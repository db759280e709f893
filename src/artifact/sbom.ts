// Not the library's main module: it finds its schemas by `__dirname`, which a bundle does not have.
import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import * as Serialize from "@cyclonedx/cyclonedx-library/Serialize";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import { hashOf } from "../platform/files/folder-content.js";
import { printedJson } from "../platform/log.js";
import type { UsedPackage } from "../project/project.js";
import { spdxExpression } from "./licenses.js";
import type { BuildInfo, ImageRecord, ToolchainFacts } from "./schema.js";

/**
 * The bill of materials of an artifact, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images and their
 * parts. The scope of a part in the images is `required`, of a part that only built them `excluded`, of a part that may
 * be in them `optional`. The text depends on build info alone.
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

function imageComponent({ file, unikernel, sha256 }: ImageRecord): Models.Component {
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
  /** Whether every package is known, or only the toolchain and its requested packages. */
  readonly isComplete: boolean;
  readonly components: readonly Models.Component[];
}

/** The text of an SBOM, the same for the same content. */
export function writeSbom({ root, serial, made, isComplete, components }: SbomContent): string {
  const completeness = isComplete
    ? "packages of the switch and sources in duniverse/, without downloads of the build itself"
    : "incomplete: the toolchain and its requested packages, without the project’s libraries";
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
  return `${printedJson(JSON.parse(serializer.serialize(bom, { sortLists: true })))}\n`;
}

/** The URN of a UUID derived from a text (version 8 of RFC 9562, whose bits an application chooses). */
export function serialNumber(text: string): string {
  const hash = hashOf(text);
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const groups = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`];
  return `urn:uuid:${[...groups, hash.slice(20, 32)].join("-")}`;
}

/** The parts of an image: each package with its hashes, licences and scope, and the C compiler. */
export function partsOf({ toolchain, packages }: Pick<BuildInfo, "toolchain" | "packages">): Models.Component[] {
  if (toolchain === null) return (packages ?? []).map(packageComponent);
  return [...(packages?.map(packageComponent) ?? askedComponents(toolchain)), compilerComponent(toolchain)];
}

function compilerComponent({ cCompiler }: ToolchainFacts): Models.Component {
  const facts = { bomRef: `cc:${cCompiler}`, version: cCompiler, scope: Enums.ComponentScope.Excluded };
  return new Models.Component(Enums.ComponentType.Application, "C compiler", facts);
}

const scopes = {
  image: Enums.ComponentScope.Required,
  tool: Enums.ComponentScope.Excluded,
  unknown: Enums.ComponentScope.Optional,
} as const satisfies Readonly<Record<UsedPackage["use"], Enums.ComponentScope>>;

function packageComponent({ name, version, from, use, source, hashes, licenses }: UsedPackage): Models.Component {
  const purl = purlOf(name, version);
  return new Models.Component(Enums.ComponentType.Library, name, {
    // The same package can be a tool in the switch and a source in duniverse/.
    bomRef: [`${purl}#${from}`, ...hashes.slice(0, 1)].join(":"),
    purl,
    version,
    scope: scopes[use],
    hashes: new Models.HashDictionary(hashes.flatMap(opamHash)),
    licenses: new Models.LicenseRepository(licensesOf(licenses)),
    externalReferences: new Models.ExternalReferenceRepository(
      source === null ? [] : [new Models.ExternalReference(source, Enums.ExternalReferenceType.Distribution)],
    ),
    properties: properties({ "unikernel-ci:from": from }),
  });
}

const algorithms: Readonly<Record<string, Enums.HashAlgorithm>> = {
  md5: Enums.HashAlgorithm.MD5,
  sha256: Enums.HashAlgorithm["SHA-256"],
  sha512: Enums.HashAlgorithm["SHA-512"],
};

/** Of `sha256=…`, as opam writes it. */
function opamHash(text: string): [Enums.HashAlgorithm, string][] {
  const [, name = "", digits = ""] = /^(\w+)=([0-9a-f]+)$/.exec(text) ?? [];
  const algorithm = algorithms[name];
  return algorithm === undefined ? [] : [[algorithm, digits]];
}

/** One expression when all are SPDX expressions, because CycloneDX allows only one; else names. */
function licensesOf(licenses: readonly string[]): Models.License[] {
  if (licenses.length === 0) return [];
  if (licenses.every((license) => spdxExpression(license) !== undefined)) {
    return [
      new Models.LicenseExpression(
        licenses.length === 1 ? licenses.join("") : licenses.map((license) => `(${license})`).join(" AND "),
      ),
    ];
  }
  return licenses.map((license) => new Models.NamedLicense(license));
}

/**
 * Of a toolchain whose installed packages are not known. A chosen version replaces the request for the same package.
 */
function askedComponents({ versions, opamPackages, opamPins }: ToolchainFacts): Models.Component[] {
  const chosen = Object.entries<string>({ ...versions });
  const isChosen = (name: string) => chosen.some(([known]) => known === name);
  const asked = opamPackages.map(readPackage).filter(({ name }) => !isChosen(name));
  const pinned = (name: string) => opamPins.find((pin) => readPackage(pin.package).name === name)?.url;
  const onlyPinned = opamPins
    .map((pin) => readPackage(pin.package))
    .filter(({ name }) => !isChosen(name) && asked.every((one) => one.name !== name));
  return [...chosen.map(([name, version]) => ({ name, version })), ...asked, ...onlyPinned].map((one) =>
    askedComponent(one, pinned(one.name)),
  );
}

interface OpamPackage {
  readonly name: string;
  readonly version: string | undefined;
}

/** Of `lwt` or `lwt.5.9.1`, as opam writes them: a name contains no dot. */
function readPackage(text: string): OpamPackage {
  const [, name = text, version] = /^([\w+-]+)(?:\.(\S+))?/.exec(text) ?? [];
  return { name, version };
}

function askedComponent({ name, version }: OpamPackage, pin: string | undefined): Models.Component {
  const purl = purlOf(name, version);
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: pin === undefined ? purl : `${purl}#${pin}`,
    purl,
    ...(version === undefined ? {} : { version }),
    ...(pin === undefined ? {} : { properties: properties({ "unikernel-ci:opam-pin": pin }) }),
  });
}

/** The type `opam`: https://github.com/package-url/purl-spec */
function purlOf(name: string, version: string | undefined): string {
  return `pkg:opam/${encodeURIComponent(name)}${version === undefined ? "" : `@${encodeURIComponent(version)}`}`;
}

export function properties(values: Readonly<Record<string, string>>): Models.PropertyRepository {
  return new Models.PropertyRepository(Object.entries(values).map(([name, value]) => new Models.Property(name, value)));
}
