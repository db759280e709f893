import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Artifact } from "../../../src/artifact/artifact.js";
import type { ImageRecord } from "../../../src/artifact/schema.js";
import { faultsOf } from "../../../src/release/faults.js";
import { imagesOf, findArtifacts, readTag } from "../../../src/release/images.js";
import { legOf, writeLegs } from "../collect/fixtures.js";
import { artifact, bootWith, commit, toolchain } from "./fixtures.js";

const build = (...configureArgs: string[]) => ({
  build: {
    buildSystem: "mirage",
    project: "MirageOS",
    configureArgs,
    steps: [],
    cache: null as string | null,
  } as const,
});
const namesOf = (...artifacts: Artifact[]) => imagesOf(artifacts, "1.2.3").map(({ name }) => name);
const faults = (required: "passed" | "not-failed", ...artifacts: Artifact[]) =>
  faultsOf(artifacts, imagesOf(artifacts, "1.2.3"), commit, required).map(({ what }) => what);

describe("the name of an image", () => {
  it("is NAME-VERSION-TARGET-ARCH", () => {
    expect(namesOf(artifact("unikernel-www-hvt-x86_64"))).toEqual(["www-1.2.3-hvt-x86_64"]);
  });

  it("ends with the variant in the name of its artifact", () => {
    expect(namesOf(artifact("unikernel-www-small-hvt-x86_64", {}, build("--disable-monitoring")))).toEqual([
      "www-1.2.3-hvt-x86_64-small",
    ]);
  });

  it("ends with the artifact’s variant for every image of the artifact", () => {
    const small = artifact("unikernel-www-small-hvt-x86_64");
    const [www] = small.info.images;
    const dns = { ...(www as ImageRecord), unikernel: "dns", file: "dns.hvt" };
    expect(namesOf({ ...small, info: { ...small.info, images: [...small.info.images, dns] } })).toEqual([
      "www-1.2.3-hvt-x86_64-small",
      "dns-1.2.3-hvt-x86_64-small",
    ]);
  });

  it("ends with `configure-args` if the artifact has another name", () => {
    expect(namesOf(artifact("mine", {}, build("--enable-monitoring")))).toEqual([
      "www-1.2.3-hvt-x86_64-enable-monitoring",
    ]);
  });

  it("has no character that GitHub would replace", () => {
    expect(namesOf(artifact("unikernel-www-ocaml=5.4.x-hvt-x86_64"))).toEqual(["www-1.2.3-hvt-x86_64-ocaml-5.4.x"]);
    expect(namesOf(artifact("a", { unikernel: "a b/c" }))).toEqual(["a-b-c-1.2.3-hvt-x86_64"]);
    expect(namesOf(artifact("unikernel-..www-1..2.-hvt-x86_64", { unikernel: "..www" }))).toEqual([
      "www-1.2.3-hvt-x86_64-1.2",
    ]);
  });
});

