// Every template as `init` writes it for a project of a few lines: in a runner, or in a shell with GitLab's variables.
// What the project's build commands make is examples/bare, or comes from a toolchain of the opam repository for tests.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { BuildInfo } from "../../src/artifact/schema.js";
import { writeOpamRepository } from "../integration/opam-repository.js";
import { action, commit, commitAll, init as initIn, standInsOf } from "./caller.js";
import { type JobRun, type PreparedRepository, type WorkflowRun, prepareRepository, runWorkflow } from "./harness.js";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-templates-"));
const repositories = `test: ${writeOpamRepository(join(folder, "opam-repository"))}`;

/** Without a toolchain: examples/bare, with Unikraft's mark where the target is Unikraft. */
const bare = ["--build-command", "sh build.sh", "--ocaml-version", "none"];
const build = `case $TARGET in unikraft-*) abi=unikraft ;; *) abi=$TARGET ;; esac
make -s -C '${root}/examples/bare' ARCH="$ARCH" ABI="$abi" OUT="$OUT"
`;
/** With one: a line of OCaml. A leg for Unikraft has none here, and is made without. */
const compiled = ["--build-command", "sh compile.sh", "--opam-repositories", repositories];
const compile = `case $TARGET in unikraft-*) exec sh build.sh ;; esac
ocamlfind -toolchain solo5 ocamlopt -cclib "-z solo5-abi=$TARGET" hello.ml -o "$OUT/hello.$TARGET"
`;
const files = {
  "build.sh": build,
  "compile.sh": compile,
  "hello.ml": 'let () = print_endline "Hello-from-a-template"\n',
};

let repository: PreparedRepository;

beforeAll(async () => {
  repository = await prepareRepository({ from: root, as: action, files });
});

afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

const init = (...options: readonly string[]) => initIn(repository, "--force", ...options);

/** Without anything on it, and at the same path each time: a toolchain is restored to where it was built. */
function freshMachine(): string {
  rmSync(join(folder, "machine"), { recursive: true, force: true });
  return join(folder, "machine");
}

interface Options {
  readonly job?: string;
  readonly cachePath?: string;
  readonly artifactPath?: string;
  readonly runnerPath?: string;
  readonly event?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: readonly string[];
  readonly cacheService?: "v1" | "v2";
  readonly asItIs?: boolean;
}

function run(workflow: string, options: Options = {}): Promise<WorkflowRun> {
  const place = mkdtempSync(join(folder, "run-"));
  const called = join(root, ".github/workflows/unikernel.yml");
  return runWorkflow({
    repository,
    workflow,
    cachePath: join(place, "caches"),
    artifactPath: join(place, "artifacts"),
    cacheService: "v2",
    standIns: { ...standInsOf(called), ...standInsOf(join(repository.folder, workflow)) },
    ...options,
  });
}

const results = (workflow: WorkflowRun) => workflow.jobs.map(({ result }) => result);
const outputs = (jobs: readonly JobRun[]) => jobs.flatMap(({ steps }) => steps.map((step) => step.outputs));
/** Of every leg that was booted, once for each. */
const verdicts = (workflow: WorkflowRun) =>
  workflow.jobs
    .filter(({ id }) => id !== "collect")
    .flatMap((job) => {
      const said = outputs([job]).find((given) => given["verdict-reason"]);
      return said === undefined ? [] : [said["verdict"]];
    });
/** Of every leg that has a toolchain, once for each. */
const hits = (workflow: WorkflowRun) =>
  workflow.jobs.flatMap((job) => outputs([job]).find((given) => given["cache-hit"])?.["cache-hit"] ?? []);

const targets = "virtio x86_64\nunikraft-qemu aarch64";
const expectations = ["--expect", "Hello", "--accelerator", "tcg"];

/** Runs a workflow on two machines with nothing on them, the second of which finds what the first cached. */
async function coldAndWarm(
  workflow: string,
  check: (ended: WorkflowRun, hit: "false" | "true") => void,
  options: Options = {},
): Promise<void> {
  const cachePath = mkdtempSync(join(folder, "caches-"));
  for (const hit of ["false", "true"] as const) {
    check(await run(workflow, { cachePath, runnerPath: freshMachine(), ...options }), hit);
  }
}

