import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Patience } from "../../src/platform/network/published.js";
import { Problem } from "../../src/platform/problem.js";
import type { ArchiveLevel } from "../../src/toolchain/store/levels.js";
import { toolchainPlace } from "../../src/toolchain/store/place.js";
import type { ToolchainSource } from "../../src/toolchain/toolchain.js";
import {
  type Answer,
  corrupted,
  cutAfter,
  firstHalf,
  instead,
  listen,
  reset,
  silence,
  stallAfter,
  status,
  whole,
} from "../answers.js";
import { type CacheServer, type Protocol, type Wish, protocols, startCacheServer } from "../cache-server.js";
import { collectingLog } from "../collecting-log.js";
import { exampleSpec } from "../unit/toolchain/examples.js";
import { cacheLevel, mirrorLevel, obtainSmall, smallKey, smallMakers } from "./small-toolchain.js";
import { skipNote } from "../skip-note.js";

let folder: string;
let tools: string;
let temporary: string;
let told: string[];
let server: CacheServer;
/** The archive as published, and as in the actions cache. */
let archive: Buffer;
let entry: Buffer;

const log = () => collectingLog(told);
const story = () => told.join("\n");
const left = (where = tools) => (existsSync(join(where, "toolchains")) ? readdirSync(join(where, "toolchains")) : []);
const mustNotBuild = { ...smallMakers, build: () => Promise.reject(new Error("must not be built")) };

/** A step's environment with this server as the cache, and waits a hundred times shorter: they would take minutes. */
function useCache(protocol: Protocol): void {
  const environment = server.environment(protocol);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const wait = setTimeout;
  vi.stubGlobal(
    "setTimeout",
    Object.assign((action: () => void, ms = 0, ...more: []) => wait(action, ms / 100, ...more), wait),
  );
}

/** A small mount, until the test is over. */
function tmpfs(path: string, bytes: number): void {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
  mounts.push(path);
}
const mounts: string[] = [];
const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;
const cannotMount = mayMount ? undefined : "this user cannot mount";

beforeAll(async () => {
  // The cache's client sends commands to the runner: our own CI would mask this test's secrets.
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-faults-")));
  tools = join(folder, "tools");
  temporary = join(folder, "temporary");
  vi.stubEnv("RUNNER_TEMP", temporary);
  vi.stubEnv("GITHUB_WORKSPACE", folder);
  told = [];
  server = await startCacheServer();
  useCache("v2");
  const copy = join(folder, "archive");
  const keeping: ArchiveLevel = {
    source: "published",
    label: "copy",
    has: () => Promise.resolve(undefined),
    fetch: () => Promise.resolve(undefined),
    save: (_, place) => (cpSync(place.archive, copy), Promise.resolve("saved")),
  };
  await obtainSmall(log(), tools, [keeping, cacheLevel(log())]);
  archive = readFileSync(copy);
  entry = server.entries.get(smallKey) ?? Buffer.alloc(0);
  await server.close();
  vi.unstubAllGlobals();
});
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  told = [];
  server = await startCacheServer();
  rmSync(tools, { recursive: true, force: true });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server.close();
  for (const path of mounts.splice(0)) execFileSync("umount", ["--lazy", path]);
  rmSync(tools, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
});

const always = (answer: Answer): Answer[] => Array.from({ length: 20 }, () => answer);
const thrice = (answer: Answer): Answer[] => [answer, answer, answer];