describe("a release is refused", () => {
  it("not without a reason", () => {
    expect(faults("passed", artifact("a"))).toEqual([]);
    expect(faults("not-failed", artifact("a", { boots: [] }, { toolchain: null }))).toEqual([]);
  });

  it("for an image that failed in any scenario, whatever is required", () => {
    const one = artifact("a", { boots: [bootWith("passed"), bootWith("failed", "uncaught exception", "help")] });
    expect(faults("not-failed", one)).toEqual(["www.hvt of a failed in scenario help: uncaught exception"]);
  });

  it("with each scenario that failed", () => {
    const boots = [bootWith("failed", "trap", "http"), bootWith("passed"), bootWith("failed", "timeout", "help")];
    expect(faults("not-failed", artifact("a", { boots }))).toEqual([
      "www.hvt of a failed in scenario http: trap",
      "www.hvt of a failed in scenario help: timeout",
    ]);
  });

  it("for an image that was not booted, if it must have passed", () => {
    expect(faults("passed", artifact("a", { boots: [] }))).toEqual(["www.hvt of a was not booted"]);
    const skipped = artifact("a", { boots: [bootWith("skipped", "no KVM")] });
    expect(faults("passed", skipped)).toEqual(["www.hvt of a skipped: no KVM"]);
    expect(faults("not-failed", skipped)).toEqual([]);
  });

  it("for a toolchain that others may have written", () => {
    const cached = artifact("a", {}, { toolchain: { ...toolchain, source: "tool-cache", origin: "actions-cache" } });
    expect(faults("not-failed", cached)).toEqual([
      "a was built with a toolchain from the actions cache, which releases do not trust",
    ]);
  });

  it("for parts of the build that others may have written", () => {
    const cached = artifact("a", {}, { build: { ...build().build, cache: "unikernel-ci-dune-1-x" } });
    expect(faults("not-failed", cached)).toEqual([
      "a was built with parts from the actions cache, which releases do not trust",
    ]);
  });

  it("for another commit than the tag’s", () => {
    const { host } = artifact("a").info;
    expect(faults("not-failed", artifact("a", {}, { host: { ...host, commit: "f00" } }))).toEqual([
      `a was built from commit f00, but the tag is at ${commit}`,
    ]);
  });

  it.each([
    ["no commit", { commit: null }],
    ["no state of the files", { changes: null }],
  ])("for an artifact that records %s", (_, more) => {
    const { host } = artifact("a").info;
    expect(faults("not-failed", artifact("a", {}, { host: { ...host, ...more } }))).toEqual([
      "a does not record what it was built from",
    ]);
  });

  it("for changes to the tag’s commit", () => {
    const { host } = artifact("a").info;
    const changes = ["config.ml", "keys/"];
    expect(faults("not-failed", artifact("a", {}, { host: { ...host, changes } }))).toEqual([
      "a was built with changes to that commit: config.ml, keys/",
    ]);
  });

  it("for two images of one name, even in different case", () => {
    expect(faults("not-failed", artifact("a"), artifact("b", { unikernel: "WWW", debugFile: null }))).toEqual([
      "www.hvt of b and www.hvt of a would both be WWW-1.2.3-hvt-x86_64",
    ]);
  });

  it.each(["one.dbg", "one..dbg", "ONE.DBG"])(
    "for an image, in variant %s, that has the name of another’s debug file",
    (variant) => {
      const one = artifact("unikernel-www-one-hvt-x86_64");
      const other = artifact(`unikernel-www-${variant}-hvt-x86_64`);
      expect(faults("not-failed", one, other)).toEqual([
        expect.stringContaining("would both be www-1.2.3-hvt-x86_64-"),
      ]);
      expect(faults("not-failed", other, one)).toHaveLength(1);
    },
  );

  it("with all reasons at once", () => {
    const bad = artifact(
      "a",
      { boots: [bootWith("failed")] },
      { toolchain: { ...toolchain, source: "tool-cache", origin: "actions-cache" } },
    );
    expect(faults("not-failed", bad, artifact("b"))).toHaveLength(4);
  });
});

describe("artifacts", () => {
  it("are in subfolders, or are the folder itself", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    mkdirSync(join(folder, "coverage"));
    await expect(findArtifacts(folder)).rejects.toThrow("no artifact of");
    const leg = legOf();
    writeLegs(folder, leg);
    for (const place of [folder, join(folder, leg.name)]) {
      const { artifacts, others } = await findArtifacts(place);
      expect(artifacts.map(({ name }) => name)).toEqual([leg.name]);
      expect(others).toEqual(place === folder ? ["coverage"] : []);
    }
  });
});

describe("tag", () => {
  it.each([
    ["v1.2.3", "1.2.3", false],
    ["1.2.3", "1.2.3", false],
    ["v1.2", "1.2", false],
    ["2026.08.1", "2026.08.1", false],
    ["v1.2.3-rc.1", "1.2.3-rc.1", true],
    ["v1.2.3+deb12", "1.2.3+deb12", false],
  ])("%s is version %s", (tag, version, isPrerelease) => {
    expect(readTag(tag)).toEqual({ tag, version, isPrerelease });
  });

  it.each(["v1", "main", "", "v1.2.3/../x", "v1.2.3 ", "vv1.2", "v1.2.3\nx", "www-1.2.3"])(
    "%j is no version",
    (tag) => {
      expect(() => readTag(tag)).toThrow("is not a version");
    },
  );
});
