import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram, searchPath } from "../../../../src/platform/process/programs.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  for (const name of ["a", "b"]) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(path: string, mode = 0o755): string {
  writeFileSync(join(folder, path), "");
  chmodSync(join(folder, path), mode);
  return join(folder, path);
}
const path = () => `${join(folder, "a")}::${join(folder, "b")}`;

test("the first match on the search path is used", () => {
  const first = program("a/qemu");
  program("b/qemu");
  expect(findProgram("qemu", path())).toBe(first);
});

test("files that are not executable, folders and dead links are skipped", () => {
  program("a/qemu", 0o644);
  expect(findProgram("qemu", path())).toBeUndefined();
  mkdirSync(join(folder, "a/dir"));
  symlinkSync("/nowhere", join(folder, "a/link"));
  expect(findProgram("link", path())).toBeUndefined();
  const second = program("b/dir");
  expect(findProgram("dir", path())).toBe(second);
});

test("an absolute path is not searched for", () => {
  const it = program("a/qemu");
  expect(findProgram(it, "")).toBe(it);
  expect(findProgram(`${it}-not`, path())).toBeUndefined();
});

test("an empty search path finds no program, not even in the current folder", () => {
  expect(findProgram("package.json", "")).toBeUndefined();
  expect(findProgram("sh", undefined)).toBeUndefined();
});

test.each([
  [["/a", "/b"], "/usr/bin:/bin", ["/sbin"], "/a:/b:/usr/bin:/bin:/sbin"],
  [["/a"], "", [], "/a"],
  [["/a"], undefined, [], "/a"],
  [[], undefined, [], ""],
])(
  "folders %j before PATH %j and %j after it make a search path without empty parts",
  (front, PATH, behind, expected) => {
    expect(searchPath(front, { PATH }, behind)).toBe(expected);
  },
);
