import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bundledCommandLine } from "../../bundled.js";
import { folderWith } from "../project/fixtures.js";

async function cli(...args: string[]): Promise<{ readonly status: number | null; readonly said: string }> {
  const cwd = await folderWith({ "dune-project": "(lang dune 3.0)" });
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundledCommandLine(), ...args], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd },
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

describe("an argument that is given twice", () => {
  it("of a list adds to it", async () => {
    const lines = ["hvt x86_64", "spt aarch64"];
    const { said } = await cli("matrix", ...lines, "--runs-on", "x86_64: one", "--runs-on", "aarch64: two", "--json");
    const { include } = JSON.parse(said) as { include: readonly { "runs-on": string }[] };
    expect(include.map((job) => job["runs-on"])).toEqual(["one", "two"]);
  });

  it.each([
    [["boot", "--target", "hvt", "--target", "spt"], "option '--target <value>' argument 'spt' is invalid"],
    [["explain", "log", "--exit-code", "0", "--exit-code", "1"], "'--exit-code <status>' argument '1' is invalid"],
    [["toolchain", "pack", "a", "--to", "b", "--to", "c"], "'--to <folder>' argument 'c' is invalid"],
    [["boot", "a.hvt", "--image", "b.hvt"], "--image says b.hvt, and another argument says a.hvt"],
    [["boot", "a.hvt", "--self-test", "--check", "boot"], "--check says boot, and another argument says help"],
    [["release", "a", "--folder", "b"], "--folder says b, and another argument says a"],
    [["explain", "a.log", "b.log"], "too many arguments"],
  ])("otherwise it is refused: %j", async (args, words) => {
    const { status, said } = await cli(...args);
    expect(said).toContain(words);
    expect(status).toBe(2);
  });
});
