// The release template as `init` writes it, from the tag to the published release: every job of it, in a runner,
// against a server with GitHub's API for releases.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type ReleaseServer, type ServedRelease, startReleaseServer } from "../release-server.js";
import { type PreparedRepository, type WorkflowRun, prepareRepository, runWorkflow } from "./harness.js";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-release-"));
const commit = "0123456789abcdef0123456789abcdef01234567";
const template = ".github/workflows/unikernel-release.yml";
const reusable = ["unikernel.yml", "unikernel-release.yml"].map((name) => join(root, ".github/workflows", name));
const build = `make -s -C '${root}/examples/bare' ARCH="$ARCH" OUT="$OUT"\n`;
const token = "token-of-the-run";
/** In the order in which they are uploaded. */
const images = ["bare.aarch64-1.2.3-unikraft-qemu-aarch64", "bare-1.2.3-virtio-x86_64"] as const;

/** What a person writes who calls the reusable workflows, for two targets and for one. */
const caller = ".github/workflows/called.yml";
const callerOfOne = ".github/workflows/called-for-one.yml";
const callerFor = (...targets: readonly string[]) => `name: Called
on: push
permissions: {}
jobs:
  unikernel:
    permissions: { contents: read, actions: read }
    uses: unikernel-ci/unikernel-ci/.github/workflows/unikernel.yml@${commit}
    with:
      targets: |
        ${targets.join("\n        ")}
      build-system: command
      build-command: sh build.sh
      ocaml-version: none
      expect: Hello
      accelerator: tcg
      memory: 128
  release:
    needs: unikernel
    if: \${{ github.ref_type == 'tag' }}
    permissions: { contents: write, id-token: write, attestations: write }
    uses: unikernel-ci/unikernel-ci/.github/workflows/unikernel-release.yml@${commit}
`;

let repository: PreparedRepository;
let server: ReleaseServer;

beforeAll(async () => {
  repository = await prepareRepository({
    from: root,
    as: `unikernel-ci/unikernel-ci@${commit}`,
    files: { "build.sh": build },
  });
  const options = {
    ...{
      template: "unikernel-release",
      owner: "unikernel-ci",
      commit,
      targets: "virtio x86_64\nunikraft-qemu aarch64",
    },
    ...{
      "build-system": "command",
      "build-command": "sh build.sh",
      "ocaml-version": "none",
      expect: "Hello",
      accelerator: "tcg",
    },
  };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  execFileSync(process.execPath, [join(root, "dist/cli/index.js"), "init", ...given], { cwd: repository.folder });
  writeFileSync(join(repository.folder, caller), callerFor("virtio x86_64", "unikraft-qemu aarch64"));
  writeFileSync(join(repository.folder, callerOfOne), callerFor("virtio x86_64"));
  git("add", "--all");
  git("commit", "--quiet", "--message=A template");
});

afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  server = await startReleaseServer({ repository: "someone/project", tags: { "v1.2.3": git("rev-parse", "HEAD") } });
});

afterEach(() => server.close());

function git(...args: readonly string[]): string {
  const person = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
  return execFileSync("git", [...person, ...args], { cwd: repository.folder, encoding: "utf8" }).trim();
}

interface Run {
  readonly workflow?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly cancelled?: AbortSignal;
}

function run({
  workflow = template,
  payload = { ref: "refs/tags/v1.2.3" },
  cancelled,
}: Run = {}): Promise<WorkflowRun> {
  const place = mkdtempSync(join(folder, "run-"));
  return runWorkflow({
    repository,
    workflow,
    payload,
    secrets: { GITHUB_TOKEN: token },
    env: { GITHUB_API_URL: server.url },
    standIns: {
      ...standInsOf(join(repository.folder, workflow)),
      ...reusable.reduce((all, file) => ({ ...all, ...standInsOf(file) }), {}),
    },
    cachePath: join(place, "caches"),
    artifactPath: join(place, "artifacts"),
    cacheService: "v2",
    ...(cancelled === undefined ? {} : { cancelled }),
  });
}

/** The actions of other people that a workflow uses, each with what stands for it here. */
function standInsOf(file: string): Record<string, string> {
  const uses = readFileSync(file, "utf8").matchAll(/uses: (actions\/((?:down|up)load-artifact|attest)@\w+)/g);
  return Object.fromEntries(
    [...uses].map(([, name = "", which = ""]) => [name, join(import.meta.dirname, "stand-ins", which)]),
  );
}

const resultsOf = ({ jobs }: WorkflowRun) => jobs.map(({ id, result }) => `${id}: ${result}`);
const complete = ["plan: success", "unikernel: success", "unikernel: success", "release: success"];
const theRelease = (): ServedRelease => {
  expect(server.releases).toHaveLength(1);
  return server.releases[0] as ServedRelease;
};
const namesOf = (release: ServedRelease) => release.assets.map(({ name }) => name).sort();
const uploadsOf = (requests: readonly string[]) =>
  requests.flatMap((line) => /^POST \/upload\/.*[?&]name=([^&]*)/.exec(line)?.slice(1) ?? []);
