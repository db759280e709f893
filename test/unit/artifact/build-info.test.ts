import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { buildInfo } from "../../../src/artifact/build-info.js";
import { buildRecord, failedBoot, newContext } from "./fixtures.js";

const image = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32) };
const now = new Date("2026-11-22T10:00:00Z");
const published = {
  image,
  file: "www.hvt",
  debugFile: undefined,
  boots: [{ report: failedBoot("/w/www.hvt", "/c"), console: "console.log" }],
};

describe("buildInfo", () => {
  it("says everything that a build and a boot left", () => {
    const info = buildInfo({
      target: "hvt",
      architecture: "x86_64",
      configureArgs: ["--dhcp=true"],
      images: [published],
      record: buildRecord(image),
      host: newContext({
        GITHUB_SHA: "c0ffee",
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: "o/r",
        GITHUB_RUN_ID: "7",
      }).host,
      now,
    });
    expect(info).toMatchObject({
      schema: 2,
      target: "hvt",
      images: [
        {
          unikernel: "www",
          file: "www.hvt",
          sha256: image.sha256,
          boots: [{ verdict: "failed", accelerator: "tcg", scenario: null, console: "console.log" }],
        },
      ],
      build: {
        buildSystem: "dune",
        configureArgs: ["--dhcp=true"],
        steps: [{ name: "dune build", ms: 1200 }],
        cache: null,
      },
      toolchain: { key: "solo5-x86_64-5.5.0-1f3a9c0d", source: "actions-cache", versions: { ocaml: "5.5.0" } },
      host: { system: "debian-13", commit: "c0ffee", run: "https://github.com/o/r/actions/runs/7" },
      createdAt: "2026-11-22T10:00:00.000Z",
    });
  });

  it("says what cache the build took parts from", () => {
    const record = { ...buildRecord(image), buildCache: "unikernel-ci-dune-1-x" };
    const info = buildInfo({
      target: "hvt",
      architecture: "x86_64",
      configureArgs: [],
      images: [published],
      record,
      host: newContext().host,
      now,
    });
    expect(info.build?.cache).toBe("unikernel-ci-dune-1-x");
  });

  it("publishes no credentials of an address", () => {
    const info = buildInfo({
      target: "hvt",
      architecture: "x86_64",
      configureArgs: [],
      images: [published],
      record: buildRecord(image),
      host: newContext().host,
      now,
    });
    expect(info.toolchain?.opamRepositories[0]?.url).toBe("https://opam.example.org/x@y");
    expect(info.toolchain?.opamPins[0]?.url).toBe("git+https://example.org/lwt#abc");
    expect(JSON.stringify(info)).not.toContain("token");
  });

  it("says null for what is not known", () => {
    const bare = { ...published, boots: [] };
    const info = buildInfo({
      target: "spt",
      architecture: "aarch64",
      configureArgs: [],
      images: [bare],
      record: undefined,
      host: newContext().host,
      now,
    });
    expect(info).toMatchObject({ build: null, toolchain: null, host: { system: null, commit: null, run: null } });
    expect(info.images[0]).toMatchObject({ boots: [], debugFile: null });
  });

  it("is what docs/build-info.schema.json says", () => {
    const schema = JSON.parse(
      readFileSync(resolve(import.meta.dirname, "../../../docs/build-info.schema.json"), "utf8"),
    ) as object;
    const ajv = new Ajv2020.default({ allowUnionTypes: true });
    addFormats.default(ajv);
    const validate = ajv.compile(schema);
    const used = {
      name: "a",
      version: "1",
      from: "opam",
      use: "tool",
      source: null,
      hashes: ["md5=00"],
      licenses: [],
    } as const;
    const withPackages = { ...buildRecord(image), build: { ...buildRecord(image).build, packages: [used] } };
    const facts = {
      target: "hvt",
      architecture: "x86_64",
      configureArgs: [],
      images: [published],
      host: newContext().host,
      now,
    } as const;
    for (const record of [undefined, buildRecord(image), withPackages]) {
      const info = JSON.parse(JSON.stringify(buildInfo({ ...facts, record }))) as object;
      expect(validate(info), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(buildInfo({ ...facts, record: withPackages }).packages).toEqual([used]);
    expect(validate({ ...buildInfo({ ...facts, record: withPackages }), schema: 3 })).toBe(false);
  });
});
