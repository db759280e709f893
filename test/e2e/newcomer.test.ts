// The first steps in docs/getting-started.md, by somebody with examples/hello-solo5 in a repository and nothing else:
// `init`, commit, run. The toolchain is the one for tests, with a dune that builds what the project's dune file says.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeOpamRepository } from "../integration/opam-repository.js";
import { action, artifactFiles, artifactText, init } from "./caller.js";
import { type PreparedRepository, prepareRepository, runWorkflow } from "./harness.js";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-newcomer-"));
const opamRepository = writeOpamRepository(join(folder, "opam-repository"));

let repository: PreparedRepository;

beforeAll(async () => {
  repository = await prepareRepository({
    from: root,
    as: action,
    project: join(root, "examples/hello-solo5"),
    files: {},
  });
});

afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

test("init, commit, run: green, and the artifact is there", async () => {
  const told = init(
    repository,
    "--target",
    "virtio",
    "--expect",
    "Hello from OCaml",
    "--opam-repositories",
    `test: ${opamRepository}`,
  );
  expect(told).toMatch(/template +unikernel-dune: /);
  const workflow = ".github/workflows/unikernel-dune.yml";
  expect(existsSync(join(repository.folder, workflow))).toBe(true);

  const artifactPath = join(folder, "artifacts");
  const ended = await runWorkflow({
    repository,
    workflow,
    cachePath: join(folder, "caches"),
    artifactPath,
    cacheService: "v2",
  });
  const [job] = ended.jobs;
  expect(
    ended.jobs.map(({ result }) => result),
    ended.log,
  ).toEqual(["success"]);
  expect(job?.summary).toMatch(/<code>hello<\/code> \| virtio x86_64 \|.*passed/);
  expect(ended.artifacts).toEqual(["unikernel-hello-virtio-x86_64"]);
  const archive = join(artifactPath, "unikernel-hello-virtio-x86_64.zip");
  expect(artifactFiles(archive)).toEqual(
    expect.arrayContaining(["SHA256SUMS", "boot.json", "build-info.json", "hello.exe", "junit.xml"]),
  );
  expect(artifactText(archive, "console-hello-virtio-x86_64.log")).toMatch(
    /^Hello from OCaml \d+\.\d+\.\d+ on Solo5!\r?$/m,
  );
  expect(artifactText(archive, "boot.json")).toContain("Hello from OCaml");
});
