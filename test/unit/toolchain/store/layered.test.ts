import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../../../../src/platform/problem.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import type { ToolchainCache } from "../../../../src/platform/runner/actions-cache.js";
import { layoutOf } from "../../../../src/toolchain/environment.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { specBelow } from "../../../../src/toolchain/layers.js";
import { givesItself } from "../../../../src/toolchain/store/handed-out.js";
import { changedEntries, readInstalled, readInstalledEntries } from "../../../../src/toolchain/store/installed.js";
import { actionsCacheLevel, publishedLevel } from "../../../../src/toolchain/store/levels.js";
import { toolchainPlace } from "../../../../src/toolchain/store/place.js";
import { publishToolchain } from "../../../../src/toolchain/store/publish-archive.js";
import { obtainToolchain } from "../../../../src/toolchain/store/store.js";
import type { Wanted } from "../../../../src/toolchain/store/wanted.js";
import type { Toolchain, ToolchainOrigin, ToolchainSpec } from "../../../../src/toolchain/toolchain.js";
import { collectingLog } from "../../../collecting-log.js";
import { exampleSpec } from "../examples.js";

const withFmt: ToolchainSpec = { ...exampleSpec, packages: [...exampleSpec.packages, "fmt"] };
const withLwt: ToolchainSpec = { ...exampleSpec, packages: [...exampleSpec.packages, "lwt"] };
const compilers = specBelow(exampleSpec) ?? exampleSpec;

let folder: string;
let told: string[];
/** The packages that were built, one after another. */
let built: string[];
/** What differs from one build of a package to the next. */
let build: number;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-layers-")));
  told = [];
  built = [];
  build = 1;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const binOf = (path: string) => join(path, "bin");
