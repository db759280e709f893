import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { saveRecord } from "../../../src/artifact/records.js";
import { createGitHubApi } from "../../../src/platform/github/api.js";
import { gitHubReleases } from "../../../src/platform/github/releases.js";
import { publishArtifact } from "../../../src/publish/publish.js";
import { type ReleaseRequest, release } from "../../../src/release/release.js";
import {
  type ReleaseServer,
  type ServedRelease,
  type ServerOptions,
  startReleaseServer,
} from "../../release-server.js";
import { bootOf, buildRecord, newContext, newImage, passed } from "../artifact/fixtures.js";
import { commit } from "./fixtures.js";

const repository = "someone/www";
const asked: ReleaseRequest = {
  folder: "_artifacts",
  tag: "v1.2.3",
  repository,
  notes: "",
  requireVerdict: "passed",
  draft: false,
};
const token = "a-token";
let server: ReleaseServer;
let waits: number[];

let tags: Record<string, string>;

async function serve(more: Partial<ServerOptions> = {}): Promise<void> {
  tags = { "v1.2.3": commit };
  server = await startReleaseServer({ repository, tags, ...more });
}
beforeEach(() => {
  waits = [];
  return serve();
});
afterEach(() => server.close());

/** A workspace with one artifact of a passed boot. */
async function job() {
  const context = newContext();
  const image = newImage(context.host.folders.workspace, "www.hvt", "bytes");
  const { toolchain, ...record } = buildRecord(image);
  expect(toolchain).toBeDefined();
  await saveRecord(context, image, "build", { ...record, source: { commit, changes: [] } });
  await saveRecord(context, image, "boot", [recordBoot(bootOf(passed, { imagePath: image.path }))]);
  const request = {
    target: undefined,
    arch: undefined,
    configureArgs: [],
    images: ["www.hvt"],
    artifactName: undefined,
    artifact: false,
    retentionDays: 0,
  };
  await publishArtifact(context, request, { artifacts: { unavailable: "a test" }, now: () => new Date(0) });
  return context;
}

async function run(context: Awaited<ReturnType<typeof job>>, more: Partial<ReleaseRequest> = {}, silenceMs = 2000) {
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  const api = createGitHubApi({
    baseUrl: server.url,
    token,
    permission: "contents: write",
    log: context.log,
    wait,
    silenceMs,
  });
  return release(context, { ...asked, ...more }, { releases: gitHubReleases(api, repository), wait });
}

const writes = () => server.requests.filter((request) => !request.startsWith("GET "));
const served = (more: Partial<ServedRelease> = {}): ServedRelease => ({
  id: 900,
  tag: "v1.2.3",
  name: "",
  body: "",
  draft: true,
  prerelease: false,
  assets: [],
  ...more,
});
const textOf = async (failing: Promise<unknown>) =>
  String(
    await failing.then(
      () => "no error",
      (error: unknown) => error,
    ),
  );

describe("a release", () => {
  it("continues the draft of a person, whose title and notes stay", async () => {
    server.releases.push(served({ name: "Spring", body: "Hello." }));
    await run(await job());
    expect(server.releases).toMatchObject([{ name: "Spring", draft: false }]);
    expect(server.releases[0]?.body).toMatch(/^Hello\.\n\n<!-- unikernel-ci/);
  });

  it("is found among more drafts than one page has", async () => {
    for (let id = 1000; id < 1250; id++) server.releases.push(served({ id, tag: `v0.0.${id}` }));
    server.releases.unshift(served());
    await run(await job());
    expect(server.releases[0]?.draft).toBe(false);
    expect(server.releases).toHaveLength(251);
  });

  it("is complete on a server that tells no digests, and unchanged when it is run again", async () => {
    await server.close();
    await serve({ withoutDigests: true });
    const context = await job();
    expect((await run(context)).isChanged).toBe(true);
    expect((await run(context)).isChanged).toBe(false);
  });

  it("uploads a file again that a person replaced in the draft", async () => {
    const context = await job();
    await run(context, { draft: true });
    const [asset] = server.releases[0]?.assets ?? [];
    if (asset) asset.content = Buffer.from("something else");
    await run(context);
    expect(writes().filter((request) => request.startsWith("DELETE"))).toHaveLength(1);
  });
});

