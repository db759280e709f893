import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collectingRunner, gitHubRunner, readableOutputs } from "../../../../src/platform/runner/github.js";

describe("the runner of Actions", () => {
  let folder = "";
  const file = (name: string) => readFileSync(join(folder, name), "utf8");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    for (const name of ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"]) {
      writeFileSync(join(folder, name), "");
      vi.stubEnv(`GITHUB_${name}`, join(folder, name));
    }
  });
  afterEach(() => void vi.unstubAllEnvs());

  it("keeps a value with line feeds one output", () => {
    gitHubRunner(process.env).setOutput("image", "a\nverdict=passed");
    expect(file("OUTPUT")).toMatch(/^image<<(unikernel-ci-\S+)\na\nverdict=passed\n\1\n$/);
  });

  it("keeps a value with line feeds one variable", () => {
    vi.stubEnv("FLAGS", "");
    gitHubRunner(process.env).exportVariable("FLAGS", "a\nPATH=/evil");
    expect(file("ENV")).toMatch(/^FLAGS<<(unikernel-ci-\S+)\na\nPATH=\/evil\n\1\n$/);
  });

  it("keeps a value with line feeds one state", () => {
    gitHubRunner(process.env).saveState("caches", "a\nisPost=no");
    expect(file("STATE")).toMatch(/^caches<<(unikernel-ci-\S+)\na\nisPost=no\n\1\n$/);
  });

  it.each(["A\nB", "A=B", "A<<B", "", "A B", "1"])(
    "takes no variable whose name could be more than a name: %j",
    (name) => {
      expect(() => gitHubRunner(process.env).exportVariable(name, "x")).toThrow("no variable with this name");
      expect(file("ENV")).toBe("");
    },
  );

  it.each(["/a\n/evil", "/a\r/evil"])("takes no folder of PATH that could be two: %j", (folder) => {
    expect(() => gitHubRunner(process.env).addPath(folder)).toThrow("no folder of PATH with this name");
    expect(file("PATH")).toBe("");
  });

  it("appends to the summary", async () => {
    const runner = gitHubRunner(process.env);
    await runner.appendSummary("one");
    await runner.appendSummary("two");
    expect(file("STEP_SUMMARY")).toBe("one\ntwo\n");
  });

  it("accepts a runner without a summary", async () => {
    await expect(gitHubRunner({}).appendSummary("one")).resolves.toBeUndefined();
  });
});

describe("the runner of the command line", () => {
  it("keeps the results of a step", async () => {
    const runner = collectingRunner();
    runner.setOutput("image", "www.hvt");
    runner.setOutput("artifact-id", "");
    runner.exportVariable("OPAMROOT", "/x");
    runner.addPath("/first");
    runner.addPath("/second");
    await runner.appendSummary("# s");
    runner.saveState("build", "{}");
    expect(runner).toMatchObject({
      outputs: { image: "www.hvt" },
      variables: { OPAMROOT: "/x" },
      path: ["/second", "/first"],
      summaries: ["# s"],
      states: { build: "{}" },
    });
    expect(readableOutputs(runner.outputs)).toEqual(["image  www.hvt"]);
  });
});
