import { expect, test } from "vitest";
import { makeFolder } from "../../../src/platform/files/make-folder.js";
import { systemProblem } from "../../../src/platform/system-error.js";

const folders = {
  toolCache: "/home/me/.cache/unikernel-ci",
  state: "/temp/unikernel-ci",
  temporary: "/temp",
  workspace: "/project",
};
const errorOf = (code: string, path?: string) =>
  Object.assign(new Error(code), { code, syscall: "mkdir", ...(path && { path }) });

test.each([
  ["EACCES", "/home/me/.cache/unikernel-ci/toolchains", "permission denied", "RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)"],
  ["EROFS", "/home/me/.cache", "read-only", "RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)"],
  ["EPERM", "/temp/unikernel-ci/records", "not permitted", "RUNNER_TEMP (or XDG_STATE_HOME)"],
  ["ENOENT", "/home/me/.cache", "takes no new folders", "RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)"],
  ["ENOSPC", "/temp/proof", "no space", "RUNNER_TEMP (or TMPDIR)"],
  ["EACCES", "/project/_artifacts", "permission denied", "GITHUB_WORKSPACE (or the current folder)"],
])("%s on %s says why, and which variable sets the folder", (code, path, why, choice) => {
  const text = systemProblem(errorOf(code, path), () => folders)?.toString();
  for (const part of [path, why, choice]) expect(text).toContain(part);
});

test("a real error of the system is recognised", async () => {
  const error: unknown = await makeFolder("/dev/null/x").catch((caught: unknown) => caught);
  expect(systemProblem(error, () => folders)?.message).toBe(
    "/dev/null/x cannot be used: a part of the path is not a folder",
  );
});

test("a full disk without the name of a file is reported with the folders that we write to", () => {
  expect(
    systemProblem(errorOf("ENOSPC"), () => folders)
      ?.toString()
      .split("\n"),
  ).toEqual([
    "no space left on a disk",
    "  because    ENOSPC",
    "  do         free space on the disks of these folders: " +
      "/home/me/.cache/unikernel-ci, /temp/unikernel-ci, /temp, /project",
  ]);
});

test("any other error is a defect", () => {
  for (const error of [
    Object.assign(errorOf("ENOENT", "/x"), { syscall: "open" }),
    errorOf("EACCES"),
    new TypeError("x"),
    "x",
  ]) {
    expect(systemProblem(error, () => folders)).toBeUndefined();
  }
});
