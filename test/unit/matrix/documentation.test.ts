import { expect, it } from "vitest";
import { parse } from "yaml";
import { contentOf } from "../../../scripts/generate.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { allMatrixInputs } from "../../../src/actions/matrix-interface.js";
import { planMatrix } from "../../../src/matrix/plan-matrix.js";
import { type LegJob, strategyMatrix } from "../../../src/matrix/strategy.js";
import { matrixLines } from "../../../src/matrix/table.js";
import { mirage } from "./fixtures.js";

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly with?: Readonly<Record<string, string>> }[] }>
  >;
}

const text = contentOf("docs/matrix.md");
const [workflowText = "", planText = "", runnersText = ""] = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(
  ([, body = ""]) => body,
);
const { jobs } = parse(workflowText) as Workflow;
const plan = planMatrix(
  parseInputs(allMatrixInputs, (name) => jobs["plan"]?.steps[1]?.with?.[name]),
  mirage,
);

it("the plan in the documentation is that of its workflow", () => {
  expect(planText.trimEnd().split("\n")).toEqual(matrixLines(plan));
});

it("the documentation describes every key of a leg, and uses no other", () => {
  const keys = Object.keys(strategyMatrix(plan, "none").include[0] as LegJob);
  expect([...workflowText.matchAll(/matrix\.([\w-]+) \}\}/g)].map(([, key]) => key)).toEqual(
    expect.arrayContaining(["name", "runs-on"]),
  );
  for (const [, key = ""] of workflowText.matchAll(/\$\{\{ matrix\.([\w-]+) \}\}/g)) expect(keys).toContain(key);
  const table = text.slice(text.indexOf("## What a leg has"), text.indexOf("## Which runner"));
  for (const key of keys) expect(table).toContain(`\`${key}\``);
});

it("the runners in the documentation are accepted", () => {
  const given = parse(runnersText) as Readonly<Record<string, string>>;
  expect(parseInputs(allMatrixInputs, (name) => given[name]).runsOn).toEqual({
    x86_64: ["ubuntu-24.04"],
    aarch64: ["self-hosted", "linux", "arm64"],
  });
});
