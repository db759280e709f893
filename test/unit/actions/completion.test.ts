import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { program } from "../../../src/actions/command-line.js";
import { completionScript, shells } from "../../../src/actions/completion.js";
import { targetNames } from "../../../src/targets/targets.js";

/** What bash offers at the end of a command line, whose words it has split. */
function offered(...words: readonly string[]): string[] {
  const script = [
    completionScript("bash", program),
    'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
    "_unikernel_ci",
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  const text = execFileSync("bash", ["--norc", "-c", script, "bash", "unikernel-ci", ...words], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

describe("bash completes", () => {
  it("commands, also those of a command", () => {
    expect(offered("bo")).toEqual(["boot"]);
    expect(offered("")).toEqual(expect.arrayContaining(["init", "doctor", "run", "completion"]));
    expect(offered("")).not.toContain("action");
    expect(offered("toolchain", "")).toEqual(expect.arrayContaining(["list", "pack"]));
    expect(offered("--json", "toolchain", "ver")).toEqual(["verify"]);
  });

  it("the options of a command", () => {
    expect(offered("boot", "--tim")).toEqual(["--timeout"]);
    expect(offered("build", "--tim")).toEqual([]);
    expect(offered("matrix", "--targets")).toEqual(["--targets"]);
    expect(offered("--vers")).toEqual(["--version"]);
  });

  it("the values of closed lists", () => {
    expect(offered("run", "--target", "")).toEqual([...targetNames]);
    expect(offered("run", "--target", "uni")).toEqual(targetNames.filter((name) => name.startsWith("uni")));
    expect(offered("run", "--target", "=", "sp")).toEqual(["spt"]);
    expect(offered("run", "--target", "=")).toEqual([...targetNames]);
    expect(offered("setup", "--slim", "f")).toEqual(["false"]);
    expect(offered("init", "--forge", "gitl")).toEqual(["gitlab"]);
    expect(offered("completion", "")).toEqual([...shells]);
  });

  it("files where anything else is expected", () => {
    expect(offered("run", "--directory", "")).toEqual([]);
    expect(offered("explain", "")).toEqual([]);
  });
});

it.each(shells)("the script for %s has all commands and none of their quotes is open", (shell) => {
  const script = completionScript(shell, program);
  for (const { name } of program.commands.map((one) => ({ name: one.name() })))
    if (name !== "action") expect(script).toContain(name);
  for (const line of script.split("\n").filter((one) => !one.startsWith("#")))
    expect([line, (line.match(/'/g) ?? []).length % 2]).toEqual([line, 0]);
});