/** A spec's packages, with a file for each that has the toolchain's path, and one that all rewrite. */
function install(path: string, packages: readonly string[]): void {
  mkdirSync(binOf(path), { recursive: true });
  for (const name of packages) {
    if (existsSync(join(binOf(path), name))) continue;
    built.push(name);
    writeFileSync(join(binOf(path), name), `#!${path}/bin/run ${build}\n`, { mode: 0o755 });
    mkdirSync(join(layoutOf(path).installed, `${name}.1`), { recursive: true });
    // Each package replaces what another one has left.
    writeFileSync(join(path, "last"), name);
    if (name.startsWith("dune")) writeFileSync(join(path, "first"), name);
    if (name.startsWith("mirage")) rmSync(join(path, "first"));
  }
}
const works = (path: string, packages: readonly string[]) =>
  packages.every((name) => {
    const file = join(binOf(path), name);
    return existsSync(file) && existsSync(/^#!(.*)\/bin\/run/.exec(readFileSync(file, "utf8"))?.[1] ?? "");
  });

interface Machine {
  readonly tools?: string;
  readonly trusts?: (origin: ToolchainOrigin) => boolean;
  readonly during?: (spec: ToolchainSpec, path: string) => Promise<void>;
}

async function wantedOf(spec: ToolchainSpec, machine: Machine = {}): Promise<Wanted> {
  const { tools = "machine", trusts = () => true, during } = machine;
  const below = specBelow(spec);
  const key = toolchainKey(spec);
  return {
    ...{ spec, key, trusts, place: await toolchainPlace(join(folder, tools), key) },
    findMounts: () => Promise.resolve(undefined),
    build: async (path) => {
      install(path, spec.packages);
      await during?.(spec, path);
      return { path: [binOf(path)], variables: {} };
    },
    slim: () => Promise.resolve(() => true),
    smokeTest: ({ path, spec: { packages } }) =>
      works(path, packages) ? Promise.resolve() : Promise.reject(new Problem("a package is missing")),
    ...(below === undefined ? {} : { below: await wantedOf(below, machine) }),
  };
}

/** The entries of a cache, each a file with its key as its name; the newest wins. */
function folderCache(): ToolchainCache & { readonly entries: () => string[] } {
  const place = (name: string) => join(folder, "cached", name);
  const entries = () => (existsSync(place("")) ? readdirSync(place("")).sort() : []);
  const find = (key: string, prefixes: readonly string[] = []) =>
    entries().find((name) => name === key) ??
    entries()
      .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
      .sort((a, b) => statSync(place(b)).mtimeMs - statSync(place(a)).mtimeMs)[0];
  return {
    entries,
    has: (key, _, prefixes) => Promise.resolve(find(key, prefixes) !== undefined),
    restore: (key, [path = ""], prefixes) => {
      const found = find(key, prefixes);
      if (found !== undefined) cpSync(place(found), path);
      return Promise.resolve(found !== undefined);
    },
    save: (name, [path = ""]) => {
      mkdirSync(place(""), { recursive: true });
      cpSync(path, place(name));
      return Promise.resolve(true);
    },
  };
}

const policy = { restore: true, save: true, why: "test" };
async function obtain(spec: ToolchainSpec, cache?: ToolchainCache, machine: Machine = {}): Promise<Toolchain> {
  built = [];
  return obtainToolchain(collectingLog(told), await wantedOf(spec, machine), [actionsCacheLevel(cache, policy)]);
}
const story = () => told.join("\n");
const pathOf = (spec: ToolchainSpec, tools = "machine") => join(folder, tools, "toolchains", toolchainKey(spec));
const left = (tools = "machine") => readdirSync(join(folder, tools, "toolchains")).sort();
const keys = (...specs: readonly ToolchainSpec[]) => specs.map(toolchainKey).sort();
async function changed(path: string): Promise<readonly string[]> {
  return changedEntries(path, (await readInstalledEntries(path)) ?? []);
}

describe("a toolchain on a machine that has what it is built on", () => {
  it("costs the build of its own packages, and each is shared by all that need it", async () => {
    await obtain(compilers);
    expect(built).toEqual(compilers.packages);
    expect((await obtain(exampleSpec)).source).toBe("built");
    expect(built).toEqual(["mirage.4.11.2"]);
    expect((await obtain(withFmt)).source).toBe("built");
    expect(built).toEqual(["fmt"]);
    await obtain(withLwt);
    expect(built).toEqual(["lwt"]);
    await expect.poll(left).toEqual(keys(compilers, exampleSpec, withFmt, withLwt));
  });

  it("builds all that is missing below it, and each is complete", async () => {
    await obtain(withFmt);
    expect(built).toEqual([...exampleSpec.packages, "fmt"]);
    for (const spec of [compilers, exampleSpec, withFmt]) {
      expect((await obtain(spec)).source).toBe("tool-cache");
      expect(await changed(pathOf(spec))).toEqual([]);
    }
    expect(readFileSync(join(pathOf(withFmt), "last"), "utf8")).toBe("fmt");
    expect(readFileSync(join(pathOf(compilers), "first"), "utf8")).toBe("dune");
    expect(existsSync(join(pathOf(exampleSpec), "first"))).toBe(false);
  });

  it("keeps what it is built on in use", async () => {
    await obtain(exampleSpec);
    const then = new Date(Date.now() - 61 * 24 * 3600 * 1000);
    for (const spec of [compilers, exampleSpec]) {
      utimesSync(join(pathOf(spec), "toolchain.json"), then, then);
      // By a process from before this machine's last start: otherwise it is no older than the uptime.
      writeFileSync(join(pathOf(spec), "toolchain-user"), markText({ ...ownMark(), place: "0".repeat(16) }));
    }
    await obtain(exampleSpec);
    await obtain({ ...compilers, cCompiler: "gcc 99" });
    await expect.poll(left).toEqual(keys(compilers, exampleSpec, { ...compilers, cCompiler: "gcc 99" }));
  });

  it("is not built on one whose files have changed: that is made again", async () => {
    await obtain(compilers);
    const dune = join(binOf(pathOf(compilers)), "dune");
    writeFileSync(dune, readFileSync(dune, "utf8").replace("run 1", "run 6"));
    await obtain(exampleSpec);
    expect(built).toEqual(exampleSpec.packages);
    expect(story()).toContain("have changed: it is made again");
    expect(readFileSync(join(binOf(pathOf(exampleSpec)), "dune"), "utf8")).toMatch(/run 1\n$/);
  });

  it("is not built on one that came from where this run trusts nothing", async () => {
    const cache = folderCache();
    await obtain(compilers, cache);
    rmSync(pathOf(compilers), { recursive: true });
    expect((await obtain(compilers, cache)).origin).toBe("actions-cache");
    const release = { trusts: (origin: ToolchainOrigin) => origin !== "actions-cache" };
    expect(await obtain(exampleSpec, undefined, release)).toMatchObject({ source: "built", origin: "built" });
    expect(built).toEqual(exampleSpec.packages);
  });

  it("counts as restored when what it is built on was, and a job gets a copy of it", async () => {
    const cache = folderCache();
    await obtain(compilers, cache);
    rmSync(pathOf(compilers), { recursive: true });
    const made = await obtain(exampleSpec, cache);
    expect(made).toMatchObject({ source: "built", origin: "actions-cache", isBuiltHere: true });
    const again = await obtain(exampleSpec, cache);
    expect(again).toMatchObject({ source: "tool-cache", origin: "actions-cache", isBuiltHere: true });
    const hosted = { isGitHubActions: true, environment: { RUNNER_ENVIRONMENT: "github-hosted" } };
    expect(givesItself(hosted, again, "dune")).toBe(false);
    const release = { trusts: (origin: ToolchainOrigin) => origin !== "actions-cache" };
    expect((await obtain(exampleSpec, undefined, release)).origin).toBe("built");
  });

  it("does not continue from a build on one from the actions cache where this run does not trust that", async () => {
    const cache = folderCache();
    await obtain(compilers, cache);
    rmSync(pathOf(compilers), { recursive: true });
    await obtain(exampleSpec, cache);
    const during = (spec: ToolchainSpec) =>
      spec === withFmt ? Promise.reject(new Problem("fmt does not work")) : Promise.resolve();
    await expect(obtain(withFmt, cache, { during })).rejects.toThrow("fmt does not work");
    expect(left()).toContain(`${toolchainKey(withFmt)}.kept`);
    const release = { trusts: (origin: ToolchainOrigin) => origin !== "actions-cache" };
    expect((await obtain(withFmt, undefined, release)).origin).toBe("built");
    expect(built).toEqual([...exampleSpec.packages, "fmt"]);
  });

  it("whose build fails leaves what it is built on, and nothing else where it installed nothing", async () => {
    const during = (spec: ToolchainSpec) =>
      spec === withFmt ? Promise.reject(new Problem("fmt does not build")) : Promise.resolve();
    await obtain(exampleSpec);
    const failing: Machine = {
      during: (spec, path) => {
        rmSync(join(layoutOf(path).installed, "fmt.1"), { recursive: true, force: true });
        return during(spec);
      },
    };
    await expect(obtain(withFmt, undefined, failing)).rejects.toThrow("fmt does not build");
    await expect.poll(left).toEqual(keys(compilers, exampleSpec));
    await expect(obtain(withFmt, undefined, { during })).rejects.toThrow("fmt does not build");
    await expect.poll(left).toEqual([...keys(compilers, exampleSpec), `${toolchainKey(withFmt)}.kept`].sort());
    await obtain(withFmt);
    expect(built).toEqual([]);
  });

  it("is built once for two at the same time, and so is what both are built on", async () => {
    await Promise.all([obtain(withFmt), obtain(withLwt), obtain(withFmt)]);
    expect(built.toSorted()).toEqual([...exampleSpec.packages, "fmt", "lwt"].toSorted());
    await expect.poll(left).toEqual(keys(compilers, exampleSpec, withFmt, withLwt));
  });
});

describe("toolchains in the actions cache", () => {
  it("are an entry each, with only the difference, and are restored without a build", async () => {
    const cache = folderCache();
    await obtain(withFmt, cache);
    const names = [compilers, exampleSpec, withFmt].map(toolchainKey);
    expect(cache.entries().map((name) => name.split(".b")[0]?.slice(0, names[0]?.length))).toEqual(names.toSorted());
    const elsewhere = await obtain(withFmt, cache, { tools: "elsewhere" });
    expect(elsewhere).toMatchObject({ source: "actions-cache", origin: "actions-cache" });
    expect(built).toEqual([]);
    expect(await changed(elsewhere.path)).toEqual([]);
    expect(existsSync(join(elsewhere.path, "first"))).toBe(false);
    // One download, and no toolchain that nobody has asked for.
    await expect.poll(() => left("elsewhere")).toEqual(keys(withFmt));
  });

  it("are not asked for what this machine has", async () => {
    const cache = folderCache();
    await obtain(exampleSpec, cache);
    rmSync(pathOf(exampleSpec), { recursive: true });
    const asked: string[] = [];
    const watching = {
      ...cache,
      restore: (...all: Parameters<ToolchainCache["restore"]>) => (asked.push(all[0]), cache.restore(...all)),
    };
    expect((await obtain(exampleSpec, watching)).source).toBe("actions-cache");
    expect(asked).toEqual(keys(exampleSpec));
  });

  it("are not combined with another build of what they were built on, and heal", async () => {
    const cache = folderCache();
    await obtain(withFmt, cache);
    const [entry = ""] = cache.entries().filter((name) => name === toolchainKey(compilers));
    // The entry of the compilers was evicted, and another run has built them again.
    rmSync(join(folder, "cached", entry));
    build = 2;
    await obtain(compilers, cache, { tools: "another" });
    const made = await obtain(withFmt, cache, { tools: "elsewhere" });
    expect(made.source).toBe("built");
    expect(built).toEqual(["mirage.4.11.2", "fmt"]);
    expect(story()).toContain("cache: its copy of this toolchain cannot be used");
    expect(readFileSync(join(binOf(made.path), "dune"), "utf8")).toMatch(/run 2\n$/);
    expect((await obtain(withFmt, cache, { tools: "last" })).source).toBe("actions-cache");
  });

  it("are not combined with another build on this machine", async () => {
    const cache = folderCache();
    await obtain(exampleSpec, cache);
    build = 2;
    await obtain(compilers, undefined, { tools: "elsewhere" });
    const made = await obtain(exampleSpec, cache, { tools: "elsewhere" });
    expect(made.source).toBe("actions-cache");
    expect(await changed(made.path)).toEqual([]);
    expect(readFileSync(join(binOf(made.path), "dune"), "utf8")).toMatch(/run 1\n$/);
  });

  it.each([
    ["damaged", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 300))],
    ["gone", (file: string) => rmSync(file)],
    ["another toolchain’s", (file: string, other: string) => cpSync(other, file)],
  ])("are built again, by what is still there, where that of mirage is %s", async (_, damage) => {
    const cache = folderCache();
    await obtain(withFmt, cache);
    const fileOf = (spec: ToolchainSpec) =>
      join(folder, "cached", cache.entries().find((name) => name.startsWith(toolchainKey(spec))) ?? "");
    damage(fileOf(exampleSpec), fileOf(compilers));
    const made = await obtain(withFmt, cache, { tools: "elsewhere" });
    expect(made.source).toBe("built");
    expect(built).toEqual(["mirage.4.11.2", "fmt"]);
    expect(await changed(made.path)).toEqual([]);
  });

  it("are not taken under the name of one that is built on something else", async () => {
    const cache = folderCache();
    const other: ToolchainSpec = { ...withFmt, cCompiler: "gcc 99" };
    await obtain(withFmt, cache);
    await obtain(other, cache);
    const nameOf = (spec: ToolchainSpec) => cache.entries().find((name) => name.startsWith(toolchainKey(spec))) ?? "";
    renameSync(join(folder, "cached", nameOf(withFmt)), join(folder, "cached", nameOf(other)));
    expect((await obtain(other, cache, { tools: "elsewhere" })).source).toBe("built");
    expect(built).toEqual(["fmt"]);
  });
});

