import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { buildInfo, parseBuildInfo } from "../../../src/artifact/build-info.js";
import type { BuildInfo } from "../../../src/artifact/schema.js";
import { Problem } from "../../../src/platform/problem.js";
import { bootedImage, buildRecord, failedBoot, newContext } from "./fixtures.js";

const image = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32) };
const now = new Date("2026-11-22T10:00:00Z");
const published = bootedImage(image, failedBoot("/w/www.hvt", "/c/console.log"));

describe("buildInfo", () => {
  it("has everything that is known about a build and its boots", () => {
    const info = buildInfo({
      target: "hvt",
      architecture: "x86_64",
      artifact: "unikernel-www-hvt-x86_64",
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

  it("names the cache that was restored for the build", () => {
    const built = buildRecord(image);
    const record = { ...built, build: { ...built.build, cache: "unikernel-ci-dune-1-x" } };
    const info = buildInfo({
      target: "hvt",
      architecture: "x86_64",
      artifact: "unikernel-www-hvt-x86_64",
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
      artifact: "unikernel-www-hvt-x86_64",
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

  it("is null where something is not known", () => {
    const bare = { ...published, boots: [] };
    const info = buildInfo({
      target: "spt",
      architecture: "aarch64",
      artifact: "unikernel-www-spt-aarch64",
      configureArgs: [],
      images: [bare],
      record: undefined,
      host: newContext().host,
      now,
    });
    expect(info).toMatchObject({ build: null, toolchain: null, host: { system: null, commit: null, run: null } });
    expect(info.images[0]).toMatchObject({ boots: [], debugFile: null });
  });

  it("is valid under docs/build-info.schema.json", () => {
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
    const withPackages = { ...buildRecord(image), packages: [used] };
    const facts = {
      target: "hvt",
      architecture: "x86_64",
      artifact: "unikernel-www-hvt-x86_64",
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

describe("build info of an artifact", () => {
  const written = readFileSync(join(import.meta.dirname, "../../fixtures/build-info/format-2.json"), "utf8");
  const parsed = JSON.parse(written) as BuildInfo;
  /** With the fields that were added since. */
  const complete = {
    ...parsed,
    artifact: null,
    images: parsed.images.map((one) => ({
      ...one,
      boots: one.boots.map((boot) => ({ ...boot, crash: null, repeats: null, expected: [] })),
    })),
    toolchain: { ...parsed.toolchain, versionReasons: null },
    host: { ...parsed.host, changes: null, attempt: null },
  };
  const read = (text: string) => parseBuildInfo(text, "a/build-info.json");
  const problemOf = (text: string) => {
    try {
      return JSON.stringify(read(text));
    } catch (error) {
      if (error instanceof Problem) return error.toString();
      throw error;
    }
  };

  it("is read as version 0.1.0 wrote it, with every field", () => {
    expect(read(written)).toEqual(complete);
  });

  it.each([
    ["an image without its hash", /"sha256": "\w{64}",/, "", "images[0].sha256 is missing"],
    ["a short hash", /"sha256": "\w{64}"/, '"sha256": "ab"', "images[0].sha256 is wrong"],
    ["no image", /"images": \[[^]*\n {2}\],/, '"images": [],', "images is wrong"],
    ["a name that leads elsewhere", '"www.hvt"', '"../x"', "images[0].file is wrong"],
    ["a name that is a folder", '"www.hvt.dbg"', '".."', "images[0].debugFile is wrong"],
    ["a boot without a summary", '"summary": "no KVM"', '"summary": 1', "images[0].boots[2].summary is wrong"],
    ["an attempt that is a number", '"attempts": [\n', '"attempts": [1,\n', "images[0].boots[0].attempts[0] is wrong"],
    ["an unknown accelerator", '"kvm"', '"hvf"', "images[0].boots[0].attempts[0].accelerator is wrong"],
    ["a number of another kind", '"bytes": 5', '"bytes": 5e-1', "images[0].bytes is wrong"],
    ["a number below zero", '"bytes": 5', '"bytes": -5', "images[0].bytes is wrong"],
    ["an infinite number", '"ms": 2700', '"ms": 1e999', "toolchain.ms is wrong"],
    ["a number as a text", '"cores": 2', '"cores": "2"', "host.cores is wrong"],
    [
      "a toolchain from an unknown source",
      '"source": "actions-cache"',
      '"source": "moon"',
      "toolchain.source is wrong",
    ],
    ["a version that is null", '"ocaml": "5.5.0"', '"ocaml": null', "toolchain.versions.ocaml is wrong"],
    ["no date", /"createdAt": "[^"]*"/, '"createdAt": "today"', "createdAt is wrong"],
    ["a day that does not exist", "2026-11-30", "2026-13-30", "createdAt is wrong"],
    ["a build without its steps", '"steps"', '"step"', "build.steps is missing"],
    ["a list for an object", /"host": \{[^}]*\}/, '"host": []', "host.architecture is missing"],
  ])("with %s is refused, by the name of the field", (_, right, wrong, what) => {
    const text = written.replace(right, () => wrong);
    expect(text).not.toBe(written);
    expect(problemOf(text)).toMatch(
      new RegExp(`^a/build-info\\.json: ${what.replace(/[.[\]]/g, (mark) => `\\${mark}`)}\n`),
    );
  });

  it("shows the value of a wrong field, and what is accepted", () => {
    expect(problemOf(written.replace('"bytes": 5', '"bytes": "5"')).split("\n")).toEqual([
      "a/build-info.json: images[0].bytes is wrong",
      '  found      "5"',
      "  accepted   a number",
      "  do         check whether another step or tool changed the file",
    ]);
    expect(problemOf(written.replace('"target": "hvt"', () => `"target": "${"x".repeat(5000)}"`))).toMatch(
      /\n {2}found {6}"x{79}…\n {2}accepted {3}hvt, spt, /,
    );
  });

  it("names the format that it has instead, whatever it is", () => {
    const found = ["{}", '{"schema":1}', '{"schema":{"toString":1}}'].map((text) => problemOf(text).split("\n")[1]);
    expect(found).toEqual(["  found      no schema", "  found      schema: 1", "  found      schema: an object"]);
  });

  it("has its fields itself: a key that would be a prototype is a key like another", () => {
    expect(problemOf(`{"schema":2,"__proto__":${written}}`)).toContain("a/build-info.json: target is missing");
    const polluted = read(
      written.replace('"ocaml": "5.5.0"', '"ocaml": "5.5.0", "__proto__": {"x": 1}, "constructor": 7'),
    );
    expect(Object.keys(polluted.toolchain?.versions ?? {})).toEqual(["ocaml", "solo5", "ocaml-solo5"]);
    expect(Object.getPrototypeOf(polluted.toolchain?.versions)).toBe(Object.prototype);
  });

  it("may have unknown fields, however deep, which are dropped", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(read(written.replace('"bytes": 5', () => `"bytes": 5, "unknown": ${deep}`))).toEqual(complete);
    expect(problemOf(written.replace('"bytes": 5', () => `"bytes": ${deep}`))).toMatch(
      /images\[0\]\.bytes is wrong\n {2}found {6}a list\n/,
    );
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "7",
    '{"schema":1}',
    '{"schema":"2"}',
    '{"schema":{"toString":""}}',
    '{"schema":2}',
    `{"schema":2,"images":${"[".repeat(9)}`,
  ])("that is something else is refused: %j", (text) => {
    expect(problemOf(text)).toMatch(
      /^a\/build-info\.json(?:: target is missing| is not JSON| has an unsupported format)/,
    );
  });
});
