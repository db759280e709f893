import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import type { NearestCache } from "../../../../src/platform/runner/actions-cache.js";
import {
  type RestoredCaches,
  type UsedCache,
  restoreBuildCaches,
  saveBuildCaches,
} from "../../../../src/project/caches/build-cache.js";
import type { Project } from "../../../../src/project/project.js";
import { buildCacheSummary } from "../../../../src/summary/markup.js";
import { targets } from "../../../../src/targets/targets.js";
import { type CachePolicy, cachePolicy } from "../../../../src/toolchain/cache-policy.js";
import { fakeContext, folderWith, put, toolchainFor } from "../fixtures.js";

let folder: string;
let context: Context & { readonly logged: string[] };
let trims: string[][];
let service: NearestCache & { readonly kept: Map<string, string> };

beforeEach(async () => {
  folder = await folderWith({
    "workspace/dune-project": "(lang dune 3.0)",
    "tools/bin/dune": "#!/bin/sh\n",
    "tools/opam/download-cache/.keep": "",
  });
  chmodSync(join(folder, "tools/bin/dune"), 0o755);
  trims = [];
  service = folderService();
  context = machine(true);
});

function machine(isGitHubActions: boolean): typeof context {
  const fake = fakeContext(folder, (argv, { env }) => {
    trims.push([...argv, env?.["DUNE_CACHE_ROOT"] ?? ""]);
    return Promise.resolve({ stdout: "Freed 1MB (2 files removed)\n" });
  });
  const folders = {
    toolCache: join(folder, "tool-cache"),
    state: join(folder, "state"),
    temporary: folder,
    workspace: join(folder, "workspace"),
  };
  return { ...fake, host: { ...fake.host, isGitHubActions, folders } };
}

/** A cache service that stores copies of folders. */
function folderService(): typeof service {
  const kept = new Map<string, string>();
  const restoreNearest: NearestCache["restoreNearest"] = (key, prefixes, [path = ""]) => {
    const newestFirst = [...kept.keys()].reverse();
    const found = kept.has(key) ? key : newestFirst.find((one) => prefixes.some((prefix) => one.startsWith(prefix)));
    if (found !== undefined) cpSync(kept.get(found) ?? "", path, { recursive: true });
    return Promise.resolve(found);
  };
  return {
    kept,
    restoreNearest,
    restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
    has: (key) => Promise.resolve(kept.has(key)),
    save: (key, [path = ""]) => {
      const copy = join(folder, "service", String(kept.size));
      cpSync(path, copy, { recursive: true });
      kept.set(key, copy);
      return Promise.resolve(true);
    },
  };
}

const dune: Project = { buildSystem: "dune", directory: "", description: "dune", requirements: [] };
const mirage: Project = {
  buildSystem: "mirage",
  directory: "",
  description: "mirage",
  configFile: "config.ml",
  requirements: [],
  lockFiles: [],
};
const auto = cachePolicy("auto", "push", "refs/heads/main");

function restore(
  project = dune,
  policy: CachePolicy = auto,
  from: NearestCache | "none" = service,
): Promise<RestoredCaches> {
  const toolchain = { ...toolchainFor("x86_64", "solo5", join(folder, "tools/bin")), path: join(folder, "tools") };
  const request = {
    project: { ...project, directory: join(folder, "workspace") },
    target: targets.hvt,
    toolchain,
    policy,
  };
  return restoreBuildCaches(context, { ...request, service: from === "none" ? undefined : from });
}

/** One job, in which dune adds `object` to its cache. */
async function job(
  object: string,
  { project = dune, policy = auto, during = () => Promise.resolve() } = {},
): Promise<string[]> {
  rmSync(join(folder, "state"), { recursive: true, force: true });
  const { environment, afterBuild } = await restore(project, policy);
  const root = environment["DUNE_CACHE_ROOT"];
  if (root !== undefined) await put(join(root, "db/files", object), object);
  await during();
  const kept = await saveBuildCaches(context, await afterBuild(), policy, service);
  return kept.map(({ outcome }) => outcome);
}

const objects = (used: readonly UsedCache[]) => readdirSync(join(used[0]?.folder ?? "", "db/files")).sort();

