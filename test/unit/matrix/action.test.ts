import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseInputs } from "../../../src/actions/definition.js";
import { inputs } from "../../../src/actions/interface.js";
import { allMatrixInputs, matrixInputs, sharedInputs } from "../../../src/actions/matrix-interface.js";
import { matrix, printMatrix } from "../../../src/actions/steps/matrix-step.js";
import type { StrategyMatrix } from "../../../src/matrix/strategy.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { newContext } from "../artifact/fixtures.js";

const read = (given: Readonly<Record<string, string>> = {}) => parseInputs(allMatrixInputs, (name) => given[name]);

describe("the inputs of matrix", () => {
  it("have defaults that their own parsers accept", () => {
    expect(read()).toEqual({
      targets: "",
      onUnsupported: "fail",
      group: "none",
      runsOn: {},
      maxLegs: 100,
      unikernel: undefined,
      directory: ".",
      configFile: undefined,
      buildSystem: "auto",
      lock: "auto",
      ocamlVersion: undefined,
      mirageVersion: "auto",
      solo5Version: undefined,
      ocamlSolo5Version: undefined,
      ocamlUnikraftVersion: undefined,
    });
  });

  it("do not hide inputs of other parts", () => {
    expect(Object.keys(matrixInputs).filter((name) => Object.hasOwn(inputs, name))).toEqual([]);
    for (const name of sharedInputs) expect(inputs[name].parts).toContain("setup");
  });

  it("accept every name of an architecture in runs-on", () => {
    expect(read({ "runs-on": "# ours\namd64: ubuntu-24.04\n\narm64: self-hosted, arm64" }).runsOn).toEqual({
      x86_64: ["ubuntu-24.04"],
      aarch64: ["self-hosted", "arm64"],
    });
  });

  it.each([
    ["runs-on", "ubuntu-24.04", '"ubuntu-24.04"'],
    ["runs-on", "riscv64: mine", '"riscv64: mine"'],
    ["runs-on", "arm64:", '"arm64:"'],
    ["runs-on", "arm64: a,, b", '"arm64: a,, b"'],
    ["runs-on", "arm64: a\naarch64: b", '"aarch64: b"'],
    ["max-legs", "257", '"257"'],
    ["max-legs", "0", '"0"'],
    ["group", "leg", '"leg"'],
    ["on-unsupported", "ignore", '"ignore"'],
    ["build-system", "make", '"make"'],
  ])("refuse %s: %j", (name, value, shown) => {
    expect(() => read({ [name]: value })).toThrow(`input ${name}: ${shown} is not accepted`);
  });
});

describe("matrix", () => {
  function projectWith(config: string) {
    const context = newContext();
    writeFileSync(join(context.host.folders.workspace, "config.ml"), config);
    return context;
  }

  it("plans each line for the project of its folder, and blames the line whose folder has none", async () => {
    const context = projectWith("");
    const { workspace } = context.host.folders;
    for (const folder of ["old", "new"]) mkdirSync(join(workspace, folder));
    writeFileSync(join(workspace, "old/config.ml"), "(* mirage >= 4.9 & < 4.10 *)\nopen Mirage\n");
    writeFileSync(join(workspace, "new/config.ml"), "(* mirage >= 4.11 *)\nopen Mirage\n");
    const printed: string[] = [];
    const lines = (targets: string) => printMatrix(context, read({ targets }), (text) => printed.push(text), false);
    await lines("hvt x86_64 directory=old\nhvt x86_64 directory=new");
    expect(printed.join("").match(/mirage [\d.]+/g)).toEqual(["mirage 4.9.0", "mirage 4.11.2"]);
    await expect(lines("hvt x86_64 directory=new\nhvt x86_64 directory=gone")).rejects.toMatchObject({
      facts: {
        because: [expect.stringContaining("line 2, gone: hvt x86_64: input directory: there is no folder gone")],
      },
    });
  });

  it("sets the matrix, and reports its table and the skipped legs", async () => {
    const context = projectWith("(* mirage >= 4.9 & < 4.10 *)\nopen Mirage\n");
    const runner = collectingRunner();
    const given = read({ targets: "hvt x86_64\nvirtio arm64", "on-unsupported": "skip", unikernel: "www" });
    expect(await matrix(context, given, runner)).toBe(true);
    const { include } = JSON.parse(runner.outputs["matrix"] ?? "") as StrategyMatrix;
    expect(include).toMatchObject([{ name: "hvt x86_64", "artifact-name": "unikernel-www-hvt-x86_64" }]);
    expect(runner.outputs["matrix"]).not.toContain("\n");
    expect(runner.summaries).toEqual([expect.stringContaining("mirage 4&#46;9&#46;0")]);
    expect(context.logged()).toContain("hvt x86_64");
    expect(context.logged()).toContain("Notice: skipped: line 2, virtio aarch64");
  });

  it("prints a table, or the JSON of the output", async () => {
    const context = projectWith("open Mirage\n");
    const print = async (group: string, asJson: boolean) => {
      const printed: string[] = [];
      await printMatrix(
        context,
        read({ targets: "hvt x86_64\nspt x86_64", group }),
        (text) => void printed.push(text),
        asJson,
      );
      return printed.join("");
    };
    expect(await print("none", false)).toMatch(
      /^leg .*\nhvt x86_64 .*\nspt x86_64 .*\n\ntoolchain .*legs\nsolo5 x86_64: [^]* hvt x86_64, [^]*\n$/,
    );
    expect((JSON.parse(await print("none", true)) as StrategyMatrix).include).toHaveLength(2);
    expect((JSON.parse(await print("toolchain", true)) as StrategyMatrix).include).toHaveLength(1);
  });
});
