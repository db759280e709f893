import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prefixLength } from "../../../../src/toolchain/archive/prefix.js";
import { placeIn, toolchainPlace } from "../../../../src/toolchain/store/place.js";

describe("the place of a toolchain", () => {
  it("is named by its key, and the build path has the length that archives have room for", () => {
    const place = placeIn("/tools/toolchains", "key");
    expect(place).toMatchObject({
      path: "/tools/toolchains/key",
      archive: "/tools/toolchains/key.tar.zst",
      lock: "/tools/toolchains/key.lock",
    });
    expect(place.buildPath).toHaveLength(prefixLength);
    expect(place.buildPath).toMatch(/^\/tools\/toolchains\/key\.build\._+$/);
  });

  // The longest answers that Unikraft's Kconfig keeps: packages.ts.
  it("has a build folder short enough for every package, wherever the toolchain itself fits", () => {
    const longest = "unikernel-ci-5-unikraft-aarch64-5.4.1-66577af8b7959a53";
    const folder = `/${"x".repeat(prefixLength - "/".length - longest.length - ".build.".length - "/".length)}`;
    const { builds, buildPath } = placeIn(folder, longest);
    expect(buildPath).toHaveLength(prefixLength);
    expect(builds).toBe(`${folder}/f8b7959a53.b`);
    expect(() => placeIn(`${folder}x`, longest)).toThrow(`cannot live in ${folder}x/${longest}`);
  });

  it("counts bytes, as archives do", () => {
    const { buildPath } = placeIn(`/home/${"é".repeat(40)}`, "key");
    expect(Buffer.from(buildPath)).toHaveLength(prefixLength);
    expect(() => placeIn(`/home/${"é".repeat(80)}`, "key")).toThrow("cannot live in");
  });

  it("is refused where OCaml’s scripts could not start", () => {
    expect(() => placeIn(`/${"long".repeat(50)}`, "key")).toThrow("cannot live in");
    expect(() => placeIn("/with blanks", "key")).toThrow("cannot live in");
  });

  it("has no links in it: programs write down their real path", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-place-")));
    try {
      symlinkSync(folder, join(folder, "link"));
      expect((await toolchainPlace(join(folder, "link"), "key")).path).toBe(join(folder, "toolchains/key"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
