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
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../../../../src/platform/problem.js";
import type { ToolchainCache } from "../../../../src/platform/runner/actions-cache.js";
import { layoutOf } from "../../../../src/toolchain/environment.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { chooseDropped, isWorthKeeping, keptOf } from "../../../../src/toolchain/store/kept.js";
import { type ArchiveLevel, actionsCacheLevel } from "../../../../src/toolchain/store/levels.js";
import { type Place, toolchainPlace } from "../../../../src/toolchain/store/place.js";
import { obtainToolchain } from "../../../../src/toolchain/store/store.js";
import type { Makers } from "../../../../src/toolchain/store/wanted.js";
import { collectingLog } from "../../../collecting-log.js";
import { exampleSpec } from "../examples.js";

let folder: string;
let place: Place;
let told: string[];
const key = toolchainKey(exampleSpec);

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-kept-")));
  place = await toolchainPlace(folder, key);
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const packagesIn = (path: string) =>
  existsSync(layoutOf(path).installed) ? readdirSync(layoutOf(path).installed) : [];

/** Installs these packages, as opam records them, and then `end`s; `found` gets the packages that were there before. */
const installing = (packages: readonly string[], end: () => Promise<void>, found: string[] = []): Makers => ({
  build: async (path) => {
    found.push(...packagesIn(path));
    for (const name of packages) mkdirSync(join(layoutOf(path).installed, name), { recursive: true });
    await end();
    return { path: [], variables: {} };
  },
  slim: () => Promise.resolve(() => true),
  smokeTest: () => Promise.resolve(),
});
const works = () => Promise.resolve();
const fails = () => Promise.reject(new Problem(`b.1 does not build in ${place.buildPath}`));
const obtain = (makers: Makers, spec = exampleSpec, levels: readonly ArchiveLevel[] = []) =>
  obtainToolchain(
    collectingLog(told),
    {
      spec,
      key: toolchainKey(spec),
      place,
      trusts: () => true,
      findMounts: () => Promise.resolve(undefined),
      ...makers,
    },
    levels,
  );
const left = () => readdirSync(join(folder, "toolchains"));
const recordOf = () => join(keptOf(place), "kept.json");
const change = (fields: object) => {
  const record = JSON.parse(readFileSync(recordOf(), "utf8")) as object;
  writeFileSync(recordOf(), JSON.stringify({ ...record, ...fields }));
};

describe("a build that fails", () => {
  it("leaves its packages, and the next build continues from them and leaves nothing", async () => {
    await expect(obtain(installing(["a.1"], fails))).rejects.toThrow("b.1 does not build");
    await expect.poll(left).toEqual([`${key}.kept`]);
    const found: string[] = [];
    expect((await obtain(installing(["b.1"], works, found))).source).toBe("built");
    expect(found).toEqual(["a.1"]);
    expect(told.join("\n")).toMatch(/continues: from a build of .* ago with 1 packages/);
    expect(packagesIn(place.path)).toEqual(["a.1", "b.1"]);
    expect(existsSync(join(place.path, "kept.json"))).toBe(false);
    await expect.poll(left).toEqual([key]);
  });

  it("shows no path of its folder, which is gone", async () => {
    await expect(obtain(installing([], fails))).rejects.toThrow(/^b\.1 does not build in TOOLCHAIN$/);
  });

  it("leaves nothing where it has installed nothing", async () => {
    await expect(obtain(installing([], fails))).rejects.toThrow("b.1");
    await expect.poll(left).toEqual([]);
    expect(told.join("\n")).toContain("removed: the build folder");
  });

  it("is kept too when everything was built and the smoke test fails", async () => {
    const untested = {
      ...installing(["a.1"], works),
      smokeTest: () => Promise.reject(new Problem("it links nothing")),
    };
    await expect(obtain(untested)).rejects.toThrow("it links nothing");
    await expect.poll(left).toEqual([`${key}.kept`]);
    const found: string[] = [];
    await obtain(installing([], works, found));
    expect(found).toEqual(["a.1"]);
  });

  it("is not continued for ever: the third that installs nothing more leaves nothing", async () => {
    for (const more of [["a.1"], [], []]) {
      await expect(obtain(installing(more, fails))).rejects.toThrow("b.1");
      await expect.poll(left).toEqual([`${key}.kept`]);
    }
    await expect(obtain(installing([], fails))).rejects.toThrow("b.1");
    await expect.poll(left).toEqual([]);
  });
});