describe("dune’s cache", () => {
  it("is saved by the first job and restored by the next, which does not save it again", async () => {
    expect(await job("one")).toEqual([
      expect.stringMatching(/^saved \(unikernel-ci-dune-1-key-hvt-[0-9a-f]{8}-[0-9a-f]{16}\), 3 B in /),
    ]);
    expect(await job("two")).toEqual(["not saved (already saved for the same dependencies)"]);
    expect(service.kept.size).toBe(1);
    expect(context.logged.filter((line) => /^dune cache: (miss|hit)/.test(line))).toEqual([
      expect.stringMatching(/^dune cache: miss \(unikernel-ci-dune-1-key-hvt-[0-9a-f]{8}-…\)$/),
      expect.stringMatching(/^dune cache: hit \(unikernel-ci-dune-.*\), 3 B in 0\.\d\d s$/),
    ]);
  });

  it("of other dependencies is restored when there is none for these, and both stay saved", async () => {
    await job("one");
    await put(join(folder, "workspace/vendor/lwt/dune-project"), "(lang dune 2.0)");
    expect(await job("two")).toEqual([expect.stringMatching(/^saved .* 6 B /)]);
    expect([...service.kept.keys()]).toHaveLength(2);
    expect(context.logged.join("\n")).toMatch(/dune cache: nearest \(/);
    expect(objects(await (await restore()).afterBuild())).toEqual(["one", "two"]);
  });

  it("has a key that does not depend on sources or build output", async () => {
    await job("one");
    await put(join(folder, "workspace/hello.ml"), "let () = ()");
    await put(join(folder, "workspace/_build/default/x.opam"), "");
    expect(await job("two")).toEqual([expect.stringMatching(/^not saved \(already saved/)]);
  });

  it.each([
    ["release", undefined],
    ["pull_request_target", undefined],
    ["push", "refs/tags/v1"],
  ])("is neither restored nor saved for %s %s", async (event, ref) => {
    await job("one");
    const policy = cachePolicy("auto", event, ref);
    const { environment, afterBuild } = await restore(dune, policy);
    expect(environment).toEqual({ DUNE_CACHE: "disabled" });
    expect(await afterBuild()).toEqual([]);
    expect(context.logged.at(-1)).toMatch(/^dune cache: not used \(cache: auto disables caching/);
    expect(existsSync(join(folder, "state/dune-cache/db"))).toBe(false);
  });

  it("nor are opam’s downloads", async () => {
    const policy = cachePolicy("auto", "release", undefined);
    expect(await (await restore(mirage, policy)).afterBuild()).toEqual([]);
  });

  it("is restored and not saved if the policy says so", async () => {
    await job("one");
    await put(join(folder, "workspace/x.opam"), "");
    expect(await job("two", { policy: cachePolicy("read-only", "push", undefined) })).toEqual([
      "not saved (cache: read-only)",
    ]);
    expect(service.kept.size).toBe(1);
  });

  it("that was restored incompletely is removed", async () => {
    const broken: NearestCache = {
      ...service,
      restoreNearest: (_, __, [path = ""]) => {
        mkdirSync(join(path, "db/files"), { recursive: true });
        writeFileSync(join(path, "db/files/half"), "");
        return Promise.resolve(undefined);
      },
    };
    const { environment } = await restore(dune, auto, broken);
    expect(existsSync(environment["DUNE_CACHE_ROOT"] ?? "")).toBe(false);
  });

  it("causes only a warning when it cannot be saved", async () => {
    const { environment, afterBuild } = await restore();
    await put(join(environment["DUNE_CACHE_ROOT"] ?? "", "db/files/one"), "one");
    const used = await afterBuild();
    const failing = (error: Partial<NearestCache>) => saveBuildCaches(context, used, auto, { ...service, ...error });
    expect((await failing({ save: () => Promise.resolve(false) }))[0]?.outcome).toBe(
      "not saved (the cache service did not accept it)",
    );
    expect((await failing({ save: () => Promise.reject(new Error("ENOSPC")) }))[0]?.outcome).toBe(
      "not saved (saving failed)",
    );
    expect(context.logged).toContain("dune cache: not saved: ENOSPC");
    expect((await failing({ has: () => Promise.resolve(true) }))[0]?.outcome).toBe(
      "not saved (another run has saved it meanwhile)",
    );
    expect((await saveBuildCaches(context, used, auto, undefined))[0]?.outcome).toBe(
      "not saved (no cache service here)",
    );
  });

  it("is trimmed by dune before it is saved, when it is larger than its limit", async () => {
    const { afterBuild } = await restore();
    const [used] = await afterBuild();
    if (used === undefined) throw new Error("no cache");
    await put(join(used.folder, "db/files/one"), "one");
    await saveBuildCaches(context, [used], auto, service);
    expect(trims).toEqual([]);
    await saveBuildCaches(context, [{ ...used, key: "other", limitBytes: 2 }], auto, service);
    expect(trims).toEqual([[join(folder, "tools/bin/dune"), "cache", "trim", "--size=2B", used.folder]]);
    expect(context.logged).toContain("dune cache: trimmed to 2 B: Freed 1MB (2 files removed)");
  });

  it("stays on a machine that is not a runner, without any service", async () => {
    context = machine(false);
    const { environment, afterBuild } = await restore(dune, auto, "none");
    expect(environment["DUNE_CACHE_ROOT"]).toBe(join(folder, "tool-cache/dune-cache"));
    expect((await afterBuild()).map(({ kind }) => kind)).toEqual(["dune"]);
    expect(context.logged.at(-1)).toBe(`dune cache: 0 B (${join(folder, "tool-cache/dune-cache")})`);
  });

  it("is not used where dune is not installed", async () => {
    rmSync(join(folder, "tools/bin/dune"));
    const { afterBuild } = await restore();
    expect(await afterBuild()).toEqual([]);
  });
});

describe("the downloads of a mirage project", () => {
  const lock = join("workspace/mirage", "www-hvt.opam.locked");
  const downloads = () => join(folder, "tools/opam/download-cache");
  const makeLock = (text: string) => put(join(folder, lock), text);

  it("are saved under the key of the lock that the build writes, and restored newest first before that", async () => {
    const during = async () => {
      await makeLock("one");
      await put(join(downloads(), "sha256/ab/abcd"), "archive");
    };
    expect(await job("x", { project: mirage, during })).toEqual([
      expect.stringMatching(/^saved \(unikernel-ci-dune-/),
      expect.stringMatching(/^saved \(unikernel-ci-downloads-1-key-hvt-/),
    ]);
    rmSync(join(folder, "workspace/mirage"), { recursive: true });
    rmSync(downloads(), { recursive: true });
    expect(await job("y", { project: mirage, during: () => makeLock("one") })).toEqual([
      expect.stringMatching(/^not saved \(already saved/),
      expect.stringMatching(/^not saved \(already saved/),
    ]);
    expect(readFileSync(join(downloads(), "sha256/ab/abcd"), "utf8")).toBe("archive");
    expect(context.logged.join("\n")).toMatch(/downloads: newest \(/);
  });

  it("are found by the committed lock of this target, and by no other lock", async () => {
    await makeLock("one");
    await put(join(downloads(), "sha256/ab/abcd"), "archive");
    await job("x", { project: mirage });
    await put(join(folder, "workspace/mirage/www-spt.opam.locked"), "other");
    await job("y", { project: mirage });
    expect(context.logged.join("\n")).toMatch(/downloads: hit \(/);
  });

  it("are not saved without a lock", async () => {
    expect((await job("x", { project: mirage }))[1]).toBe("not saved (no lock file to derive a key from)");
  });

  it("are trimmed oldest first", async () => {
    const [old, young] = ["old", "young"].map((name) => join(downloads(), "sha256", name)) as [string, string];
    for (const path of [old, young]) await put(path, "12345");
    utimesSync(old, 1, 1);
    await makeLock("one");
    const [, used] = await (await restore(mirage)).afterBuild();
    if (used === undefined) throw new Error("no cache");
    await saveBuildCaches(context, [{ ...used, limitBytes: 6 }], auto, service);
    expect(readdirSync(dirname(old))).toEqual(["young"]);
  });
});

describe("the summary of the build caches", () => {
  it("says what was restored and what was saved", async () => {
    await job("one");
    const [used] = await (await restore()).afterBuild();
    if (used === undefined) throw new Error("no cache");
    const text = buildCacheSummary([{ cache: used, outcome: "not saved (already saved)" }]);
    expect(text).toMatch(/\| dune cache \| <code>unikernel&#45;ci&#45;dune.*<\/code>, 3 B in 0\.\d\d s \| not saved/);
  });
});
