import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { errorOf, exitCodeOf } from "../../../src/actions/command-output.js";
import { Problem, WrongUse } from "../../../src/platform/problem.js";
import { bundledCommandLine } from "../../bundled.js";
import { folderWith } from "../project/fixtures.js";

const base = { failure: undefined, logged: undefined, value: {}, exitCode: 1 };

describe("the error of --json", () => {
  it("has the sentence and remedy of the problem that ended the command", () => {
    const failure = new Problem("opam is missing", { because: "nobody installed it", do: ["install it", "or do not"] });
    expect(errorOf({ ...base, failure })).toEqual({
      reason: "failed",
      sentence: "opam is missing",
      because: "nobody installed it",
      remedy: "install it\nor do not",
      exitCode: 1,
    });
  });

  it("has what would be accepted where nothing else is the remedy", () => {
    const failure = new WrongUse("input target: no", { accepted: "hvt, spt" });
    expect(errorOf({ ...base, failure, exitCode: 2 })).toMatchObject({ reason: "wrong-use", remedy: "hvt, spt" });
  });

  it("has the reason of the verdict, and the words of the log", () => {
    const logged = new Problem("www.hvt failed: timeout", {
      do: "raise `timeout`\nor wait",
      again: "again",
    }).toString();
    const value = { verdict: "failed", "verdict-reason": "timeout" };
    expect(errorOf({ ...base, logged, value })).toEqual({
      reason: "timeout",
      sentence: "www.hvt failed: timeout",
      remedy: "raise `timeout`\nor wait",
      exitCode: 1,
    });
  });

  it("says when it is a bug of ours", () => {
    expect(errorOf({ ...base, failure: new TypeError("x"), logged: "this is a bug" })).toMatchObject({ reason: "bug" });
  });
});

describe("the exit status of a failed boot", () => {
  it.each([
    [
      3,
      [
        ["failed", "accelerator"],
        ["passed", "ready"],
      ],
    ],
    [
      1,
      [
        ["failed", "accelerator"],
        ["failed", "timeout"],
      ],
    ],
    [1, [["failed", "exception"]]],
    [1, []],
  ])("is %d for %j", (status, judged) => {
    const verdicts = JSON.stringify(judged.map(([verdict, reason]) => ({ verdict, reason })));
    expect(exitCodeOf({ verdicts })).toBe(status);
  });

  it("is 1 where no image was judged", () => {
    expect(exitCodeOf({})).toBe(1);
  });
});

describe("standard output with --json", () => {
  it.each([
    [["matrix", "sptt x86_64"], 2, "wrong-use", "is not a target; did you mean spt?"],
    [["boot", "a.hvt", "--target", "virtoi"], 2, "wrong-use", "did you mean virtio?"],
    [["boot", "a.hvt", "--tarrget", "hvt"], 2, "wrong-use", "unknown option '--tarrget'"],
    [["boto"], 2, "wrong-use", "unknown command 'boto'"],
    [["toolchain", "verify", "nothing"], 1, "failed", "this machine has no toolchain nothing"],
    [["explain", "console"], 1, "exception", "uncaught exception"],
  ])("is one value with the error: %j", async (args, status, reason, words) => {
    const cwd = await folderWith({
      "dune-project": "(lang dune 3.0)",
      console: "Fatal error: exception Not_found\nsolo5_exit(2) called\n[exit=2]\n",
    });
    const ended = spawnSync(process.execPath, [bundledCommandLine(), "--json", ...args], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: cwd },
      encoding: "utf8",
    });
    const { error } = JSON.parse(ended.stdout) as { error: Readonly<Record<string, unknown>> };
    expect(JSON.stringify(error)).toContain(words);
    expect(error).toMatchObject({ reason, exitCode: status });
    expect(ended.status).toBe(status);
  });

  it("is one value without an error when the command succeeds", async () => {
    const cwd = await folderWith({ "dune-project": "(lang dune 3.0)" });
    const ended = spawnSync(process.execPath, [bundledCommandLine(), "toolchain", "clean", "--json"], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: cwd },
      encoding: "utf8",
    });
    expect(JSON.parse(ended.stdout)).toEqual({});
    expect(ended.stderr).toContain("no unfinished builds");
    expect(ended.status).toBe(0);
  });
});
