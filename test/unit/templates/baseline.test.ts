import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { contentOf } from "../../../scripts/generate.js";

interface Workflow {
  readonly jobs: { readonly collect: { readonly steps: readonly { readonly run?: string }[] } };
}

const { jobs } = parse(contentOf(".github/workflows/unikernel.yml")) as Workflow;
const script = jobs.collect.steps.flatMap(({ run = [] }) => run).join("\n");

const reference = "someone/project/.github/workflows/ci.yml@refs/heads/x@refs";

/** Runs the step with a `gh` of these lines; none: there is no `gh`. */
function runWith(gh: string | undefined) {
  const bin = join(mkdtempSync(join(tmpdir(), "unikernel-ci-gh-")), "bin");
  mkdirSync(bin);
  if (gh !== undefined) writeFileSync(join(bin, "gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
  const env = { PATH: bin, GITHUB_REPOSITORY: "someone/project", GITHUB_WORKFLOW_REF: reference, BRANCH: "main" };
  // As GitHub's runner starts a step:
  // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
  return spawnSync("/bin/bash", ["-e", "-c", script], { env, encoding: "utf8" });
}

it.each([
  ["there is no run", "true", "There is no such run yet.\n"],
  ["the question fails", "exit 1", "There is no such run yet.\n"],
  ["there is no gh", undefined, "There is no such run yet.\n"],
  [
    "the artifacts are gone",
    'if [ "$2" = list ]; then echo 7; else exit 1; fi',
    "The artifacts of run 7 have expired.\n",
  ],
  [
    "all is there",
    'if [ "$2" = list ]; then echo 7; else echo "$*"; fi',
    "run download 7 --repo someone/project --pattern unikernel-* --dir baseline\n",
  ],
])("the report goes on when %s", (_, gh, said) => {
  const { status, stdout } = runWith(gh);
  expect([status, stdout]).toEqual([0, said]);
});

it("a run counts only as one of this workflow, for a push to the branch: a fork may call its branch the same", () => {
  const { stderr } = runWith('echo "$*" >&2');
  expect(stderr).toContain(
    "run list --repo someone/project --workflow ci.yml --branch main --event push --status success",
  );
});
