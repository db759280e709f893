import { userInfo } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { foldersOf } from "../../../src/platform/host.js";
import { Problem } from "../../../src/platform/problem.js";

afterEach(() => vi.restoreAllMocks());

describe("folders", () => {
  it("are the runner’s if it names them", () => {
    const runner = { RUNNER_TOOL_CACHE: "/tools", RUNNER_TEMP: "/temp", GITHUB_WORKSPACE: "/work" };
    expect(foldersOf({ ...runner, HOME: "/home/me", XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s" })).toEqual({
      toolCache: "/tools/unikernel-ci",
      state: "/temp/unikernel-ci",
      temporary: "/temp",
      workspace: "/work",
    });
  });

  it.each(["", "relative/path"])("ignore the value %j", (value) => {
    const names = ["RUNNER_TOOL_CACHE", "RUNNER_TEMP", "XDG_CACHE_HOME", "XDG_STATE_HOME", "GITHUB_WORKSPACE"];
    const unset = Object.fromEntries(names.map((name) => [name, value]));
    expect(foldersOf({ ...unset, HOME: "/home/me" })).toEqual(foldersOf({ HOME: "/home/me" }));
    expect(foldersOf({ ...unset, XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s" })).toMatchObject({
      toolCache: "/c/unikernel-ci",
      state: "/s/unikernel-ci",
    });
    expect(foldersOf({ HOME: value }).toolCache).toBe(`${userInfo().homedir}/.cache/unikernel-ci`);
  });

  it("are a problem in a deleted current folder, unless the runner names the workspace", () => {
    vi.spyOn(process, "cwd").mockImplementation(() => {
      throw Object.assign(new Error("ENOENT: process.cwd failed"), { code: "ENOENT", syscall: "uv_cwd" });
    });
    expect(() => foldersOf({ HOME: "/home/me" })).toThrow(Problem);
    expect(() => foldersOf({ HOME: "/home/me" })).toThrow("the current folder no longer exists");
    expect(foldersOf({ HOME: "/home/me", GITHUB_WORKSPACE: "/work" }).workspace).toBe("/work");
  });
});