describe.each(protocols)("a toolchain in the actions cache, by its protocol %s,", (protocol) => {
  const obtain = (makers = smallMakers) => obtainSmall(log(), tools, [cacheLevel(log())], makers);

  it("is kept when it was built, and restored", async () => {
    useCache(protocol);
    expect((await obtain()).source).toBe("built");
    expect(server.wishes).toEqual(["look up", "look up", "look up", "reserve", "upload", "finish", "look up"]);
    rmSync(tools, { recursive: true });
    expect((await obtain(mustNotBuild)).source).toBe("actions-cache");
    await expect.poll(left).toEqual([smallKey]);
  });

  it("has an entry for each build of what it is built on, of which the newest is restored", async () => {
    useCache(protocol);
    const level = cacheLevel(log());
    const place = await toolchainPlace(tools, "key");
    for (const base of ["a", "b"]) {
      writeFileSync(place.archive, `on ${base}`);
      expect(await level.save?.("key", place, base.repeat(64))).toBe("saved");
      expect(await level.save?.("key", place, base.repeat(64))).toBe("there already");
    }
    expect([...server.entries.keys()]).toEqual([`key.${"a".repeat(16)}`, `key.${"b".repeat(16)}`]);
    const fetched = await level.fetch("key", place, true);
    if (fetched === undefined || "because" in fetched) throw new Error("nothing was restored");
    expect(await text(fetched.bytes)).toBe("on b");
    await fetched.finish();
    expect(await level.fetch("key", place, false)).toBeUndefined();
  });

  // The client retries temporary failures, by v1 only 502, 503, 504 and a lost connection; and we retry once.
  it.each<[fault: string, wish: Wish, answers: readonly Answer[], outcome: ToolchainSource]>([
    ["403", "look up", always(status(403)), "built"],
    ["404", "look up", always(status(404)), "built"],
    ["429 with Retry-After", "look up", always(status(429, { "retry-after": "60" })), "built"],
    ["500 three times, then good", "look up", thrice(status(500)), protocol === "v2" ? "actions-cache" : "built"],
    ["503 once, then good", "look up", [status(503)], "actions-cache"],
    ["500 for ever", "look up", always(status(500)), "built"],
    ["a connection that is reset", "look up", [reset], "actions-cache"],
    ["no answer", "look up", always(silence), "built"],
    ["403", "fetch", always(status(403)), "built"],
    ["404", "fetch", always(status(404)), "built"],
    ["429 with Retry-After", "fetch", always(status(429, { "retry-after": "60" })), "built"],
    ["500 three times, then good", "fetch", thrice(status(500)), protocol === "v2" ? "actions-cache" : "built"],
    ["500 once, then good", "fetch", [status(500)], "actions-cache"],
    ["a connection that is reset", "fetch", [reset], "actions-cache"],
    ["a connection that is reset in the middle", "fetch", [cutAfter(1_000_000)], "actions-cache"],
    ["a stall", "fetch", always(stallAfter(1_000_000)), "built"],
    ["an archive that is truncated", "fetch", always(instead(firstHalf)), "built"],
    ["an archive that is corrupt in the middle", "fetch", always(instead(corrupted)), "built"],
    ["another archive", "fetch", always(instead(() => Buffer.from("<html>"))), "built"],
    // v1 has no such request.
    ["no answer", "measure", always(silence), protocol === "v2" ? "built" : "actions-cache"],
  ])("comes all the same after %s to the question to %s", async (_, wish, answers, outcome) => {
    server.entries.set(smallKey, entry);
    server.disturb(wish, ...answers);
    useCache(protocol);
    expect((await obtain()).source).toBe(outcome);
    await expect.poll(left).toEqual([smallKey]);
    rmSync(temporary, { recursive: true, force: true });
    expect((await obtain(mustNotBuild)).source).toBe("tool-cache");
  });

  it.each<[fault: string, wish: Wish, answers: readonly Answer[]]>([
    ["403", "reserve", always(status(403))],
    ["500 for ever", "reserve", always(status(500))],
    ["403", "upload", always(status(403))],
    ["a connection that is reset", "upload", always(reset)],
    ["no answer", "upload", always(silence)],
    ["500 for ever", "finish", always(status(500))],
  ])("that cannot be kept, by %s to the question to %s, is good all the same", async (_, wish, answers) => {
    server.disturb(wish, ...answers);
    useCache(protocol);
    expect((await obtain()).source).toBe("built");
    expect(story()).toContain("notice: the toolchain was not saved to the actions cache");
    expect([...server.entries.keys()]).toEqual([]);
    await expect.poll(left).toEqual([smallKey]);
  });

  it("that another job is just saving is not saved by this one", async () => {
    server.reserve(smallKey);
    useCache(protocol);
    expect((await obtain()).source).toBe("built");
    expect(server.wishes.at(-1)).toBe("reserve");
    expect(story()).toContain("notice: the toolchain was not saved to the actions cache");
    await expect.poll(left).toEqual([smallKey]);
  });

  it("is restored in parts where the service has them", async () => {
    server.entries.set(smallKey, entry);
    useCache(protocol);
    expect((await obtain(mustNotBuild)).source).toBe("actions-cache");
    expect(server.wishes).toEqual(protocol === "v1" ? ["look up", "fetch"] : ["look up", "measure", "fetch", "fetch"]);
  });
});