describe("a template for GitHub", () => {
  // The action of `portable` runs without the rewriting that `$/` needs here.
  test.each([
    ["unikernel", false],
    ["portable", true],
  ])(
    "%s builds, boots, publishes, ends with its build caches, and has its toolchain from the cache the second time",
    async (template, asItIs) => {
      init("--template", template, "--target", "virtio", ...compiled, ...expectations);
      await coldAndWarm(
        `.github/workflows/${template}.yml`,
        (ended, hit) => {
          expect(results(ended), ended.log).toEqual(["success"]);
          expect([verdicts(ended), hits(ended)], ended.log).toEqual([["passed"], [hit]]);
          expect(ended.artifacts).toEqual(["unikernel-hello-virtio-x86_64"]);
          const atTheEnd = ended.jobs.flatMap(({ steps }) => steps.filter(({ stage }) => stage === "Post"));
          // Its build does not use dune.
          expect(atTheEnd.map(({ log }) => log).join("\n"), ended.log).toMatch(/dune cache +not saved \(empty\)/);
        },
        { asItIs },
      );
    },
  );

  test("portable fails the job of a boot that fails, and keeps the console", async () => {
    init("--template", "portable", "--target", "virtio", ...bare, "--expect", "never said", "--accelerator", "tcg");
    const ended = await run(".github/workflows/portable.yml", { asItIs: true });
    expect(results(ended), ended.log).toEqual(["failure"]);
    expect(verdicts(ended), ended.log).toEqual(["failed"]);
    expect(ended.artifacts).toEqual(["unikernel-bare-virtio-x86_64"]);
  });

  // With the build system that it is for: newcomer.test.ts.
  test("unikernel-dune takes another build system", async () => {
    init("--template", "unikernel-dune", "--target", "virtio", "--build-system", "command", ...bare, ...expectations);
    const ended = await run(".github/workflows/unikernel-dune.yml");
    expect(results(ended), ended.log).toEqual(["success"]);
    expect(verdicts(ended), ended.log).toEqual(["passed"]);
    expect(ended.artifacts).toEqual(["unikernel-bare-virtio-x86_64"]);
  });

  test("a boot that fails fails the job, and keeps the console", async () => {
    init("--template", "unikernel", "--target", "virtio", ...bare, "--expect", "never said", "--accelerator", "tcg");
    const ended = await run(".github/workflows/unikernel.yml");
    expect(results(ended), ended.log).toEqual(["failure"]);
    expect(ended.artifacts).toEqual(["unikernel-bare-virtio-x86_64"]);
  });

  test("unikernel-unikraft builds and boots both architectures", async () => {
    init("--target", "unikraft-qemu", ...bare, ...expectations);
    const ended = await run(".github/workflows/unikernel-unikraft.yml");
    expect(results(ended), ended.log).toEqual(["success", "success"]);
    expect(verdicts(ended), ended.log).toEqual(["passed", "passed"]);
    expect(ended.log).toContain("Unikraft qemu, x86_64");
    expect([...ended.artifacts].sort()).toEqual([
      "unikernel-bare-unikraft-qemu-x86_64",
      "unikernel-bare.aarch64-unikraft-qemu-aarch64",
    ]);
  });

  test("unikernel-matrix plans the legs and runs each, with toolchains from the cache the second time", async () => {
    const legs = "virtio x86_64\nspt aarch64\nunikraft-qemu x86_64 ocaml=none";
    init(
      "--template",
      "unikernel-matrix",
      "--targets",
      legs,
      "--build-system",
      "command",
      ...compiled,
      ...expectations,
    );
    await coldAndWarm(".github/workflows/unikernel-matrix.yml", (ended, hit) => {
      expect(results(ended), ended.log).toEqual(["success", "success", "success", "success"]);
      // What is compiled for aarch64 here does nothing, and no machine for it is there.
      expect(verdicts(ended).sort(), ended.log).toEqual(["passed", "passed", "skipped"]);
      expect(hits(ended), ended.log).toEqual([hit, hit]);
      expect(ended.artifacts).toHaveLength(3);
    });
  });

  test("unikernel-release builds what it releases", async () => {
    init(
      "--template",
      "unikernel-release",
      "--targets",
      targets,
      "--build-system",
      "command",
      ...bare,
      ...expectations,
    );
    const ended = await run(".github/workflows/unikernel-release.yml", {
      job: "unikernel",
      payload: { ref: "refs/tags/v1.0.0" },
    });
    expect(results(ended), ended.log).toEqual(["success", "success", "success"]);
    expect(ended.artifacts).toHaveLength(2);
  });

  test("warm-toolchains caches one toolchain for the targets that share it", async () => {
    init(
      "--template",
      "warm-toolchains",
      "--targets",
      "virtio x86_64\nspt x86_64",
      "--build-system",
      "command",
      ...compiled,
    );
    await coldAndWarm(".github/workflows/warm-toolchains.yml", (ended, hit) => {
      expect(
        ended.jobs.map(({ id, result }) => [id, result]),
        ended.log,
      ).toEqual([
        ["plan", "success"],
        ["toolchain", "success"],
      ]);
      expect(hits(ended), ended.log).toEqual([hit]);
    });
  });
});

