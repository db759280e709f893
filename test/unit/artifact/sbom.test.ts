import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, test } from "vitest";
import { artifactSbom } from "../../../src/artifact/sbom.js";
import type { UsedPackage } from "../../../src/project/project.js";
import { imagesOf } from "../../../src/release/images.js";
import { sbom as releaseSbom } from "../../../src/release/release-sbom.js";
import { artifact, toolchain } from "../release/fixtures.js";

const lwt: UsedPackage = {
  name: "lwt",
  version: "6.1.2",
  from: "duniverse",
  use: "image",
  source: "https://example.org/lwt.tgz",
  hashes: ["sha256=" + "a".repeat(64), "sha512=" + "b".repeat(128), "odd=1"],
  licenses: ["MIT"],
};
const dune: UsedPackage = {
  ...lwt,
  name: "dune",
  from: "opam",
  use: "tool",
  hashes: [],
  licenses: ["MIT", "ISC"],
  source: null,
};
const fmt: UsedPackage = { ...dune, name: "fmt", use: "unknown", licenses: ["as you like"] };
const withPackages = (...packages: UsedPackage[]) => artifact("a", {}, { packages, toolchain });

interface Component {
  readonly name: string;
  readonly scope?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string }[];
  readonly licenses?: readonly object[];
  readonly externalReferences?: readonly object[];
}
const componentsOf = (text: string) => (JSON.parse(text) as { readonly components: readonly Component[] }).components;

test("is valid CycloneDX, with and without packages", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(artifactSbom("x", withPackages(lwt, dune, fmt).info))).toBeNull();
  expect(
    await validator.validate(artifactSbom("x", artifact("a", {}, { packages: null, toolchain: null }).info)),
  ).toBeNull();
});

test("has each package with version, hashes, licence, source and scope, and the C compiler as a tool", () => {
  const components = componentsOf(artifactSbom("x", withPackages(lwt, dune, fmt).info));
  expect(components.find(({ name }) => name === "lwt")).toMatchObject({
    scope: "required",
    purl: "pkg:opam/lwt@6.1.2",
    hashes: [{ alg: "SHA-256" }, { alg: "SHA-512" }],
    licenses: [{ expression: "MIT" }],
    externalReferences: [{ url: "https://example.org/lwt.tgz", type: "distribution" }],
  });
  expect(components.find(({ name }) => name === "dune")).toMatchObject({
    scope: "excluded",
    licenses: [{ expression: "(MIT) AND (ISC)" }],
  });
  expect(components.find(({ name }) => name === "fmt")).toMatchObject({
    scope: "optional",
    licenses: [{ license: { name: "as you like" } }],
  });
  expect(components.find(({ name }) => name === "C compiler")).toMatchObject({
    scope: "excluded",
    version: "gcc 14.2.0",
  });
  // A requested package is not listed when the installed ones are known.
  expect(components.some(({ name }) => name === "cstruct")).toBe(false);
});

test("says that it is incomplete when only the toolchain is known", () => {
  expect(artifactSbom("x", artifact("a").info)).toContain("incomplete: the toolchain");
  expect(artifactSbom("x", withPackages(lwt).info)).not.toContain("incomplete");
});

test("of a release: a package is required when one image links it, even if another only builds with it", () => {
  const other = artifact(
    "b",
    { unikernel: "dns", sha256: "d".repeat(64) },
    { packages: [dune, { ...lwt, use: "tool" }], toolchain },
  );
  const text = releaseSbom(imagesOf([other, withPackages(lwt)], "1.2.3"), { repository: "o/r", version: "1.2.3" });
  const [found, ...more] = componentsOf(text).filter(({ name }) => name === "lwt");
  expect([found?.scope, more]).toEqual(["required", []]);
});