describe("what was kept", () => {
  const found: string[] = [];
  beforeEach(async () => {
    await expect(obtain(installing(["a.1"], fails))).rejects.toThrow("b.1");
    found.length = 0;
  });

  it.each([
    ["of another key", () => change({ key: "another" })],
    ["of another format", () => change({ format: 0 })],
    ["damaged", () => writeFileSync(recordOf(), "{")],
    ["without a record", () => rmSync(recordOf())],
    ["older than a week", () => change({ owner: `1-1-${"0".repeat(16)}` })],
  ])("%s is not gone on from, and is removed", async (what, damage) => {
    damage();
    // An owner from before the machine's last start: the time of the file counts.
    if (what.startsWith("older")) {
      utimesSync(recordOf(), 1, 1);
    }
    await obtain(installing(["c.1"], works, found));
    expect(found).toEqual([]);
    await expect.poll(left).toEqual([key]);
  });

  it("has a record that is not written through a link of a package", async () => {
    const precious = join(folder, "precious");
    writeFileSync(precious, "precious");
    const links = () => {
      symlinkSync(precious, join(place.buildPath, "kept.json"));
      return fails();
    };
    await expect(obtain(installing(["b.1"], links))).rejects.toThrow("b.1");
    expect(existsSync(keptOf(place))).toBe(true);
    expect(readFileSync(precious, "utf8")).toBe("precious");
  });

  it("is not taken through a link to a folder elsewhere", async () => {
    const elsewhere = join(folder, "elsewhere");
    renameSync(keptOf(place), elsewhere);
    symlinkSync(elsewhere, keptOf(place));
    await obtain(installing(["c.1"], works, found));
    expect(found).toEqual([]);
    expect(existsSync(join(elsewhere, "kept.json"))).toBe(true);
  });

  it("is removed when its toolchain came from elsewhere meanwhile", async () => {
    const file = join(folder, "cached");
    const cache: ToolchainCache = {
      has: () => Promise.resolve(existsSync(file)),
      restore: (_, [path = ""]) => Promise.resolve(existsSync(file) && (cpSync(file, path), true)),
      save: (_, [path = ""]) => Promise.resolve((cpSync(path, file), true)),
    };
    const level = actionsCacheLevel(cache, { restore: true, save: true, why: "test" });
    await obtain(installing(["b.1"], works), exampleSpec, [level]);
    rmSync(place.path, { recursive: true });
    await expect(obtain(installing(["a.1"], fails))).rejects.toThrow("b.1");
    await expect.poll(left).toEqual([`${key}.kept`]);
    expect((await obtain(installing([], fails), exampleSpec, [level])).source).toBe("actions-cache");
    await expect.poll(left).toEqual([key]);
  });
});

describe("the limits of what is kept", () => {
  const day = 24 * 3600 * 1000;

  it.each([
    ["something was built", 1, 0, 2e9, true],
    ["nothing was built", 0, 0, 2e9, false],
    ["the disk is nearly full", 1, 0, 1.9e9, false],
    ["two went on from it in vain", 1, 2, 2e9, true],
    ["three went on from it in vain", 1, 3, 2e9, false],
  ])("%s", (_, packages, vain, free, isKept) => {
    expect(isWorthKeeping({ packages, vain }, free)).toBe(isKept);
  });

  it("are a week, and three of them", () => {
    const kept = [5, 1, 8, 2, 3].map((days) => ({ ageMs: days * day }));
    expect(chooseDropped(kept).map(({ ageMs }) => ageMs / day)).toEqual([5, 8]);
    expect(chooseDropped([{ ageMs: 7 * day + 1 }, { ageMs: 7 * day }])).toEqual([{ ageMs: 7 * day + 1 }]);
  });
});
