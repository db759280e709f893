// What is attacked by kills and by pairs: runs whose result must be whole, or not be there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { recordBoot } from "../../src/artifact/image-record.js";
import { saveRecord } from "../../src/artifact/records.js";
import { publishArtifact } from "../../src/publish/publish.js";
import type { ArchiveLevel } from "../../src/toolchain/store/levels.js";
import { listen, whole as wholeAnswer } from "../answers.js";
import { collectingLog } from "../collecting-log.js";
import { obtainSmall, smallKey } from "../integration/small-toolchain.js";
import { type ServedRelease, startReleaseServer } from "../release-server.js";
import { bootOf, buildRecord, newContext, newImage, passed } from "../unit/artifact/fixtures.js";
import { commit } from "../unit/release/fixtures.js";
import { type Ended, type Started, start, temporaryIn } from "./programs.js";

export interface Scene {
  /** @param second the other one of a pair, which may differ where both are asked for one thing. */
  run(second?: boolean): Started;
  /** What is there now is whole, or nothing. */
  expectNothingHalf(): void;
  /** The result of a run that nobody disturbed. */
  expectWhole(ended: Ended): Promise<void>;
  close(): Promise<void>;
}

export const sceneNames = ["run", "set-up", "build of a toolchain", "release"] as const;
export type SceneName = (typeof sceneNames)[number];
export const sceneMakers: Readonly<Record<SceneName, () => Promise<Scene>>> = {
  run: newRun,
  "set-up": () => newSetUp(true),
  "build of a toolchain": () => newSetUp(false),
  release: newRelease,
};

const newFolder = () => mkdtempSync(join(tmpdir(), "attack-"));
const remove = (folder: string) => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
const namesBelow = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
/** A draft, or what is being removed. */
const isUnfinished = (name: string) => /\.(tmp|new|gone\.\w+)$|draft/.test(name);

/** set-up, build, boot and publish of a host process. */
function newRun(): Promise<Scene> {
  const folder = newFolder();
  const home = join(folder, "home");
  mkdirSync(home);
  const temporary = temporaryIn(folder);
  copyFileSync("/bin/echo", join(folder, "www.exe"));
  const artifact = join(folder, "_artifacts/unikernel-www-unix-x86_64");
  const words = ["run", "--target", "unix", "--ocaml-version", "none", "--build-command", 'cp www.exe "$OUT"'];
  const expectArtifact = () => {
    const { status, stderr } = spawnSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], {
      cwd: artifact,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(readFileSync(join(artifact, "www.exe")).equals(readFileSync("/bin/echo"))).toBe(true);
    expect(readdirSync(artifact)).toContain("console-www-unix-x86_64.log");
  };
  return Promise.resolve({
    run: () =>
      start("src/actions/entries/cli.ts", [...words, "--args", "hello", "--expect", "hello"], folder, {
        HOME: home,
        TMPDIR: temporary,
      }),
    expectNothingHalf() {
      if (existsSync(artifact)) expectArtifact();
    },
    async expectWhole({ status, output }) {
      expect(status, output).toBe(0);
      expectArtifact();
      expect(readFileSync(join(artifact, "console-www-unix-x86_64.log"), "utf8")).toContain("hello");
      await expect.poll(() => readdirSync(temporary).filter((name) => !name.startsWith("tsx-"))).toEqual([]);
      await expect.poll(() => namesBelow(join(folder, "_artifacts")).filter(isUnfinished)).toEqual([]);
    },
    close() {
      remove(folder);
      return Promise.resolve();
    },
  });
}

let packed: Promise<Buffer> | undefined;

/** The archive of the small toolchain, made once. */
async function packSmall(): Promise<Buffer> {
  const folder = newFolder();
  const copy = join(folder, "archive");
  const keeping: ArchiveLevel = {
    source: "actions-cache",
    label: "keeping",
    has: () => Promise.resolve(undefined),
    fetch: () => Promise.resolve(undefined),
    save: (_, place) => (cpSync(place.archive, copy), Promise.resolve("saved")),
  };
  try {
    await obtainSmall(collectingLog([]), join(folder, "tools"), [keeping]);
    return readFileSync(copy);
  } finally {
    remove(folder);
  }
}