describe("nothing is written", () => {
  it("for a tag that is not there", async () => {
    expect(await textOf(run(await job(), { tag: "v9.9.9" }))).toContain("has no tag v9.9.9");
    expect(writes()).toEqual([]);
  });

  it("for an artifact that is damaged", async () => {
    const context = await job();
    writeFileSync(join(context.host.folders.workspace, "_artifacts/unikernel-www-hvt-x86_64/www.hvt"), "other");
    expect(await textOf(run(context))).toContain("has changed since `publish` wrote it");
    expect(writes()).toEqual([]);
  });

  it("where two drafts have the tag", async () => {
    server.releases.push(served(), served({ id: 901 }));
    expect(await textOf(run(await job()))).toContain("v1.2.3 has 2 drafts");
    expect(writes()).toEqual([]);
  });
});

it("a file in the draft that does not belong to the release is an error, and stays", async () => {
  const assets = [{ id: 1, name: "theirs.txt", state: "uploaded", content: Buffer.from("x") } as const];
  server.releases.push(served({ assets: [...assets] }));
  expect(await textOf(run(await job()))).toMatch(
    /has files that do not belong to this release\n {2}found +theirs\.txt/,
  );
  expect(server.releases[0]).toMatchObject({ draft: true, assets: [{ name: "theirs.txt" }] });
});

describe("what GitHub answers", () => {
  it("with a server’s error is asked again, where it may be asked twice", async () => {
    server.disturb({ answer: { when: /^GET .*assets$/, status: 502, body: {} } });
    server.disturb({ answer: { when: /^POST \/upload/, status: 502, body: {} } });
    await run(await job());
    expect(waits).toEqual([1000, 1000]);
    expect(server.releases).toMatchObject([{ draft: false }]);
  });

  it("never, is no answer after a time; the next run goes on", async () => {
    const context = await job();
    for (let round = 0; round < 5; round++) server.disturb({ stallUpload: "SHA256SUMS" });
    expect(await textOf(run(context, {}, 100))).toMatch(/GitHub did not answer[^]*run this job again/);
    expect(server.releases).toMatchObject([{ draft: true }]);
    await run(context);
    expect(server.releases).toMatchObject([{ draft: false }]);
  });

  it("to a used up rate limit, is told with its end", async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 1200);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    server.disturb({ answer: { when: /^GET/, status: 403, headers, body: { message: "API rate limit exceeded" } } });
    expect(await textOf(run(await job()))).toMatch(
      /rate limit is exceeded\n {2}because +API rate limit exceeded\n {2}do +run the job again in 2[01] min/,
    );
    expect(waits).toEqual([]);
  });

  it.each([3, -3])(
    "to a used up rate limit, is told with its end by GitHub’s clock, also where ours is %i days ahead",
    async (days) => {
      const theirs = Date.now() - days * 24 * 3600_000;
      const headers = {
        date: new Date(theirs).toUTCString(),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(Math.ceil(theirs / 1000) + 1200),
      };
      server.disturb({ answer: { when: /^GET/, status: 403, headers, body: { message: "API rate limit exceeded" } } });
      expect(await textOf(run(await job()))).toMatch(/run the job again in 2[01] min/);
      expect(waits).toEqual([]);
    },
  );

  it("to a token without rights, is told with the permission that it needs", async () => {
    server.disturb({
      answer: { when: /^POST/, status: 403, body: { message: "Resource not accessible by integration" } },
    });
    const text = await textOf(run(await job()));
    expect(text).toContain("Resource not accessible by integration");
    expect(text).toContain("permissions: contents: write");
    expect(text).not.toContain(token);
  });
});

it("what a release is made of is put where other steps find it, under the names of the release", async () => {
  const context = await job();
  const { folder, assets } = await run(context);
  expect(folder).toBe(join(context.host.folders.workspace, "_release", "v1.2.3"));
  expect(assets.map(({ name }) => name)).toEqual([
    "www-1.2.3-hvt-x86_64",
    "build-info.json",
    "sbom.cdx.json",
    "SHA256SUMS",
  ]);
  expect(readdirSync(folder).sort()).toEqual(assets.map(({ name }) => name).sort());
});

