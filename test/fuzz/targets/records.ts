import { posix } from "node:path";
import { expect } from "vitest";
import fc from "fast-check";
import * as v from "valibot";
import { parseList } from "../../../src/platform/network/published-list.js";
import { Problem } from "../../../src/platform/problem.js";
import { parseChecksums } from "../../../src/artifact/checksums.js";
import { recordSchemas } from "../../../src/artifact/records.js";
import { type ArchiveManifest, BadArchive, parseManifest } from "../../../src/toolchain/archive/manifest.js";
import { placeholder } from "../../../src/toolchain/archive/prefix.js";
import { exampleSpec } from "../../unit/toolchain/examples.js";
import { changedJson, jsonText, textOf } from "../inputs.js";
import { orRefused, quickly, target } from "../target.js";

const sha256 = "a".repeat(64);
export const manifest: ArchiveManifest = {
  format: 1,
  key: "unikernel-ci-5-solo5-x86_64-5.5.0-0123456789abcdef",
  spec: exampleSpec,
  environment: { path: [`${placeholder}/bin`], variables: { OPAMROOT: placeholder } },
  entries: [
    { kind: "folder", path: "bin" },
    { kind: "folder", path: "bin/deep" },
    { kind: "file", path: "bin/ocaml", executable: true, bytes: 400, sha256, prefixAt: [0, 200] },
    { kind: "link", path: "bin/ocamlopt", target: "ocaml" },
    { kind: "link", path: "bin/deep/absolute", target: `${placeholder}/bin/ocaml` },
  ],
};
const list = {
  format: 1,
  toolchains: [
    { key: "k", url: "k.tar.zst", sha256, bytes: 10 },
    { key: "l", url: "https://example.org/l", sha256, bytes: 1 },
  ],
};
const paths = fc
  .array(fc.constantFrom("bin", "deep", "..", ".", "", "etc", "\0", "\n", "-x", "toolchain.json"), { maxLength: 5 })
  .map((parts) => parts.join("/"));
/** Entries whose paths and targets are any. */
const entries = fc.array(
  fc.oneof(
    paths.map((path) => ({ kind: "folder", path })),
    fc
      .tuple(
        paths,
        fc.oneof(
          paths,
          paths.map((path) => `${placeholder}/${path}`),
        ),
      )
      .map(([path, to]) => ({ kind: "link", path, target: to })),
    paths.map((path) => ({ kind: "file", path, executable: false, bytes: 1, sha256 })),
  ),
  { maxLength: 8 },
);

/** Where a link of the archive leads, as the kernel would follow it, below a folder that nobody else has. */
function reached(path: string, to: string): string {
  return to.startsWith("/")
    ? posix.normalize(to.replace(placeholder, "/toolchain"))
    : posix.join("/toolchain", posix.dirname(path), to);
}

export const recordTargets = [
  target(
    "archive manifests: nothing of what is taken lies or leads outside",
    fc.oneof(
      jsonText(manifest),
      entries.map((any) => JSON.stringify({ ...manifest, entries: any })),
    ),
    (text) => {
      const taken = quickly(() => orRefused(() => parseManifest(text), BadArchive));
      const links = new Set<string>();
      for (const entry of taken?.entries ?? []) {
        expect(posix.join("/toolchain", entry.path)).toMatch(/^\/toolchain\/[^]/);
        for (let folder = posix.dirname(entry.path); folder !== "."; folder = posix.dirname(folder))
          expect(links).not.toContain(folder);
        if (entry.kind !== "link") continue;
        links.add(entry.path);
        expect(`${reached(entry.path, entry.target)}/`).toMatch(/^\/toolchain\//);
      }
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  ),
  target(
    "mirrors’ lists: read, or refused; no file of this machine",
    fc.tuple(jsonText(list), fc.constantFrom("https://mirror.example/x/", "http://mirror.example/")),
    ([text, base]) => {
      for (const { url } of quickly(() => orRefused(() => parseList("toolchains", text, new URL(base)), Problem)) ?? [])
        expect(new URL(url).protocol).not.toBe("file:");
    },
  ),
  target(
    "records of other steps are checked, whatever they are",
    fc.oneof(
      fc.jsonValue(),
      changedJson({ spec: exampleSpec, images: [{ path: "x", bytes: 1, sha256 }], commands: [] }),
    ),
    (value) => {
      for (const schema of Object.values(recordSchemas))
        expect(typeof quickly(() => v.safeParse(schema, value)).success).toBe("boolean");
    },
  ),
  target(
    "checksums: no name leads out of its artifact",
    textOf(`${sha256}  `, `${sha256} *`, `\\${sha256}  `, "../", "/", "image.hvt", "\n", "\\n", "\\\\", "\r", " "),
    (text) => {
      for (const { name } of quickly(() => parseChecksums(text)) ?? []) expect(name).not.toBe("");
    },
  ),
];
