// What our own workflows keep to; test/e2e/lint.test.ts lints them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root, textOf } from "../documentation.js";

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

const files = readdirSync(join(root, ".github/workflows")).map((name) => `.github/workflows/${name}`);
const workflow = (file: string) => parse(textOf(file)) as Workflow;
const stepsOf = (file: string, job: string) => workflow(file).jobs[job]?.steps ?? [];

describe.each(files)("%s", (file) => {
  it("pins every action of others by a full commit", () => {
    const used = Object.values(workflow(file).jobs).flatMap(({ steps = [] }) =>
      steps.flatMap(({ uses }) => uses ?? []),
    );
    for (const action of used.filter((name) => !/^(\.|\$)\//.test(name))) expect(action).toMatch(/@[0-9a-f]{40}$/);
  });

  it("is given no right that none of its jobs asks for", () => {
    expect([{}, { contents: "read" }]).toContainEqual(workflow(file).permissions);
  });
});

it.each([
  [".github/workflows/ci.yml", "generated"],
  [".github/workflows/release.yml", "check"],
])("%s goes on with no dist/ that the sources do not give", (file, job) => {
  const runs = stepsOf(file, job).map(({ run = "" }) => run.trim());
  const install = runs.findIndex((run) => run.startsWith("npm ci"));
  expect(install).toBeGreaterThan(-1);
  expect(runs.slice(install)).toContain("make check-dist");
});
