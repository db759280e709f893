import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  copyInside,
  holdPlace,
  openInside,
  readInside,
  removeInside,
  touchInside,
  writeInside,
} from "../../../../src/platform/files/inside.js";
import { treeHash } from "../../../tree-hash.js";

let root: string;
let folder: string;
let outside: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "unikernel-ci-inside-"));
  folder = join(root, "folder");
  outside = join(root, "outside");
  mkdirSync(join(folder, "a/b"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, "file"), "outside");
  symlinkSync("../../../outside", join(folder, "a/b/out"));
  symlinkSync("../outside/file", join(folder, "link"));
});
afterEach(() => rmSync(root, { recursive: true }));

it("files in a folder are written, read, copied and removed", async () => {
  writeInside(folder, "a/b/file", "one", 0o640);
  expect(await readInside(folder, "a/b/file")).toBe("one");
  expect(statSync(join(folder, "a/b/file")).mode & 0o777).toBe(0o640);
  copyInside(join(outside, "file"), folder, "a/b/file");
  expect(await readInside(folder, "a/b/file")).toBe("outside");
  touchInside(folder, "a/b/file");
  expect(readdirSync(join(folder, "a/b")).sort()).toEqual(["file", "out"]);
  removeInside(folder, "a/b");
  expect(readdirSync(join(folder, "a"))).toEqual([]);
  await expect(readInside(folder, "a/b/file")).rejects.toThrow(`ENOENT: no such file or directory, open '${folder}/a/`);
});

it.each(["a/b/out/file", "../outside/file", "a/../../outside/file", "/outside/file", "a//b", "", "."])(
  "a path of %s reaches nothing outside the folder",
  async (path) => {
    const before = treeHash(root);
    const refused = /is not (in a folder|a path in)/;
    await expect(readInside(folder, path)).rejects.toThrow(refused);
    expect(() => writeInside(folder, path, "x")).toThrow(refused);
    expect(() => copyInside("/etc/hostname", folder, path)).toThrow(refused);
    expect(() => removeInside(folder, path)).toThrow(refused);
    expect(() => holdPlace(folder, path)).toThrow(refused);
    // A link in place of a file, and of the folder itself.
    expect(() => touchInside(folder, "link")).toThrow("folder/link is a link");
    symlinkSync("folder", join(root, "other"));
    expect(() => writeInside(join(root, "other"), "file", "x")).toThrow("is not in a folder");
    rmSync(join(root, "other"));
    expect(treeHash(root)).toBe(before);
  },
);

it("a link is replaced by what is written or copied, and not followed", () => {
  writeInside(folder, "link", "inside");
  expect(readFileSync(join(folder, "link"), "utf8")).toBe("inside");
  removeInside(folder, "link");
  symlinkSync("../outside/file", join(folder, "link"));
  copyInside("/etc/hostname", folder, "link");
  removeInside(folder, "a/b/out");
  expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
});

it("folders of a path are made in the folder, but not behind a link", () => {
  writeInside(folder, "a/new/deep/file", "x");
  expect(readFileSync(join(folder, "a/new/deep/file"), "utf8")).toBe("x");
  expect(() => writeInside(folder, "a/b/out/new/file", "x")).toThrow("is not in a folder");
  expect(readdirSync(outside)).toEqual(["file"]);
});

it("a pipe, a folder and a device are no files to read", () => {
  execFileSync("mkfifo", [join(folder, "pipe")]);
  for (const name of ["pipe", "a"]) expect(() => openInside(folder, name)).toThrow("is not a regular file");
  expect(() => openInside("/dev", "zero")).toThrow("is not a regular file");
});

it("a folder that is replaced while it is held leads nowhere else", () => {
  const place = holdPlace(folder, "a/b/file");
  rmSync(join(folder, "a/b"), { recursive: true });
  symlinkSync(outside, join(folder, "a/b"));
  expect(() => writeFileSync(place.path, "x")).toThrow("ENOENT");
  place.close();
  expect(readFileSync(join(outside, "file"), "utf8")).toBe("outside");
  closeSync(openInside(outside, "file"));
});
