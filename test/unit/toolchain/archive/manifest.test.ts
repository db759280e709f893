import { describe, expect, it } from "vitest";
import {
  type ArchiveEntry,
  abstractEnvironment,
  abstractTarget,
  locateEnvironment,
  locateTarget,
  parseManifest,
  staysInside,
} from "../../../../src/toolchain/archive/manifest.js";
import { placeholder, prefixLength } from "../../../../src/toolchain/archive/prefix.js";
import { exampleSpec } from "../examples.js";

const sha256 = "a".repeat(64);
const file = { kind: "file", path: "file", executable: false, bytes: 400, sha256 };
const text = (entries: unknown, more: object = {}) =>
  JSON.stringify({
    format: 1,
    key: "k",
    spec: exampleSpec,
    environment: { path: [], variables: {} },
    entries,
    ...more,
  });

describe("the manifest of an archive", () => {
  it("is read as it was written", () => {
    const entries: ArchiveEntry[] = [
      { kind: "folder", path: "bin" },
      { kind: "file", path: "bin/ocaml", executable: true, bytes: 400, sha256, prefixAt: [2, 2 + prefixLength] },
      { kind: "link", path: "bin/here", target: "ocaml" },
      { kind: "link", path: "bin/absolute", target: `${placeholder}/bin/ocaml` },
    ];
    expect(parseManifest(text(entries)).entries).toEqual(entries);
  });

  it("names the toolchain that it was built on", () => {
    const base = { key: "below", tree: sha256, removed: ["gone"] };
    expect(parseManifest(text([file], { base })).base).toEqual(base);
  });

  it.each([
    null,
    "below",
    { key: "below", tree: sha256 },
    { key: "below", removed: [] },
    { tree: sha256, removed: [] },
    { key: "below", tree: sha256, removed: [1] },
    { key: "below", tree: sha256, removed: Array.from({ length: 500_001 }, () => "") },
  ])("is refused when it does not describe that one: %#", (base) => {
    expect(() => parseManifest(text([file], { base }))).toThrow("does not describe the toolchain that it was built on");
  });

  const hostile: Readonly<Record<string, unknown>> = {
    "a path that leads out": [{ ...file, path: "../file" }],
    "an absolute path": [{ ...file, path: "/etc/passwd" }],
    "a path with a detour": [{ ...file, path: "a/../file" }],
    "the toolchain’s own folder as a link": [{ kind: "link", path: ".", target: "x" }],
    "the toolchain’s own folder with a slash": [{ ...file, path: "./" }],
    "a path that ends in a slash": [{ ...file, path: "file/" }],
    "the empty path": [{ ...file, path: "" }],
    "a path with a NUL byte": [{ ...file, path: "a\0b" }],
    "a path of 4 KiB": [{ ...file, path: "a".repeat(4096) }],
    "a file below a file": [file, { ...file, path: "file/below" }],
    "a file below a link": [
      { kind: "link", path: "l", target: "elsewhere" },
      { ...file, path: "l/below" },
    ],
    "a file below a folder that is not there yet": [
      { ...file, path: "a/b" },
      { kind: "folder", path: "a" },
    ],
    "a path twice": [file, file],
    "its own manifest": [{ ...file, path: "toolchain.json" }],
    "a link out": [{ kind: "link", path: "l", target: "../../etc" }],
    "a link that climbs from where another one leads": [
      { kind: "folder", path: "a" },
      { kind: "folder", path: "a/b" },
      { kind: "link", path: "a/b/up", target: "../.." },
      { kind: "link", path: "toolchain-user", target: "a/b/up/../../home/.profile" },
    ],
    "an absolute link": [{ kind: "link", path: "l", target: "/etc" }],
    "a link out through its own path": [{ kind: "link", path: "l", target: `${placeholder}/../x` }],
    "a device": [{ ...file, kind: "device" }],
    "a size that is none": [{ ...file, bytes: -1 }],
    "a file larger than any of ours": [{ ...file, bytes: 2 ** 30 + 1 }],
    "files that are together larger than a toolchain": Array.from({ length: 17 }, (_, index) => ({
      ...file,
      path: `f${index}`,
      bytes: 2 ** 30,
    })),
    "a sum that is none": [{ ...file, sha256: "x" }],
    "the prefix behind the end of a file": [{ ...file, prefixAt: [400 - prefixLength + 1] }],
    "the prefix over itself": [{ ...file, prefixAt: [0, 1] }],
    "no list": {},
    "an entry that is no object": [null],
  };
  it.each(Object.entries(hostile))("with %s is refused", (_, entries) => {
    expect(() => parseManifest(text(entries))).toThrow(expect.objectContaining({ name: "BadArchive" }));
  });

  it.each([
    ["{"],
    ["null"],
    ["[]"],
    [text([], { format: 2 })],
    [text([], { key: 1 })],
    [text([], { spec: {} })],
    [text([], { environment: [] })],
  ])("of another shape is refused: %#", (given) =>
    expect(() => parseManifest(given)).toThrow(expect.objectContaining({ name: "BadArchive" })),
  );
});

it("a link stays inside when its target is in the toolchain, by any path", () => {
  expect(staysInside("a/b/c", "../../x")).toBe(true);
  expect(staysInside("a/b/c", "../../../x")).toBe(false);
  expect(staysInside("a", ".")).toBe(true);
  expect(staysInside("a", "")).toBe(false);
  expect(staysInside("a", `${placeholder}x/y`)).toBe(false);
  expect(staysInside("a/b", ".././/x/./y/")).toBe(true);
  expect(staysInside("a/b", "../x/../y")).toBe(false);
  expect(staysInside("a/b", `${placeholder}/x/../y`)).toBe(false);
});

it("a link leads to the toolchain’s path, whatever characters it has", () => {
  for (const path of ["/$$/t", "/$&", "/$`$'"]) {
    expect(locateTarget(`${placeholder}/bin/x`, path)).toBe(`${path}/bin/x`);
    expect(abstractTarget(`${path}/bin/x`, path)).toBe(`${placeholder}/bin/x`);
  }
  expect(locateTarget("bin/x", "/t")).toBe("bin/x");
  expect(abstractTarget("/tx/bin", "/t")).toBe("/tx/bin");
});

it("an environment has the toolchain’s path when installed, and the placeholder in an archive", () => {
  const environment = { path: ["/t/bin"], variables: { LIB: "/t/lib:/t/other:/usr" }, findlibToolchain: "solo5" };
  const abstract = abstractEnvironment(environment, "/t");
  expect(abstract.variables["LIB"]).toBe(`${placeholder}/lib:${placeholder}/other:/usr`);
  // Special in the replacement of String.replace.
  for (const path of ["/$$/t", "/$&", "/$`$'"])
    expect(locateEnvironment(abstract, path).variables["LIB"]).toBe(`${path}/lib:${path}/other:/usr`);
  expect(locateEnvironment(abstract, "/elsewhere")).toEqual({
    path: ["/elsewhere/bin"],
    variables: { LIB: "/elsewhere/lib:/elsewhere/other:/usr" },
    findlibToolchain: "solo5",
  });
});