/** A set-up from a mirror, or one that builds. The second of a pair takes the other way: other bytes for one key. */
async function newSetUp(isFetched: boolean): Promise<Scene> {
  const archive = await (packed ??= packSmall());
  const folder = newFolder();
  const tools = join(folder, "tools");
  const temporary = temporaryIn(folder);
  const sha256 = createHash("sha256").update(archive).digest("hex");
  const mirror = await listen((request, response) => {
    const list = { format: 1, toolchains: [{ key: smallKey, url: "archive", sha256, bytes: archive.length }] };
    const content = request.url === "/toolchains.json" ? Buffer.from(JSON.stringify(list)) : archive;
    wholeAnswer(request, response, content);
  });
  const toolchains = join(tools, "toolchains");
  const place = join(toolchains, smallKey);
  return {
    run: (second = false) =>
      start("test/integration/small-toolchain.ts", isFetched === second ? [tools] : [tools, mirror.url], folder, {
        HOME: folder,
        TMPDIR: temporary,
      }),
    expectNothingHalf() {
      if (existsSync(place))
        expect(readdirSync(place)).toEqual(expect.arrayContaining(["ballast", "bin", "toolchain.json"]));
    },
    async expectWhole({ status, output }) {
      expect(status, output).toBe(0);
      expect(output.trim()).toMatch(/^begun\n(built|published|tool-cache)$/);
      await expect.poll(() => readdirSync(toolchains)).toEqual([smallKey]);
      // Its smoke test compares all bytes.
      const made = await obtainSmall(collectingLog([]), tools, []);
      expect(made.source).toBe("tool-cache");
    },
    async close() {
      await mirror.close();
      remove(folder);
    },
  };
}

const repository = "someone/www";

/** The release of one artifact to a server. */
async function newRelease(): Promise<Scene> {
  const folder = newFolder();
  const temporary = temporaryIn(folder);
  const context = newContext();
  const image = newImage(context.host.folders.workspace, "www.hvt", "bytes".repeat(100_000));
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
  const server = await startReleaseServer({ repository, tags: { "v1.2.3": commit } });
  const expectComplete = ({ assets }: ServedRelease) => {
    const contents = new Map(assets.map(({ name, content }) => [name, content]));
    expect(assets.every(({ state }) => state === "uploaded")).toBe(true);
    const sums = contents.get("SHA256SUMS")?.toString() ?? "";
    const hash = (content: Buffer) => createHash("sha256").update(content).digest("hex");
    const right = [...contents]
      .filter(([name]) => name !== "SHA256SUMS")
      .map(([name, content]) => `${hash(content)}  ${name}\n`);
    expect(sums).toBe(right.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(""));
    expect(contents.size).toBe(4);
  };
  return {
    run: () =>
      start("src/actions/entries/release.ts", [], folder, {
        HOME: folder,
        TMPDIR: temporary,
        GITHUB_ACTIONS: "true",
        GITHUB_API_URL: server.url,
        GITHUB_REPOSITORY: repository,
        GITHUB_REF_TYPE: "tag",
        GITHUB_REF_NAME: "v1.2.3",
        INPUT_FOLDER: join(context.host.folders.workspace, "_artifacts"),
        INPUT_TOKEN: "a-token",
      }),
    expectNothingHalf() {
      const published = server.releases.filter(({ draft }) => !draft);
      expect(published.length).toBeLessThan(2);
      published.forEach(expectComplete);
    },
    expectWhole({ status, output }) {
      expect(status, output).toBe(0);
      expect(server.releases.map(({ draft }) => draft)).toEqual([false]);
      server.releases.forEach(expectComplete);
      // Nothing is written to a release that is published.
      const last = server.requests.findLastIndex((one) => /^(POST|DELETE|PATCH)/.test(one));
      expect(server.requests[last]).toMatch(/^PATCH .*\/releases\/\d+$/);
      return Promise.resolve();
    },
    async close() {
      await server.close();
      remove(folder);
      remove(context.host.folders.workspace);
    },
  };
}

/** How long the work of an undisturbed run takes on this machine: an attack's moments are parts of it. */
export async function undisturbedMs(name: SceneName): Promise<number> {
  const known = measured.get(name);
  if (known !== undefined) return known;
  const scene = await sceneMakers[name]();
  try {
    const { begun, ended } = scene.run();
    await begun;
    const begin = performance.now();
    const end = await ended;
    const ms = performance.now() - begin;
    await scene.expectWhole(end);
    measured.set(name, ms);
    return ms;
  } finally {
    await scene.close();
  }
}

const measured = new Map<SceneName, number>();