describe("toolchains that were packed for others", () => {
  const mirror = () => join(folder, "mirror");
  async function pack(spec: ToolchainSpec): Promise<void> {
    const found = await readInstalled(pathOf(spec));
    if (found === undefined) throw new Error("not installed");
    await publishToolchain(collectingLog(told), found, mirror(), false, 1);
  }
  const listed = () =>
    (
      JSON.parse(readFileSync(join(mirror(), "toolchains.json"), "utf8")) as { toolchains: { key: string }[] }
    ).toolchains
      .map(({ key }) => key)
      .sort();
  const setUp = async (spec: ToolchainSpec, tools: string) =>
    obtainToolchain(collectingLog(told), await wantedOf(spec, { tools }), [
      publishedLevel(collectingLog(told), `file://${mirror()}`, []),
    ]);

  it("come with what they are built on, and each is there once", async () => {
    await obtain(withFmt);
    await pack(withFmt);
    expect(listed()).toEqual(keys(compilers, exampleSpec, withFmt));
    const times = readdirSync(mirror()).map((name) => statSync(join(mirror(), name)).mtimeMs);
    await obtain(withLwt);
    await pack(withLwt);
    expect(listed()).toEqual(keys(compilers, exampleSpec, withFmt, withLwt));
    const packedAgain = readdirSync(mirror()).filter((name) => !times.includes(statSync(join(mirror(), name)).mtimeMs));
    expect(packedAgain).toEqual(["toolchains.json", `${toolchainKey(withLwt)}.tar.zst`].sort());
    built = [];
    for (const spec of [withLwt, withFmt, compilers])
      expect((await setUp(spec, basename(pathOf(spec)))).source).toBe("published");
    expect(built).toEqual([]);
  });

  it("are combined with nothing from the actions cache where this run does not trust it", async () => {
    await obtain(exampleSpec);
    await pack(exampleSpec);
    // The same files, from the actions cache.
    const record = join(pathOf(compilers), "toolchain.json");
    writeFileSync(record, readFileSync(record, "utf8").replace('"origin": "built"', '"origin": "actions-cache"'));
    rmSync(pathOf(exampleSpec), { recursive: true });
    const levels = [publishedLevel(collectingLog(told), `file://${mirror()}`, [])];
    const release = { trusts: (origin: ToolchainOrigin) => origin !== "actions-cache" };
    const made = await obtainToolchain(collectingLog(told), await wantedOf(exampleSpec, release), levels);
    expect(made).toMatchObject({ source: "published", origin: "published" });
  });

  it("are whole where this machine does not have what they were built on", async () => {
    const cache = folderCache();
    await obtain(withFmt, cache);
    for (const spec of [compilers, exampleSpec]) rmSync(pathOf(spec), { recursive: true });
    await pack(withFmt);
    expect(listed()).toEqual(keys(withFmt));
    const elsewhere = await setUp(withFmt, "elsewhere");
    expect(elsewhere.source).toBe("published");
    expect(await changed(elsewhere.path)).toEqual([]);
  });
});
