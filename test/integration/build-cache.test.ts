import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInputs, withTarget } from "../../src/actions/interface.js";
import { folderBytes } from "../../src/platform/files/folder-content.js";
import type { Context } from "../../src/platform/host.js";
import { processes } from "../../src/platform/process/process.js";
import { findProgram } from "../../src/platform/process/programs.js";
import type { NearestCache } from "../../src/platform/runner/actions-cache.js";
import { buildProject } from "../../src/project/build-project.js";
import { type UsedCache, restoreBuildCaches, saveBuildCaches } from "../../src/project/caches/build-cache.js";
import { targets } from "../../src/targets/targets.js";
import { type CachePolicy, cachePolicy } from "../../src/toolchain/cache-policy.js";
import { collectingLog } from "../collecting-log.js";
import { put, toolchainFor } from "../unit/project/fixtures.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { skipNote } from "../skip-note.js";

/** A real dune, with OCaml in the same folder: put a toolchain's `bin` on PATH to run these tests. */
const dune = findProgram("dune", process.env["PATH"]);

let folder: string;
let lines: string[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-dune-")));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A cache service with one entry. */
function service(): NearestCache {
  const kept = join(folder, "service");
  let entry: string | undefined;
  const restoreNearest: NearestCache["restoreNearest"] = (_, __, [path = ""]) => {
    if (entry !== undefined) cpSync(kept, path, { recursive: true, preserveTimestamps: true });
    return Promise.resolve(entry);
  };
  return {
    restoreNearest,
    restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
    has: (key) => Promise.resolve(key === entry),
    save: (key, [path = ""]) => {
      cpSync(path, kept, { recursive: true });
      entry = key;
      return Promise.resolve(true);
    },
  };
}

const auto = cachePolicy("auto", "push", "refs/heads/main");

/** A job on a new machine: a fresh checkout, an empty state folder, and the cache service. */
async function job(cache: NearestCache, policy: CachePolicy = auto): Promise<readonly UsedCache[]> {
  for (const name of ["workspace", "state"]) rmSync(join(folder, name), { recursive: true, force: true });
  const directory = join(folder, "workspace");
  await put(join(directory, "dune-project"), "(lang dune 3.0)");
  await put(join(directory, "hello.ml"), "let () = print_endline Answer.text");
  const count = `(system "echo made >> ${folder}/made")`;
  const action = `(progn ${count} (with-stdout-to answer.ml (echo "let text = \\"42\\"")))`;
  await put(join(directory, "dune"), `(executable (name hello))\n(rule (targets answer.ml) (action ${action}))\n`);
  const host = { ...hostIn(folder), isGitHubActions: true };
  const context: Context = {
    host: { ...host, folders: { ...host.folders, state: join(folder, "state"), workspace: directory } },
    log: collectingLog(lines),
    processes,
  };
  const toolchain = {
    ...toolchainFor("x86_64", "host", join(dune ?? "", "..")),
    environment: { path: [join(dune ?? "", "..")], variables: {} },
  };
  const project = { buildSystem: "dune", directory, description: "dune", requirements: [] } as const;
  const { environment, afterBuild } = await restoreBuildCaches(context, {
    project,
    target: targets.unix,
    toolchain,
    policy,
    service: cache,
  });
  const withCache = { ...context, host: { ...context.host, environment: { ...host.environment, ...environment } } };
  const given: GivenInputs = { target: "unix", "install-system-packages": "false" };
  const inputs = { ...withTarget(readInputs((name) => given[name])), arch: host.architecture };
  const { images } = await buildProject(withCache, inputs, toolchain, project);
  expect((await processes.run([images[0].path])).stdout).toBe("42\n");
  const used = await afterBuild();
  await saveBuildCaches(context, used, policy, cache);
  return used;
}

/** How often the build's rule has run. */
const runs = () => readFileSync(join(folder, "made"), "utf8").split("\n").length - 1;

const noDune = dune === undefined ? "no dune on PATH" : undefined;
describe.skipIf(noDune !== undefined)(`a build with real dune${skipNote(noDune)}`, () => {
  it("reuses the output of an earlier job in another checkout", async () => {
    const cache = service();
    await job(cache);
    expect(runs()).toBe(1);
    const [used] = await job(cache);
    expect(runs()).toBe(1);
    expect(used?.restored?.bytes).toBeGreaterThan(1000);
    expect(lines.join("\n")).toMatch(/dune cache: saved [^]*dune cache: hit [^]*dune cache: not saved \(already saved/);
  });

  it("reuses nothing for a release", async () => {
    const cache = service();
    await job(cache);
    expect(await job(cache, cachePolicy("auto", "release", "refs/tags/v1"))).toEqual([]);
    expect(runs()).toBe(2);
  });

  it("works with a cache that was trimmed to almost nothing", async () => {
    const cache = service();
    const [used] = await job(cache);
    if (used === undefined) throw new Error("no cache");
    const before = await folderBytes(used.folder);
    const context: Context = { host: hostIn(folder), log: collectingLog(lines), processes };
    await saveBuildCaches(context, [{ ...used, key: "trimmed", limitBytes: 1000 }], auto, cache);
    expect(lines.join("\n")).toMatch(/dune cache: trimmed to 1\.0 kB: Freed \d+/);
    expect(await folderBytes(used.folder)).toBeLessThan(before / 2);
    expect(existsSync(used.folder)).toBe(true);
    await job(cache);
  });
});
