import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeOpamRepository } from "../integration/opam-repository.js";
import { type JobRun, type PreparedRepository, type WorkflowRun, prepareRepository, runWorkflow } from "./harness.js";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-e2e-"));
const opamRepository = writeOpamRepository(join(folder, "opam-repository"));

/** What a caller writes: a matrix over two architectures, with a toolchain for each, and one leg without any. */
const workflow = `
name: unikernel
on: push
jobs:
  unikernel:
    runs-on: ubuntu-24.04
    strategy:
      fail-fast: false
      matrix:
        include:
          - { target: virtio, arch: x86_64, directory: hello }
          - { target: spt, arch: aarch64, directory: hello }
          - { target: unikraft-qemu, arch: aarch64, directory: bare, ocaml: none }
    steps:
      - uses: actions/checkout@v7
      - id: unikernel
        uses: unikernel-ci/unikernel-ci@v1
        with:
          target: \${{ matrix.target }}
          arch: \${{ matrix.arch }}
          directory: \${{ matrix.directory }}
          build-system: command
          build-command: ./build.sh
          ocaml-version: \${{ matrix.ocaml }}
          opam-repositories: 'test: ${opamRepository}'
          accelerator: tcg
          expect: Hello
      - if: \${{ always() }}
        env: { VERDICT: '\${{ steps.unikernel.outputs.verdict }}', HIT: '\${{ steps.unikernel.outputs.cache-hit }}' }
        run: echo "outputs are verdict=$VERDICT hit=$HIT"
`;

const hello = {
  "hello/hello.ml": 'let () = print_endline "Hello-from-a-workflow"\n',
  "hello/build.sh": `#!/bin/sh
exec ocamlfind -toolchain solo5 ocamlopt -cclib "-z solo5-abi=$TARGET" hello.ml -o "$OUT/hello.$TARGET"
`,
  "bare/build.sh": `#!/bin/sh
exec make -s -C '${root}/examples/bare' ARCH="$ARCH" OUT="$OUT"
`,
};

let repository: PreparedRepository;

beforeAll(async () => {
  repository = await prepareRepository({ from: root, files: { ".github/workflows/ci.yml": workflow, ...hello } });
  execFileSync("chmod", ["+x", "hello/build.sh", "bare/build.sh"], { cwd: repository.folder });
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qam", "Scripts run"], {
    cwd: repository.folder,
  });
});

afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A toolchain is restored to where it was built: the same path on every machine, as on hosted runners. */
const machine = join(folder, "runner");

function run(attempt: string, cacheService: "v1" | "v2"): Promise<WorkflowRun> {
  return runWorkflow({
    repository,
    workflow: ".github/workflows/ci.yml",
    cachePath: join(folder, `caches-${cacheService}`),
    artifactPath: join(folder, `artifacts-${attempt}`),
    runnerPath: machine,
    cacheService,
  });
}

function leg(run: WorkflowRun, target: string): JobRun {
  const job = run.jobs.find(({ matrix }) => matrix["target"] === target);
  if (job === undefined) throw new Error(`no leg for ${target}\n${run.log}`);
  return job;
}

const outputsOf = (job: JobRun) =>
  job.steps.find(({ id, stage }) => id === "unikernel" && stage === "Main")?.outputs ?? {};

describe.each(["v1", "v2"] as const)("the action in a workflow, with a cache service of %s", (cacheService) => {
  let cold: WorkflowRun;

  test("builds its toolchains, boots, and uploads one artifact for each leg", async () => {
    cold = await run(`cold-${cacheService}`, cacheService);
    expect(
      cold.jobs.map(({ result }) => result),
      cold.log,
    ).toEqual(["success", "success", "success"]);
    expect(outputsOf(leg(cold, "virtio"))).toMatchObject({
      "cache-hit": "false",
      "ocaml-version": "5.5.0",
      verdict: "passed",
      "verdict-reason": "ready",
      accelerator: "tcg",
    });
    expect(outputsOf(leg(cold, "spt"))).toMatchObject({
      "cache-hit": "false",
      verdict: "skipped",
      "verdict-reason": "unsupported",
    });
    expect(outputsOf(leg(cold, "unikraft-qemu"))).toMatchObject({ verdict: "passed", accelerator: "tcg" });
    expect([...cold.artifacts].sort()).toEqual([
      "unikernel-bare.aarch64-unikraft-qemu-aarch64",
      "unikernel-hello-spt-aarch64",
      "unikernel-hello-virtio-x86_64",
    ]);
    expect(cold.orphans).toEqual([]);
    expect(leg(cold, "virtio").summary).toMatch(/<code>hello<\/code> \| virtio x86_64 \|.*passed/);
  });

  test("takes them from the cache the second time, on a machine that has nothing else", async () => {
    rmSync(machine, { recursive: true, force: true });
    const warm = await run(`warm-${cacheService}`, cacheService);
    expect(
      warm.jobs.map(({ result }) => result),
      warm.log,
    ).toEqual(["success", "success", "success"]);
    for (const target of ["virtio", "spt"]) {
      expect(outputsOf(leg(warm, target))["cache-hit"], leg(warm, target).log).toBe("true");
      expect(outputsOf(leg(warm, target))["toolchain-key"]).toBe(outputsOf(leg(cold, target))["toolchain-key"]);
      expect(leg(warm, target).log).not.toMatch(/\bopam +\d/);
    }
    expect(outputsOf(leg(warm, "virtio"))["verdict"]).toBe("passed");
    rmSync(machine, { recursive: true, force: true });
  });
});
