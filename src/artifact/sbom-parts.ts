import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import type { UsedPackage } from "../project/project.js";
import type { BuildInfo, ToolchainFacts } from "./build-info.js";
import { spdxExpression } from "./licenses.js";

/** What an image was made of: each package with its hashes, licences and scope, and the C compiler. */
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
    // A package may be in the switch as a tool, and in duniverse/ for the image.
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

/** opam writes `sha256=…`. */
function opamHash(text: string): [Enums.HashAlgorithm, string][] {
  const [, name = "", digits = ""] = /^(\w+)=([0-9a-f]+)$/.exec(text) ?? [];
  const algorithm = algorithms[name];
  return algorithm === undefined ? [] : [[algorithm, digits]];
}

/** One expression where all of them are SPDX's, because CycloneDX takes one; else names. */
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

/** Of a toolchain whose packages are not known: a version that was chosen says more than the package in the list of those asked for. */
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

/** `lwt` or `lwt.5.9.1`, as opam writes them: names have no point. */
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
