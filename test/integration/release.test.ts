import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { beginImage } from "../../src/artifact/image-record.js";
import { saveRecord } from "../../src/artifact/records.js";
import { describeBuilt } from "../../src/project/images.js";
import { targets } from "../../src/targets/targets.js";
import { publishArtifact } from "../../src/publish/publish.js";
import { type ReleaseServer, type ServedRelease, startReleaseServer } from "../release-server.js";
import { newContext } from "../unit/artifact/fixtures.js";

// Real images, gathered by our own `publish`, released by the action's entry in a process of its own.
const root = resolve(import.meta.dirname, "../..");
const repository = "someone/bare";
const commit = "5f0b2c9d3c0f4f7d9a4b7a3a5a3a1b0c9d8e7f60";
const images = mkdtempSync(join(tmpdir(), "unikernel-ci-release-"));
const artifacts = join(images, "artifacts");
const names = ["bare-1.2.3-unikraft-qemu-aarch64", "bare-1.2.3-virtio-x86_64"];
const allNames = ["SHA256SUMS", ...names, "build-info.json", "sbom.cdx.json"];
let server: ReleaseServer;
let folder: string;

beforeAll(async () => {
  execFileSync("make", ["-s", "-C", join(root, "examples/bare"), `OUT=${images}`]);
  mkdirSync(artifacts);
  renameSync(join(images, "bare.aarch64.qemu"), join(images, "bare.qemu"));
  for (const [file, target, arch] of [
    ["bare.virtio", "virtio", "x86_64"],
    ["bare.qemu", "unikraft-qemu", "aarch64"],
  ] as const) {
    const context = newContext();
    const built = { ...beginImage(await describeBuilt(join(images, file), targets[target])), boots: [] };
    await saveRecord(context, built, "build", {
      target,
      architecture: arch,
      build: { buildSystem: "command", project: "bare", steps: [], cache: null },
      images: [built],
      packages: null,
      source: { commit, changes: [] },
    });
    const request = {
      target,
      arch,
      configureArgs: [],
      images: [join(images, file)],
      artifactName: undefined,
      artifact: false,
      retentionDays: 0,
    };
    const { name, folder } = await publishArtifact(context, request, {
      artifacts: { unavailable: "a test" },
      now: () => new Date(0),
    });
    renameSync(folder, join(artifacts, name));
  }
});
afterAll(() => rmSync(images, { recursive: true }));
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-release-job-"));
  server = await startReleaseServer({ repository, tags: { "v1.2.3": commit } });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
}

function begin(inputs: Readonly<Record<string, string>> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const outputFile = join(folder, "outputs");
  writeFileSync(outputFile, "");
  const given = Object.entries({ folder: artifacts, token: "a-secret-token", ...inputs });
  const variables = given.map(([name, value]): [string, string] => [`INPUT_${name.toUpperCase()}`, value]);
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "src/actions/entries/release.ts")], {
    cwd: root,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      GITHUB_ACTIONS: "true",
      GITHUB_API_URL: server.url,
      GITHUB_REPOSITORY: repository,
      GITHUB_REF_TYPE: "tag",
      GITHUB_REF_NAME: "v1.2.3",
      GITHUB_OUTPUT: outputFile,
      RUNNER_TEMP: folder,
      ...Object.fromEntries(variables),
    },
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status, signal) =>
      resolve({ status, signal, log, outputs: readOutputs(readFileSync(outputFile, "utf8")) }),
    );
  });
  return { child, ended };
}

const run = (inputs?: Readonly<Record<string, string>>): Promise<Ended> => begin(inputs).ended;

/** The runner's own format: `name<<WORD`, the value, `WORD`. */
function readOutputs(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^(.+)<<(.+)\n([^]*?)\n\2$/gm)].map(([, name = "", , value = ""]) => [name, value]),
  );
}

const only = (): ServedRelease => {
  expect(server.releases).toHaveLength(1);
  return server.releases[0] as ServedRelease;
};
const uploads = () => server.requests.filter((request) => request.startsWith("POST /upload"));
const namesOf = ({ assets }: ServedRelease) => assets.map(({ name }) => name).sort();