describe("a published toolchain", () => {
  let answers: Answer[];
  let listAnswers: Answer[];
  let sha256: string;
  let key: string;
  let ranges: (string | undefined)[];
  let waits: number[];
  let mirror: Awaited<ReturnType<typeof listen>>;

  beforeEach(async () => {
    answers = [];
    listAnswers = [];
    ranges = [];
    waits = [];
    sha256 = createHash("sha256").update(archive).digest("hex");
    key = smallKey;
    mirror = await listen((request, response) => {
      if (request.url === "/toolchains.json") {
        const list = { format: 1, toolchains: [{ key, url: "archive", sha256, bytes: archive.length }] };
        (listAnswers.shift() ?? whole)(request, response, Buffer.from(JSON.stringify(list)));
        return;
      }
      ranges.push(request.headers.range);
      (answers.shift() ?? whole)(request, response, archive);
    });
  });
  afterEach(() => mirror.close());

  const patience: Patience = { silenceMs: 200, wait: (ms) => Promise.resolve(void waits.push(ms)) };
  const obtain = (makers = smallMakers) =>
    obtainSmall(log(), tools, [mirrorLevel(log(), mirror.url, patience)], makers);

  it.each<[fault: string, answers: readonly Answer[]]>([
    ["nothing", []],
    ["429 with Retry-After", [status(429, { "retry-after": "7" })]],
    ["500 three times", thrice(status(500))],
    ["a connection that is reset", [reset]],
    ["a connection that is reset in the middle", [cutAfter(1_000_000)]],
    ["a stall", [stallAfter(1_000_000)]],
    ["an end in the middle", [instead(firstHalf)]],
  ])("is set up after %s", async (_, faults) => {
    answers = [...faults];
    expect((await obtain(mustNotBuild)).source).toBe("published");
    await expect.poll(left).toEqual([smallKey]);
  });

  it("waits as long as the server asks, and continues the transfer where it stopped", async () => {
    answers = [status(429, { "retry-after": "7" }), cutAfter(1_000_000)];
    await obtain(mustNotBuild);
    expect(waits[0]).toBe(7_000);
    const [, , resumed = ""] = ranges;
    expect(Number(/^bytes=(\d+)-$/.exec(resumed)?.[1])).toBeGreaterThan(0);
  });

  it.each<[fault: string, answers: readonly Answer[]]>([
    ["403", [status(403)]],
    ["404", [status(404)]],
    ["500 for ever", always(status(500))],
    ["connections that are reset", always(reset)],
    ["stalls", always(silence)],
    // The server's copy does not answer the request for the rest.
    ["half of it, and no more", always(instead(firstHalf))],
  ])("that cannot be fetched, by %s, is built", async (_, faults) => {
    answers = [...faults];
    expect((await obtain()).source).toBe("built");
    expect(story()).toContain("notice: published: its copy of this toolchain cannot be used");
    await expect.poll(left).toEqual([smallKey]);
  });

  it.each<[fault: string, prepare: () => void]>([
    ["whose SHA-256 is another than that of the list", () => (sha256 = "0".repeat(64))],
    ["that is corrupt in the middle", () => (answers = always(instead(corrupted)))],
    ["that is something else", () => (answers = always(instead((content) => Buffer.alloc(content.length))))],
  ])("%s stops the set-up, and nothing of it is left", async (_, prepare) => {
    prepare();
    await expect(obtain(mustNotBuild)).rejects.toThrow("is not the toolchain that was published");
    await expect.poll(left).toEqual([]);
  });

  it.each<[fault: string, prepare: () => void]>([
    ["has no list", () => (listAnswers = [status(404)])],
    ["shows nobody its list", () => (listAnswers = [status(403)])],
    ["fails", () => (listAnswers = always(status(500)))],
    ["has others", () => (key = "another")],
  ])("is built where the mirror %s", async (_, prepare) => {
    prepare();
    expect((await obtain()).source).toBe("built");
  });

  it("is looked for in the actions cache when it cannot be fetched", async () => {
    answers = [status(404)];
    server.entries.set(smallKey, entry);
    useCache("v2");
    const levels = [mirrorLevel(log(), mirror.url, patience), cacheLevel(log())];
    expect((await obtainSmall(log(), tools, levels, mustNotBuild)).source).toBe("actions-cache");
  });

  describe.skipIf(!mayMount)(`on a disk${skipNote(cannotMount)}`, () => {
    it("that is full is reported with a remedy, and leaves nothing", async () => {
      tmpfs(tools, 3_000_000);
      const problem: unknown = await obtain(mustNotBuild).catch((error: unknown) => error);
      expect(problem).toBeInstanceOf(Problem);
      expect(String(problem)).toMatch(
        /^no space left for the toolchain in .*tools\/toolchains\n.*ENOSPC[^]*RUNNER_TOOL_CACHE/,
      );
      await expect.poll(left).toEqual([]);
    });

    it("that has no space for a lock is reported too", async () => {
      tmpfs(tools, 1_000_000);
      mkdirSync(join(tools, "toolchains"));
      spawnSync("dd", ["if=/dev/zero", `of=${join(tools, "filled")}`, "bs=4k"]);
      await expect(obtain(mustNotBuild)).rejects.toThrow("no space left");
      await expect.poll(left).toEqual([]);
    });

    it("that is full when the toolchain is packed is reported, and leaves nothing", async () => {
      key = "another";
      tmpfs(tools, 8_000_000);
      await expect(obtain()).rejects.toThrow("no space left");
      await expect.poll(left).toEqual([]);
    });

    it("that is read-only is used for the toolchain it has, and another folder for others", async () => {
      tmpfs(tools, 30_000_000);
      expect((await obtain(mustNotBuild)).source).toBe("published");
      execFileSync("mount", ["-o", "remount,ro", tools]);
      expect((await obtain(mustNotBuild)).source).toBe("tool-cache");

      const spare = join(folder, "spare");
      const other = { ...exampleSpec, slim: false };
      const take = (makers = smallMakers) => obtainSmall(log(), tools, [], makers, other, spare);
      const made = await take();
      expect(made.source).toBe("built");
      expect(made.path.startsWith(join(spare, "toolchains"))).toBe(true);
      expect(story()).toContain(
        `notice: the tool cache ${tools}/toolchains is not writable: the toolchain goes to ${spare}/toolchains`,
      );
      expect((await take(mustNotBuild)).source).toBe("tool-cache");
      rmSync(spare, { recursive: true });
    });

    it("for temporary files that is full does not stop the actions cache’s toolchain from being built", async () => {
      tmpfs(temporary, 1_000_000);
      server.entries.set(smallKey, entry);
      useCache("v2");
      expect((await obtainSmall(log(), tools, [cacheLevel(log())])).source).toBe("built");
      await expect.poll(left).toEqual([smallKey]);
    });
  });

  describe("whose set-up is ended", () => {
    const script = fileURLToPath(new URL("small-toolchain.ts", import.meta.url));

    /** A restore in its own process, once half of its archive has arrived and no more comes. */
    async function stalled(...more: readonly string[]): Promise<ChildProcess> {
      const environment = { ...process.env, ...server.environment("v2"), ACTIONS_CACHE_SERVICE_V2: "true" };
      const child = spawn(process.execPath, ["--import", "tsx", script, tools, ...more], {
        env: environment,
        stdio: ["ignore", "ignore", "inherit"],
      });
      await expect
        .poll(() => ranges.length + server.wishes.filter((wish) => wish === "fetch").length)
        .toBeGreaterThan(0);
      return child;
    }
    const half: Answer = (request, response, content) => stallAfter(content.length / 2)(request, response, content);

    it("by a signal leaves nothing, no lock and no process", async () => {
      answers = [half];
      const child = await stalled(mirror.url);
      await expect.poll(() => left().some((name) => name.endsWith(".new"))).toBe(true);
      const started = descendantsOf(child.pid);
      expect(started.map(commandOf).join()).toContain("zstd");
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([143, null]);
      await expect.poll(left).toEqual([]);
      expect(started.map(commandOf).filter((command) => command !== "")).toEqual([]);
    });

    it("by a signal while the actions cache answers leaves nothing either", async () => {
      server.entries.set(smallKey, entry);
      server.disturb("fetch", half, half);
      const child = await stalled();
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([143, null]);
      await expect.poll(left).toEqual([]);
    });

    it("by force leaves nothing that is used as complete, and the next one removes it", async () => {
      answers = [half];
      const child = await stalled(mirror.url);
      await expect.poll(() => left().some((name) => name.endsWith(".new"))).toBe(true);
      const started = descendantsOf(child.pid);
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(left()).not.toContain(smallKey);
      await expect.poll(() => started.map(commandOf).filter((command) => command !== "")).toEqual([]);
      expect((await obtain(mustNotBuild)).source).toBe("published");
      await expect.poll(left).toEqual([smallKey]);
    });
  });
});

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
};

function descendantsOf(parent: number | undefined): number[] {
  const children = readdirSync("/proc").flatMap((entry) => {
    try {
      const found = /^\d+$/.test(entry) ? /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, "utf8")) : null;
      return Number(found?.[1]) === parent ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}