const isPublication = (request: string) => request.startsWith("PATCH ");

/** As a person does who has downloaded all files of a release. */
function verify({ assets }: ServedRelease): void {
  const downloads = mkdtempSync(join(folder, "downloads-"));
  for (const { name, content } of assets) writeFileSync(join(downloads, name), content);
  const checked = execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
    cwd: downloads,
    encoding: "utf8",
  });
  expect(checked.trim().split("\n")).toHaveLength(assets.length - 1);
}

const told = ({ jobs }: WorkflowRun) =>
  jobs
    .flatMap(({ log }) => log.match(/^ +(upload|published)|would attest the \w+ of 4 files/gm) ?? [])
    .map((words) => words.trim());
const attestations = ["would attest the provenance of 4 files", "would attest the SBOM of 4 files"];

test.each([
  ["the template", template, "gh attestation verify bare.aarch64-1.2.3-unikraft-qemu-aarch64 --repo someone/project\n"],
  ["the reusable workflows", caller, "aarch64 --repo someone/project --signer-repo unikernel-ci/unikernel-ci\n"],
])("%s: a tag’s images are drafted, attested, and published last", async (_, workflow, verification) => {
  const ended = await run({ workflow });
  expect(new Set(ended.jobs.map(({ result }) => result)), ended.log).toEqual(new Set(["success"]));
  expect(ended.orphans).toEqual([]);

  const release = theRelease();
  expect(release).toMatchObject({ tag: "v1.2.3", draft: false, prerelease: false });
  expect(namesOf(release)).toEqual(["SHA256SUMS", ...images, "build-info.json", "sbom.cdx.json"].sort());
  expect(release.body).toContain("sha256sum --check SHA256SUMS");
  expect(release.body).toContain(verification);
  verify(release);

  const changes = server.requests.filter((request) => !request.startsWith("GET "));
  expect(changes[0]).toBe("POST /repos/someone/project/releases");
  expect(uploadsOf(changes).sort()).toEqual(namesOf(release));
  expect(changes.findLastIndex(isPublication)).toBe(changes.length - 1);
  expect([...server.tokens]).toEqual([`Bearer ${token}`]);
  expect(told(ended), ended.log).toEqual([...release.assets.map(() => "upload"), ...attestations, "published"]);
});

test("a single target, whose artifact gets no folder of its own, is reported and released", async () => {
  const ended = await run({ workflow: callerOfOne });
  expect(new Set(ended.jobs.map(({ result }) => result)), ended.log).toEqual(new Set(["success"]));
  const [report] = ended.jobs.filter(({ summary }) => summary.includes("1 image"));
  expect(report?.summary, ended.log).toContain("1 image: 1 passed");
  expect(report?.summary).not.toContain("missing");
  const release = theRelease();
  expect(release).toMatchObject({ draft: false });
  expect(namesOf(release)).toEqual(["SHA256SUMS", images[1], "build-info.json", "sbom.cdx.json"]);
  verify(release);
});

test("a run that was cancelled in the middle of an upload is run again: all is there, and nothing twice", async () => {
  const cancellation = new AbortController();
  const [whole, half] = images;
  server.disturb({ stallUpload: half });
  void server.stalled.then(() => cancellation.abort());
  const broken = await run({ cancelled: cancellation.signal });
  expect(resultsOf(broken), broken.log).not.toContain("release: success");
  expect(theRelease()).toMatchObject({ draft: true });
  const before = theRelease().assets.map(({ name, state }) => [name, state]);
  expect(before, broken.log).toEqual([
    [whole, "uploaded"],
    [half, "starter"],
  ]);

  const already = server.requests.length;
  const ended = await run();
  expect(resultsOf(ended), ended.log).toEqual(complete);
  const release = theRelease();
  expect(release).toMatchObject({ draft: false });
  expect(namesOf(release)).toEqual(["SHA256SUMS", ...images, "build-info.json", "sbom.cdx.json"].sort());
  expect(release.assets.every(({ state }) => state === "uploaded")).toBe(true);
  verify(release);
  const again = uploadsOf(server.requests.slice(already));
  expect(again).toContain(half);
  expect(again).not.toContain(whole);
});

test("without a tag the reusable workflows release nothing, and keep checksums and JUnit of all legs", async () => {
  const ended = await run({ workflow: caller, payload: { repository: { default_branch: "main" } } });
  expect(new Set(ended.jobs.map(({ result }) => result)), ended.log).toEqual(new Set(["success"]));
  const kept = ended.log.match(/uploaded .* in report/g);
  expect(kept, ended.log).toEqual(["uploaded SHA256SUMS in report", "uploaded junit.xml in report"]);
  expect(server.requests).toEqual([]);
});