/** A `gh` with one run of the default branch, whose artifacts are in `baseline`; no run if that is empty. */
function ghWith(baseline: string): string {
  const bin = join(folder, "gh");
  mkdirSync(bin, { recursive: true });
  mkdirSync(baseline, { recursive: true });
  const script = `#!/bin/sh
case "$1 $2" in
  'run list') [ -z "$(ls '${baseline}')" ] || echo 7 ;;
  'run download')
    [ "$3" = 7 ] && while [ "$1" != --dir ]; do shift; done
    mkdir -p "$2" && cp -R '${baseline}/.' "$2" ;;
  *) exit 1 ;;
esac
`;
  writeFileSync(join(bin, "gh"), script, { mode: 0o755 });
  return bin;
}

/** Keeps artifacts as those of an earlier run, with an image 1000 bytes smaller in the one with this ending. */
function keepAsBaseline(artifacts: string, baseline: string, ending: string): void {
  for (const archive of readdirSync(artifacts).filter((name) => name.startsWith("unikernel-"))) {
    const place = join(baseline, archive.replace(/\.zip$/, ""));
    execFileSync("unzip", ["-q", join(artifacts, archive), "-d", place]);
    if (!archive.endsWith(ending)) continue;
    const infoFile = join(place, "build-info.json");
    const info = JSON.parse(readFileSync(infoFile, "utf8")) as BuildInfo;
    const smaller = info.images.map((image) => {
      const content = readFileSync(join(place, image.file)).subarray(0, image.bytes - 1000);
      writeFileSync(join(place, image.file), content);
      return { ...image, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
    });
    writeFileSync(infoFile, JSON.stringify({ ...info, images: smaller }));
    execFileSync("sh", ["-e", "-c", "sha256sum $(cut -c 67- SHA256SUMS) > sums && mv sums SHA256SUMS"], { cwd: place });
  }
}

const columns = ["| unikernel", "target", "size", "change", "verdict", "how", "boot", "build", "toolchain |"];

test("the reusable workflow runs every leg, the second time with cached toolchains, and reports on all", async () => {
  const caller = `name: Called
on: push
permissions: {}
jobs:
  unikernel:
    permissions: { contents: read, actions: read }
    uses: unikernel-ci/unikernel-ci/.github/workflows/unikernel.yml@${commit}
    with:
      targets: |
        virtio         x86_64
        unikraft-qemu  aarch64  ocaml=none
      build-system: command
      build-command: sh compile.sh
      opam-repositories: '${repositories}'
      expect: Hello
      max-size: 10kB
      max-growth: 100 B
`;
  mkdirSync(join(repository.folder, ".github/workflows"), { recursive: true });
  writeFileSync(join(repository.folder, ".github/workflows/called.yml"), caller);
  commitAll(repository.folder);
  const [artifactPath, baseline, path = ""] = [join(folder, "called"), join(folder, "baseline"), process.env["PATH"]];
  process.env["PATH"] = [ghWith(baseline), path].join(delimiter);
  try {
    const payload = { repository: { default_branch: "main" } };
    await coldAndWarm(
      ".github/workflows/called.yml",
      (ended, hit) => {
        expect(new Set(results(ended)), ended.log).toEqual(new Set(["success"]));
        expect([verdicts(ended), hits(ended)], ended.log).toEqual([["passed", "passed"], [hit]]);
        const report = ended.jobs.find(({ summary }) => summary.includes("2 images: 2 passed"));
        const rows = (report?.summary ?? "")
          .split("\n")
          .map((line) => line.split(" | "))
          .filter(({ length }) => length === columns.length);
        expect(rows[0]).toEqual(columns);
        const changes = rows
          .slice(1)
          .filter(([first]) => first?.startsWith("| <code>"))
          .map((row) => row[3])
          .sort();
        const warnings =
          report?.annotations.filter(({ level }) => level === "warning").map(({ message }) => message) ?? [];
        if (hit === "false") {
          expect(changes, report?.log ?? ended.log).toEqual(["", ""]);
          expect(warnings).toHaveLength(2);
          keepAsBaseline(artifactPath, baseline, "-virtio-x86_64.zip");
        } else {
          expect(changes, report?.log ?? ended.log).toEqual([
            expect.stringMatching(/^\+1\.0 kB \(\+\d+\.\d %\)$/),
            "same",
          ]);
          expect(warnings).toHaveLength(3);
          expect(warnings).toContainEqual(expect.stringContaining("`max-growth` is 100 B"));
        }
      },
      { payload, artifactPath },
    );
  } finally {
    process.env["PATH"] = path;
  }
});

test.each(["forgejo", "gitea"])("the template for %s runs with its variables", async (forge) => {
  init("--forge", forge, "--target", "virtio", ...bare, ...expectations);
  const path = `.${forge}/workflows/unikernel.yml`;
  // act takes no addresses; Forgejo's and Gitea's runners do.
  const file = join(repository.folder, path);
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("https://github.com/", ""));
  commitAll(repository.folder);
  const server = "https://forge.example.org";
  const uploaded = join(folder, `uploaded-${forge}`);
  const env = {
    UPLOADED: uploaded,
    GITHUB_SERVER_URL: server,
    GITHUB_API_URL: `${server}/api/v1`,
    FORGEJO_ACTIONS: "true",
    GITEA_ACTIONS: "true",
  };
  const ended = await run(path, { env, labels: ["docker"], cacheService: "v1", asItIs: true });
  expect(results(ended), ended.log).toEqual(["success"]);
  const kept = readdirSync(join(uploaded, "unikernel"), { recursive: true }).map(String);
  const names = [
    "SHA256SUMS",
    "bare.virtio",
    "boot.json",
    "build-info.json",
    "console-bare-virtio-x86_64.log",
    "junit.xml",
    "sbom.cdx.json",
  ];
  expect(kept).toEqual(expect.arrayContaining(names.map((name) => `unikernel-bare-virtio-x86_64/${name}`)));
  execFileSync("sha256sum", ["--check", "--quiet", "SHA256SUMS"], {
    cwd: join(uploaded, "unikernel/unikernel-bare-virtio-x86_64"),
  });
});

