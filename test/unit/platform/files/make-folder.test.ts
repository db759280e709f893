import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "../../../../src/platform/files/make-folder.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

it("is made with those above it, by any number at once, and may be there", async () => {
  const path = join(folder, "a/b/c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(folder, "a/d"))]);
  await makeFolder(path);
  await makeFolder("/");
  expect(statSync(path).isDirectory()).toBe(true);
});

it("may be behind a link, but is not made where a file or a dead link is", async () => {
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  await makeFolder(join(folder, "link/a"));
  expect(statSync(join(folder, "real/a")).isDirectory()).toBe(true);
  writeFileSync(join(folder, "file"), "");
  await expect(makeFolder(join(folder, "file"))).rejects.toThrow("EEXIST");
  await expect(makeFolder(join(folder, "file/a"))).rejects.toThrow("ENOTDIR");
  symlinkSync("nowhere", join(folder, "dead"));
  await expect(makeFolder(join(folder, "dead"))).rejects.toThrow("EEXIST");
});

it("comes to an end where the file system takes no new folders", async () => {
  await expect(makeFolder("/proc/.cache/unikernel-ci/toolchains")).rejects.toThrow("ENOENT");
});

it("is made while another run removes it", async () => {
  const path = join(folder, "out");
  for (let turn = 0; turn < 1_000; turn++)
    await Promise.all(
      [1, 2, 3].flatMap(() => [makeFolder(path), rm(path, { recursive: true, force: true, maxRetries: 5 })]),
    );
});