describe("another writer", () => {
  const nothing = () => undefined;
  const theRelease = () => server.releases[0] as ServedRelease;
  const publishes = () => (theRelease().draft = false);
  const changesAFile = () => theRelease().assets.forEach((asset) => (asset.content = Buffer.from("another")));
  /** At each next request that matches, one of these happens first. */
  const meanwhile = (when: RegExp, ...events: readonly (() => unknown)[]) =>
    events.forEach((happens) => server.disturb({ meanwhile: { when, happens } }));
  const reads = /^GET .*\/releases\/\d+$/;
  const since = async (context: Awaited<ReturnType<typeof job>>) => {
    const before = writes().length;
    const text = await textOf(run(context));
    return { text, written: writes().slice(before) };
  };
  const url = (method: string, path: string) => expect.stringMatching(new RegExp(`^${method} .*${path}`)) as string;

  it("publishes the draft before a deletion: the published file stays", async () => {
    const context = await job();
    await run(context, { draft: true });
    changesAFile();
    meanwhile(reads, nothing, publishes);
    const { text, written } = await since(context);
    expect(text).toMatch(/another run or a person is changing the release .*\n {2}because +it was published\n/);
    expect(written).toEqual([url("PATCH", "/releases/1")]);
  });

  it("publishes the draft before an upload: nothing is added", async () => {
    meanwhile(reads, publishes);
    const { text, written } = await since(await job());
    expect(text).toContain("it was published");
    expect(written).toEqual([url("POST", "/releases")]);
  });

  it("publishes the draft of a person: its notes stay", async () => {
    server.releases.push(served());
    meanwhile(reads, publishes);
    const { text, written } = await since(await job());
    expect(text).toContain("it was published");
    expect(written).toEqual([]);
  });

  it("publishes the complete draft first: it is not published again", async () => {
    const context = await job();
    await run(context, { draft: true });
    meanwhile(reads, nothing, publishes);
    const { text, written } = await since(context);
    expect(text).toContain("it was published");
    expect(written).toHaveLength(1);
  });

  it("deletes the draft", async () => {
    meanwhile(reads, () => server.releases.pop());
    expect((await since(await job())).text).toContain("it was deleted");
  });

  it("uploads to the draft: this run stops at once", async () => {
    const theirs = { id: 500, name: "theirs", state: "uploaded", content: Buffer.from("x") } as const;
    meanwhile(reads, nothing, () => theRelease().assets.push({ ...theirs }));
    const { text, written } = await since(await job());
    expect(text).toContain("theirs was uploaded to it");
    expect(written).toHaveLength(2);
  });

  it("uploads a file that this run uploads: this run stops", async () => {
    const theirs = { id: 500, name: "SHA256SUMS", state: "uploaded", content: Buffer.from("x") } as const;
    meanwhile(/^POST .*\/assets$/, nothing, nothing, nothing, () => theRelease().assets.push({ ...theirs }));
    expect((await since(await job())).text).toContain("SHA256SUMS was uploaded to it");
    expect(theRelease()).toMatchObject({ draft: true });
    expect(writes().filter((request) => request.startsWith("DELETE"))).toEqual([]);
  });

  it("creates a draft in the same moment: the later one is deleted, and nothing is uploaded", async () => {
    meanwhile(/^POST .*\/releases$/, () => server.releases.push(served({ id: 0 })));
    const { text, written } = await since(await job());
    expect(text).toContain("it was created in the same moment");
    expect(server.releases).toMatchObject([{ id: 0, assets: [] }]);
    expect(written).toEqual([url("POST", "/releases"), url("DELETE", "/releases/1")]);
  });

  it("moves the tag: nothing is published", async () => {
    meanwhile(/^GET .*\/commits\//, nothing, () => (tags["v1.2.3"] = "b".repeat(40)));
    expect((await since(await job())).text).toContain(`was at ${commit}, and is at ${"b".repeat(40)}`);
    expect(theRelease().draft).toBe(true);
  });

  it("changes a file of the draft: it is not published", async () => {
    meanwhile(/^GET .*\/assets$/, nothing, nothing, changesAFile);
    expect((await since(await job())).text).toContain("SHA256SUMS has 7 bytes there");
    expect(theRelease().draft).toBe(true);
  });

  it("changes a file while the draft is published: that is an error", async () => {
    meanwhile(/^PATCH /, changesAFile);
    expect((await since(await job())).text).toMatch(
      /was published with other files than this run uploaded\n {2}because[^]*SHA256SUMS has 7 bytes there/,
    );
  });
});
