import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { contentOf, generatedFiles } from "../../../scripts/generate.js";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { inputs, parts } from "../../../src/actions/interface.js";
import { matrixInputs } from "../../../src/actions/matrix-interface.js";
import { releaseInputs } from "../../../src/actions/release-interface.js";
import { type Workflow, actionOf, outputsRead, partOf, unknownInputs } from "./workflow.js";

interface Called extends Workflow {
  readonly on: {
    readonly workflow_call: {
      readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: unknown }>>;
      readonly outputs: Readonly<Record<string, { readonly value: string }>>;
    };
  };
}

const textOf = (name: string) => generatedFiles().get(`.github/workflows/${name}.yml`) ?? "";
const called = (name: string) => parse(textOf(name)) as Called;
const inputsOf = (name: string) => called(name).on.workflow_call.inputs;
const ofOurs: Readonly<Record<string, { readonly default: string }>> = {
  ...releaseInputs,
  ...collectInputs,
  ...matrixInputs,
  ...inputs,
};

describe.each(["unikernel", "unikernel-release"])("the reusable workflow %s", (name) => {
  it("says nothing to a part that this does not take", () => expect(unknownInputs(called(name))).toEqual([]));

  it("reads no output that is not there", () => {
    const read = outputsRead(called(name));
    expect(read).not.toEqual([]);
    expect(read.filter(({ isThere }) => !isThere)).toEqual([]);
    for (const { value } of Object.values(called(name).on.workflow_call.outputs)) {
      const [, job = "", output = ""] = /^\$\{\{ jobs\.(\w+)\.outputs\.([\w-]+) \}\}$/.exec(value) ?? [];
      expect(called(name).jobs[job]?.outputs, value).toHaveProperty(output);
    }
  });

  it("has the defaults of the parts", () => {
    for (const [input, { required, default: value }] of Object.entries(inputsOf(name))) {
      const usual = ofOurs[input];
      if (usual === undefined) expect(["timeout-minutes", "report-name", "attest"]).toContain(input);
      else if (required !== true) expect(String(value), input).toBe(usual.default);
    }
  });

  it("reads every input that it has, and no other", () => {
    const read = [...textOf(name).matchAll(/\binputs\.([\w-]+)/g)].map(([, input]) => input);
    expect([...new Set(read)].sort()).toEqual(Object.keys(inputsOf(name)).sort());
  });

  it("takes the least permissions, and ends", () => {
    expect(called(name).permissions).toEqual({});
    for (const job of Object.values(called(name).jobs)) {
      expect(job.permissions).toBeDefined();
      expect(job["timeout-minutes"]).toBeDefined();
    }
  });

  it("is, beside its inputs, as a person wrote it", () => {
    expect(
      parseDocument(textOf(name)).toString({ lineWidth: 0, singleQuote: true, flowCollectionPadding: false }),
    ).toBe(textOf(name));
  });
});

it("what a part takes is decided by the leg or by an input of the reusable workflow", () => {
  const steps = Object.values(called("unikernel").jobs).flatMap(({ steps: all = [] }) => all);
  for (const part of [...parts, "matrix"]) {
    const said = Object.keys(steps.find((step) => partOf(step) === part)?.with ?? {});
    const left = Object.keys(actionOf(part).inputs).filter((name) => !said.includes(name));
    // A job for each leg; and the report is made of the artifacts.
    expect([part, left]).toEqual([part, { matrix: ["group"], publish: ["artifact"] }[part] ?? []]);
  }
});

it("only the release has the right to write", () => {
  const rights = Object.values(called("unikernel").jobs).flatMap(
    ({ permissions }) => Object.values(permissions as object) as string[],
  );
  expect(new Set(rights)).toEqual(new Set(["read"]));
  expect(called("unikernel-release").jobs["release"]?.permissions).toEqual({
    contents: "write",
    "id-token": "write",
    attestations: "write",
  });
});

describe("the release is attested", () => {
  interface Run {
    readonly id?: string;
    readonly uses?: string;
    readonly if?: string;
    readonly run?: string;
  }
  const steps = called("unikernel-release").jobs["release"]?.steps as readonly Run[];
  const [script = ""] = steps.flatMap(({ id, run }) => (id === "attest" && run !== undefined ? [run] : []));

  /** Runs the step's script as a runner does, with a `gh` that answers this. */
  function decide(attest: string, gh: string) {
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-attest-"));
    try {
      const output = join(folder, "output");
      writeFileSync(join(folder, "gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
      const { status, stdout } = spawnSync("bash", ["-e", "-c", script], {
        env: {
          PATH: `${folder}:${process.env["PATH"] ?? ""}`,
          ...{ ATTEST: attest, GITHUB_OUTPUT: output, GITHUB_REPOSITORY: "someone/www" },
        },
        encoding: "utf8",
      });
      return { status, stdout, output: existsSync(output) ? readFileSync(output, "utf8") : "" };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it.each([
    ["true", "echo private", "true"],
    ["false", "echo public", "false"],
    ["auto", "echo public", "true"],
    ["auto", "exit 1", "true"],
    ["auto", "echo private", "false"],
    ["auto", "echo internal", "false"],
  ])("with attest: %s, where the API answers by `%s`: %s", (attest, gh, expected) => {
    const { status, stdout, output } = decide(attest, gh);
    expect([status, output]).toEqual([0, `attest=${expected}\n`]);
    expect(stdout.includes("::notice::")).toBe(attest === "auto" && expected === "false");
  });

  it("and refuses another word", () =>
    expect(decide("yes", "echo public")).toMatchObject({
      status: 1,
      output: "",
      stdout: "::error::input attest accepts auto, true, false\n",
    }));

  it("only if that is the decision", () => {
    const attesting = steps.filter(({ uses = "" }) => uses.startsWith("actions/attest@"));
    expect(attesting).toHaveLength(2);
    for (const step of attesting) expect(step.if).toBe("${{ steps.attest.outputs.attest == 'true' }}");
  });
});

describe("the workflow in docs/reusable-workflow.md", () => {
  interface Call {
    readonly uses: string;
    readonly permissions: Readonly<Record<string, string>>;
    readonly with?: Readonly<Record<string, unknown>>;
  }
  const [, text = ""] = /^```yaml\n(.*?)^```$/ms.exec(contentOf("docs/reusable-workflow.md")) ?? [];
  const { jobs } = parse(text) as { readonly jobs: Readonly<Record<string, Call>> };

  it("calls both, gives inputs that are there, and grants what their jobs have, no more", () => {
    const names = Object.values(jobs).map(({ uses, permissions, with: given = {} }) => {
      const [, name = ""] = /^[\w-]+\/unikernel-ci\/\.github\/workflows\/([\w-]+)\.yml@/.exec(uses) ?? [];
      expect(Object.keys(inputsOf(name))).toEqual(expect.arrayContaining(Object.keys(given)));
      const needed = Object.values(called(name).jobs).flatMap((job) => Object.entries(job.permissions as object));
      expect(permissions).toEqual(Object.fromEntries(needed));
      return name;
    });
    expect(names).toEqual(["unikernel", "unikernel-release"]);
  });
});