/** The action as a server would give it, by its commit. */
function served(): { readonly address: string; readonly head: string } {
  const address = join(folder, "served");
  if (!existsSync(address)) {
    cpSync(repository.action, address, { recursive: true });
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.org", ...args], { cwd: address });
    git("init", "--quiet");
    git("add", "--all", "--force");
    git("commit", "--quiet", "--message=The action");
  }
  return { address, head: execFileSync("git", ["rev-parse", "HEAD"], { cwd: address, encoding: "utf8" }).trim() };
}

const artifactFiles = () => readdirSync(join(repository.folder, "_artifacts"), { recursive: true }).map(String);

test("GitLab’s script builds, boots and leaves the artifact", () => {
  init("--forge", "gitlab", "--target", "virtio", ...bare, "--expect", "Hello");
  const read = (path: string) => readFileSync(join(repository.folder, path), "utf8");
  const pipeline = parse(read(".gitlab-ci.yml")) as {
    readonly include: readonly [{ readonly local: string; readonly inputs: Readonly<Record<string, string>> }];
  };
  const [{ local, inputs }] = pipeline.include;
  const [spec, jobs] = parseAllDocuments(read(local)).map((document) => document.toJS() as unknown);
  const defaults = (
    spec as { readonly spec: { readonly inputs: Readonly<Record<string, { readonly default: string }>> } }
  ).spec.inputs;
  type Variable = string | { readonly value: string };
  const [job] = Object.values(
    jobs as Readonly<
      Record<string, { readonly script: readonly string[]; readonly variables: Readonly<Record<string, Variable>> }>
    >,
  );
  if (job === undefined) throw new Error("the component has no job");
  const interpolated = (text: string) =>
    text.replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => inputs[name] ?? defaults[name]?.default ?? "");
  const variables = Object.entries(job.variables).map(([name, value]) => [
    name,
    interpolated(typeof value === "string" ? value : value.value),
  ]);
  const { address, head } = served();
  execFileSync("sh", ["-e", "-c", job.script.join("\n")], {
    cwd: repository.folder,
    env: {
      ...process.env,
      ...(Object.fromEntries(variables) as Record<string, string>),
      ...{
        CI: "true",
        GITLAB_CI: "true",
        CI_PROJECT_DIR: repository.folder,
        CI_SERVER_URL: "https://gitlab.example.org",
      },
      ...{
        UNIKERNEL_CI_REPOSITORY: address,
        UNIKERNEL_CI_COMMIT: head,
        GITHUB_ACTIONS: undefined,
        XDG_STATE_HOME: join(folder, "state"),
      },
    },
    stdio: "pipe",
  });
  expect(artifactFiles()).toEqual(
    expect.arrayContaining(["unikernel-bare-virtio-x86_64/bare.virtio", "unikernel-bare-virtio-x86_64/junit.xml"]),
  );
});

test("the Makefile fragment builds, boots and leaves the artifact", () => {
  rmSync(join(repository.folder, "_artifacts"), { recursive: true, force: true });
  init("--forge", "shell", "--target", "virtio", ...bare, "--expect", "Hello");
  const { address, head } = served();
  execFileSync(
    "make",
    ["-f", "unikernel.mk", "unikernel", `UNIKERNEL_CI_REPOSITORY=${address}`, `UNIKERNEL_CI_COMMIT=${head}`],
    {
      cwd: repository.folder,
      env: { ...process.env, XDG_STATE_HOME: join(folder, "state"), XDG_CACHE_HOME: join(folder, "cache") },
      stdio: "pipe",
    },
  );
  expect(artifactFiles()).toContain("unikernel-bare-virtio-x86_64/bare.virtio");
});
