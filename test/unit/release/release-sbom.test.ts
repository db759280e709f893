import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, it } from "vitest";
import { imagesOf } from "../../../src/release/images.js";
import { sbom } from "../../../src/release/release-sbom.js";
import { artifact, toolchain } from "./fixtures.js";

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly object[];
}
interface Bom {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const subject = { repository: "someone/www", version: "1.2.3" };
const textOf = (...artifacts: ReturnType<typeof artifact>[]) => sbom(imagesOf(artifacts, "1.2.3"), subject);
const two = () => [
  artifact("a"),
  artifact("b", { unikernel: "dns", sha256: "d".repeat(64) }, { createdAt: "2026-01-02T04:00:00.000Z" }),
];

it("is CycloneDX by its own schema", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(textOf(...two()))).toBeNull();
  expect(
    await validator.validate(textOf(artifact("a", { debugFile: null, boots: [] }, { toolchain: null }))),
  ).toBeNull();
});

it("has every image with its hash, and every package once", () => {
  const { components, dependencies, metadata } = JSON.parse(textOf(...two())) as Bom;
  expect(components.find(({ name }) => name === "www-1.2.3-hvt-x86_64")?.hashes).toEqual([
    { alg: "SHA-256", content: "b".repeat(64) },
  ]);
  const packages = components.flatMap(({ purl }) => purl ?? []).sort();
  expect(packages).toEqual([
    "pkg:opam/cstruct",
    "pkg:opam/logs@0.8",
    "pkg:opam/lwt@5.9.1",
    "pkg:opam/ocaml-solo5@1.3.4",
    "pkg:opam/ocaml@5.5.0",
    "pkg:opam/solo5@0.12.1",
  ]);
  const made = dependencies.find(({ ref }) => ref === "dns-1.2.3-hvt-x86_64")?.dependsOn;
  expect(made).toContain("pkg:opam/cstruct#git+https://example.org/cstruct#abc");
  expect(made).toContain("cc:gcc 14.2.0");
  expect(metadata.timestamp).toBe("2026-01-02T04:00:00.000Z");
});

it("keeps toolchains of different versions apart", () => {
  const older = { ...toolchain, versions: { ...toolchain.versions, ocaml: "5.4.1" } };
  const { dependencies } = JSON.parse(
    textOf(artifact("a"), artifact("b", { unikernel: "dns" }, { toolchain: older })),
  ) as Bom;
  const ocamlOf = (image: string) =>
    dependencies.find(({ ref }) => ref === image)?.dependsOn?.filter((ref) => ref.startsWith("pkg:opam/ocaml@"));
  expect(ocamlOf("www-1.2.3-hvt-x86_64")).toEqual(["pkg:opam/ocaml@5.5.0"]);
  expect(ocamlOf("dns-1.2.3-hvt-x86_64")).toEqual(["pkg:opam/ocaml@5.4.1"]);
});

it("is the same text for the same images, so that a release can be finished by a later run", () => {
  expect(textOf(...two())).toBe(textOf(...two()));
  const serial = (...artifacts: ReturnType<typeof artifact>[]) =>
    (JSON.parse(textOf(...artifacts)) as Bom).serialNumber;
  expect(serial(artifact("a"))).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(serial(artifact("a"))).not.toBe(serial(artifact("a", { sha256: "e".repeat(64) })));
});
