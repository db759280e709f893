import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { contentOf } from "../../../scripts/generate.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { releaseInputs, releaseOutputs } from "../../../src/actions/release-interface.js";
import { release } from "../../../src/actions/steps/release-step.js";
import { partUsed } from "../../../src/init/adapt.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { newContext } from "../artifact/fixtures.js";

const read = (given: Readonly<Record<string, string>> = {}) => parseInputs(releaseInputs, (name) => given[name]);

describe("the inputs of release", () => {
  it("have defaults that their own parsers accept", () => {
    expect(read()).toEqual({
      folder: "artifacts",
      tag: undefined,
      repository: undefined,
      token: "",
      notes: "",
      requireVerdict: "not-failed",
      draft: false,
      signer: "repository",
    });
  });

  it.each([
    ["repository", "www"],
    ["repository", "a/b/../c"],
    ["require-verdict", "failed"],
    ["draft", "maybe"],
    ["signer", "somebody"],
  ])("refuse %s: %j", (name, value) => {
    expect(() => read({ [name]: value })).toThrow(`input ${name}: "${value}" is not accepted`);
  });
});

describe("release", () => {
  const run = (given: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>>) =>
    release(newContext(environment), read(given), collectingRunner());
  const repository = { GITHUB_REPOSITORY: "someone/www" };

  it("does not release a branch", async () => {
    const onBranch = { ...repository, GITHUB_REF_TYPE: "branch", GITHUB_REF_NAME: "v1.2.3" };
    await expect(run({ token: "x" }, onBranch)).rejects.toThrow("no tag is set");
  });

  it("names a missing token or repository", async () => {
    await expect(run({ tag: "v1.2.3" }, repository)).rejects.toThrow("no token is set");
    await expect(run({ tag: "v1.2.3", token: "x" }, {})).rejects.toThrow("no repository is set");
    await expect(run({ tag: "v1.2.3", token: "x", signer: "action" }, repository)).rejects.toThrow(
      "needs GITHUB_ACTION_REPOSITORY",
    );
  });
});

describe("the workflow in docs/releases.md", () => {
  interface Step {
    readonly id?: string;
    readonly uses: string;
    readonly with?: Readonly<Record<string, string>>;
  }
  const text = contentOf("docs/releases.md");
  const workflow = parse(/^```yaml\n(.*?)^```$/ms.exec(text)?.[1] ?? "") as {
    jobs: { release: { steps: readonly Step[] } };
  };
  const { steps } = workflow.jobs.release;
  const ours = steps.filter(({ uses }) => partUsed(uses) === "release");

  it("gives inputs that are there, and reads outputs that are there", () => {
    expect(ours.map(({ with: given = {} }) => read(given).draft)).toEqual([true, false]);
    for (const { with: given = {} } of ours)
      expect(Object.keys(releaseInputs)).toEqual(expect.arrayContaining(Object.keys(given)));
    const outputs = [...text.matchAll(/steps\.draft\.outputs\.([\w-]+)/g)].map(([, name]) => name);
    expect(outputs).not.toEqual([]);
    expect(Object.keys(releaseOutputs)).toEqual(expect.arrayContaining(outputs));
  });

  it("pins the actions of others to commits", () => {
    const others = steps.filter((step) => !ours.includes(step));
    expect(others).toHaveLength(3);
    for (const { uses } of others) expect(uses).toMatch(/@[0-9a-f]{40}$/);
  });
});