/** Downloads the release as a user does, and lets sha256sum judge it. */
function verify(release: ServedRelease): void {
  const downloaded = mkdtempSync(join(folder, "downloaded-"));
  for (const { name, content, state } of release.assets) {
    expect(state).toBe("uploaded");
    writeFileSync(join(downloaded, name), content);
  }
  execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: downloaded });
  expect(readFileSync(join(downloaded, names[1] ?? ""))).toEqual(readFileSync(join(images, "bare.virtio")));
  const listed = readFileSync(join(downloaded, "SHA256SUMS"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.slice(66));
  expect([...listed, "SHA256SUMS"].sort()).toEqual(readdirSync(downloaded).sort());
}

describe("a release of two architectures", () => {
  test("is a draft, gets its files, and is published last; its checksums verify", async () => {
    const { status, log, outputs } = await run();
    expect(log).not.toContain("a-secret-token");
    expect(status, log).toBe(0);
    const release = only();
    expect(release).toMatchObject({ tag: "v1.2.3", name: "v1.2.3", draft: false, prerelease: false });
    expect(namesOf(release)).toEqual(allNames);
    verify(release);
    expect(release.body).toContain("gh attestation verify");
    expect(server.requests.findLast((request) => !request.startsWith("GET "))).toBe(
      `PATCH /repos/${repository}/releases/${release.id}`,
    );
    expect(server.tokens).toEqual(new Set(["Bearer a-secret-token"]));
    expect(outputs).toMatchObject({
      "release-id": String(release.id),
      "release-url": `${server.url}/${repository}/releases/tag/v1.2.3`,
    });
    expect(readFileSync(outputs["checksums"] ?? "")).toEqual(
      release.assets.find(({ name }) => name === "SHA256SUMS")?.content,
    );
    expect(JSON.parse(outputs["assets"] ?? "")).toHaveLength(allNames.length);
  });

  test("stays a draft to be attested, and is published by the second call, with nothing uploaded again", async () => {
    expect((await run({ draft: "true" })).status).toBe(0);
    expect(only().draft).toBe(true);
    expect((await run()).status).toBe(0);
    expect(only().draft).toBe(false);
    expect(uploads()).toHaveLength(allNames.length);
    verify(only());
  });

  test("whose connection breaks off in the middle of an upload is complete, with nothing twice", async () => {
    server.disturb({ cutUpload: { name: names[1] ?? "", afterBytes: 1 } });
    const { status, log } = await run();
    expect(status, log).toBe(0);
    expect(log).toContain("an upload was interrupted");
    expect(namesOf(only())).toEqual(allNames);
    expect(uploads()).toHaveLength(allNames.length + 1);
    verify(only());
  });

  test("that is killed in the middle of an upload is completed by the next run, with nothing twice", async () => {
    server.disturb({ stallUpload: names[0] ?? "" });
    const { child, ended } = begin();
    await server.stalled;
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(only().draft).toBe(true);
    expect(only().assets.some(({ state }) => state === "starter")).toBe(true);
    const { status, log } = await run();
    expect(status, log).toBe(0);
    expect(log).toContain("incomplete upload");
    expect(namesOf(only())).toEqual(allNames);
    expect(only().draft).toBe(false);
    verify(only());
  });

  test("that is published is left alone: the same files are a success, others an error that names them", async () => {
    await run();
    const before = server.requests.length;
    const again = await run();
    expect(again.status).toBe(0);
    expect(again.log).toContain("::notice::v1.2.3 is already published");
    const other = await run({ folder: join(artifacts, "unikernel-bare-virtio-x86_64") });
    expect(other.status).toBe(1);
    expect(other.log).toContain(`${names[0]} is not part of this release`);
    expect(server.requests.slice(before).filter((request) => !request.startsWith("GET "))).toEqual([]);
  });

  test("waits out a secondary rate limit, and says so", async () => {
    const body = { message: "You have exceeded a secondary rate limit." };
    server.disturb({ answer: { when: /^POST \/upload/, status: 403, headers: { "retry-after": "1" }, body } });
    const { status, log } = await run();
    expect(status, log).toBe(0);
    expect(log).toContain("waiting 1.0 s for GitHub’s rate limit");
    verify(only());
  });

  test("gives its token to no address that it is sent to", async () => {
    const elsewhere = await startReleaseServer({ repository, tags: {} });
    server.disturb({
      answer: { when: /^GET /, status: 301, headers: { location: `${elsewhere.url}/repos/x/y` }, body: {} },
    });
    const { status, log } = await run();
    expect(status).toBe(1);
    expect(log).toContain("the token is sent to no other address");
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });
});
