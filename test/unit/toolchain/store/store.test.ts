import { execFileSync } from "node:child_process";
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256OfFile } from "../../../../src/platform/files/atomic.js";
import { Problem } from "../../../../src/platform/problem.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import type { ToolchainCache } from "../../../../src/platform/runner/actions-cache.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { readInstalled } from "../../../../src/toolchain/store/installed.js";
import { actionsCacheLevel, publishedLevel } from "../../../../src/toolchain/store/levels.js";
import { type Place, toolchainPlace } from "../../../../src/toolchain/store/place.js";
import { obtainToolchain } from "../../../../src/toolchain/store/store.js";
import type { Makers, Wanted } from "../../../../src/toolchain/store/wanted.js";
import type { ToolchainSpec } from "../../../../src/toolchain/toolchain.js";
import { collectingLog } from "../../../collecting-log.js";
import { exampleSpec } from "../examples.js";

let folder: string;
let place: Place;
let told: string[];
const key = toolchainKey(exampleSpec);

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-store-")));
  place = await toolchainPlace(folder, key);
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Builds a script that contains its own path; the smoke test checks that it has the current path. */
const makers = (): Makers => ({
  build: (path) => {
    mkdirSync(join(path, "bin"));
    writeFileSync(join(path, "bin/compiler"), `#!${path}/bin/ocamlrun\n`, { mode: 0o755 });
    return Promise.resolve({
      path: [join(path, "bin")],
      variables: { OPAMROOT: join(path, "opam") },
      findlibToolchain: "solo5",
    });
  },
  slim: () => Promise.resolve(() => true),
  smokeTest: ({ path }) => {
    const compiler = join(path, "bin/compiler");
    const works =
      existsSync(compiler) && existsSync(/^#!(.*)\/ocamlrun/.exec(readFileSync(compiler, "utf8"))?.[1] ?? "");
    return works ? Promise.resolve() : Promise.reject(new Problem("no compiler"));
  },
});
const mustNotBuild = (): Makers => ({ ...makers(), build: () => Promise.reject(new Error("must not be built")) });

/** A cache in a folder. */
function folderCache(): ToolchainCache & { readonly saved: string[]; readonly file: string } {
  const saved: string[] = [];
  const file = join(folder, "cached");
  return {
    saved,
    file,
    has: () => Promise.resolve(existsSync(file)),
    restore: (_, [path = ""]) => {
      if (!existsSync(file)) return Promise.resolve(false);
      cpSync(file, path);
      return Promise.resolve(true);
    },
    save: (name, [path = ""]) => {
      saved.push(name);
      cpSync(path, file);
      return Promise.resolve(true);
    },
  };
}

const policy = { restore: true, save: true, why: "test" };
const wanted = (spec: ToolchainSpec = exampleSpec): Omit<Wanted, keyof Makers> => ({
  spec,
  key: toolchainKey(spec),
  place,
  trusts: () => true,
  findMounts: () => Promise.resolve(undefined),
});
const obtain = (cache: ToolchainCache | undefined, made = makers(), chosen = policy, what = wanted()) =>
  obtainToolchain(collectingLog(told), { ...what, ...made }, [actionsCacheLevel(cache, chosen)]);
const left = () => readdirSync(join(folder, "toolchains"));
const forget = () => rmSync(place.path, { recursive: true });

describe("a toolchain", () => {
  it("is built once, then found in the tool cache, and after that is gone in the actions cache", async () => {
    const cache = folderCache();
    const built = await obtain(cache);
    expect(built).toMatchObject({ source: "built", origin: "built", path: place.path });
    expect(built.environment).toEqual({
      path: [join(place.path, "bin")],
      variables: { OPAMROOT: join(place.path, "opam") },
      findlibToolchain: "solo5",
    });
    expect(cache.saved).toEqual([key]);
    expect(await obtain(cache, mustNotBuild())).toEqual({ ...built, source: "tool-cache" });
    forget();
    expect(await obtain(cache, mustNotBuild())).toEqual({ ...built, source: "actions-cache", origin: "actions-cache" });
    expect((await obtain(cache, mustNotBuild())).source).toBe("tool-cache");
    expect(cache.saved).toHaveLength(1);
    await expect.poll(left).toEqual([key]);
  });

  it("is built without a cache service, or with one that has nothing and saves nothing", async () => {
    expect((await obtain(undefined)).source).toBe("built");
    forget();
    const broken = {
      has: () => Promise.resolve(false),
      restore: () => Promise.resolve(false),
      save: () => Promise.resolve(false),
    };
    expect((await obtain(broken)).source).toBe("built");
    expect(told.join("\n")).toContain("the toolchain was not saved to the actions cache");
  });

  it("is neither restored nor saved where the policy says so", async () => {
    const cache = folderCache();
    await obtain(cache, makers(), { restore: true, save: false, why: "cache: read-only" });
    expect(cache.saved).toEqual([]);
    expect(told).toContain("cache: not saved (cache: read-only)");
    await obtain(cache);
    forget();
    expect((await obtain(cache, makers(), { restore: false, save: true, why: "no" })).source).toBe("built");
    expect(told).toContain("cache: skipped (no)");
  });

  it("that another job has saved meanwhile is not saved again", async () => {
    const cache = folderCache();
    writeFileSync(cache.file, "");
    expect((await obtain({ ...cache, restore: () => Promise.resolve(false) })).source).toBe("built");
    expect(cache.saved).toEqual([]);
    expect(told).toContain("cache: already saved");
  });

  it.each([
    ["truncated", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    [
      "changed in the middle",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 200), Buffer.from("?"), bytes.subarray(201)]),
    ],
    ["something else", () => Buffer.from("<html>no such entry</html>")],
    ["empty", () => Buffer.alloc(0)],
  ])("is built when what the cache has of it is %s", async (_, damage) => {
    const cache = folderCache();
    await obtain(cache);
    writeFileSync(cache.file, damage(readFileSync(cache.file)));
    forget();
    expect((await obtain(cache)).source).toBe("built");
    expect(told.join("\n")).toContain("cache: its copy of this toolchain cannot be used");
    await expect.poll(left).toEqual([key]);
  });

  it("is not run before all of it was checked, where a compiler in it was changed", async () => {
    const cache = folderCache();
    await obtain(cache);
    const tar = execFileSync("zstd", ["-dc", "--long=27", cache.file]);
    tar.write("/ocamlevil", tar.indexOf("/ocamlrun\n"));
    writeFileSync(cache.file, execFileSync("zstd", ["-qc"], { input: tar }));
    forget();
    const ran: string[] = [];
    const smokeTest: Makers["smokeTest"] = ({ path }) =>
      Promise.resolve(void ran.push(readFileSync(join(path, "bin/compiler"), "utf8")));
    await obtain(cache, { ...makers(), smokeTest });
    // Where it was built, and in its final place.
    expect(ran).toEqual([expect.stringContaining("/ocamlrun\n"), expect.stringContaining("/ocamlrun\n")]);
  });

  it("of another key in the cache, or in the same place, is not taken", async () => {
    const cache = folderCache();
    await obtain(cache);
    const other = wanted({ ...exampleSpec, cCompiler: "gcc 99" });
    const made = await obtain(cache, makers(), policy, other);
    expect(made.source).toBe("built");
    expect((await readInstalled(place.path))?.spec.cCompiler).toBe("gcc 99");
    expect(told.join("\n")).toContain(`it holds another toolchain (${key})`);
  });

  it("that does not build leaves nothing, and the error is the build’s", async () => {
    const failure = new Error("no");
    await expect(obtain(undefined, { ...makers(), build: () => Promise.reject(failure) })).rejects.toBe(failure);
    await expect.poll(left).toEqual([]);
  });

  it("that builds and does not work leaves nothing, and is not saved", async () => {
    const cache = folderCache();
    await expect(
      obtain(cache, { ...makers(), smokeTest: () => Promise.reject(new Problem("no compiler")) }),
    ).rejects.toThrow("no compiler");
    await expect.poll(left).toEqual([]);
    expect(cache.saved).toEqual([]);
  });

  it("that came from where this run trusts nothing is made again", async () => {
    const cache = folderCache();
    await obtain(cache);
    forget();
    await obtain(cache);
    const release = { ...wanted(), trusts: (origin: string) => origin !== "actions-cache" };
    const made = await obtain(cache, makers(), { restore: false, save: false, why: "a release" }, release);
    expect(made.origin).toBe("built");
    expect(told.join("\n")).toContain("came from the cache, which this run does not trust");
    expect((await obtain(cache, mustNotBuild(), policy, release)).source).toBe("tool-cache");
  });

  it("is set up once by two jobs at the same time", async () => {
    let builds = 0;
    const counting = {
      ...makers(),
      build: (path: string) => (builds++, makers().build(path, place.builds, undefined)),
    };
    const [one, two] = await Promise.all([obtain(undefined, counting), obtain(undefined, counting)]);
    expect([one.source, two.source].sort()).toEqual(["built", "tool-cache"]);
    expect(builds).toBe(1);
  });

  it("that a killed set-up has left half is removed by any next one, and one that is being made is not", async () => {
    await obtain(undefined);
    const leave = (other: string, mark: string) => {
      for (const name of [`${other}.new`, `${other}.build.___`, other]) mkdirSync(join(folder, "toolchains", name));
      writeFileSync(join(folder, "toolchains", `${other}.tar.zst`), "half");
      writeFileSync(join(folder, "toolchains", `${other}.lock`), `${mark} here x`);
    };
    leave("killed", markText({ ...ownMark(), pid: 4_194_304 }));
    leave("living", markText(ownMark()));
    leave("elsewhere", markText({ pid: 1, start: 1, place: "0".repeat(16) }));
    expect((await obtain(undefined, mustNotBuild())).source).toBe("tool-cache");
    expect(left().filter((name) => name.startsWith("killed"))).toEqual([]);
    expect(left().filter((name) => name.startsWith("living"))).toHaveLength(5);
    expect(left().filter((name) => name.startsWith("elsewhere"))).toHaveLength(5);
  });

  it("that a killed set-up has left half is not used, and is removed by the next one", async () => {
    for (const name of [`${key}.new`, `${key}.build.___`]) {
      mkdirSync(join(folder, "toolchains", name), { recursive: true });
      writeFileSync(join(folder, "toolchains", name, "toolchain.json"), "{}");
    }
    writeFileSync(place.archive, "half");
    expect((await obtain(undefined)).source).toBe("built");
    await expect.poll(left).toEqual([key]);
  });
});

describe("a toolchain that was just built", () => {
  it("is tested where it was built, before anything is left out, and again in its place", async () => {
    const steps: string[] = [];
    const name = (path: string) =>
      path === place.path ? "in its place" : path === place.buildPath ? "as built" : path;
    await obtain(undefined, {
      ...makers(),
      slim: (path) => {
        steps.push(`slim ${name(path)}`);
        return Promise.resolve(() => true);
      },
      smokeTest: ({ path }) => Promise.resolve(void steps.push(`test ${name(path)}`)),
    });
    expect(steps).toEqual(["test as built", "slim as built", "test in its place"]);
  });

  it("and does not work is neither slimmed nor packed", async () => {
    const slim = () => Promise.reject(new Error("must not be slimmed"));
    const smokeTest = () => Promise.reject(new Problem("linking failed"));
    const cache = folderCache();
    const problem: unknown = await obtain(cache, { ...makers(), slim, smokeTest }).catch((error: unknown) => error);
    expect(String(problem)).toBe("linking failed");
    expect(cache.saved).toEqual([]);
  });

  it("and no longer works when slim is reported as our fault, and not kept", async () => {
    const cache = folderCache();
    const slim = () => Promise.resolve((path: string) => path !== "bin/compiler");
    const problem: unknown = await obtain(cache, { ...makers(), slim }).catch((error: unknown) => error);
    expect(String(problem)).toBe(`the toolchain worked where it was built, but does not in ${place.path}: no compiler
  do         set \`slim: false\` (--slim false) to keep every file, and report this: slimming or moving it broke it`);
    expect(cache.saved).toEqual([]);
    await expect.poll(left).toEqual([]);
  });
});

describe("an error that says nothing about the toolchain", () => {
  const full = new Error("ENOSPC: no space left on device");
  const unable = (): Makers => ({ ...makers(), smokeTest: () => Promise.reject(full) });

  it("leaves that of the tool cache alone", async () => {
    await obtain(undefined);
    await expect(obtain(undefined, unable())).rejects.toBe(full);
    expect((await obtain(undefined, mustNotBuild())).source).toBe("tool-cache");
  });

  it("does not make that of the actions cache be built again", async () => {
    const cache = folderCache();
    await obtain(cache);
    forget();
    await expect(obtain(cache, { ...mustNotBuild(), smokeTest: unable().smokeTest })).rejects.toBe(full);
  });
});

describe("a published toolchain", () => {
  /** Packs a toolchain, and returns its entry for a list. */
  async function publish(): Promise<{ mirror: string; list: (sha256?: string) => void; file: string }> {
    const cache = folderCache();
    await obtain(cache);
    forget();
    const bytes = readFileSync(cache.file);
    const sha256 = await sha256OfFile(cache.file);
    const list = (named = sha256) =>
      writeFileSync(
        join(folder, "toolchains.json"),
        JSON.stringify({ format: 1, toolchains: [{ key, url: "cached", sha256: named, bytes: bytes.length }] }),
      );
    list();
    return { mirror: `file://${folder}`, list, file: cache.file };
  }
  const from = (mirror: string, made: Makers) =>
    obtainToolchain(collectingLog(told), { ...wanted(), ...made }, [publishedLevel(collectingLog(told), mirror, [])]);

  it("is taken from a mirror, and checked", async () => {
    const { mirror } = await publish();
    expect((await from(mirror, mustNotBuild())).source).toBe("published");
    expect(told.join("\n")).toMatch(/published: hit, .* B in .* s, unpacked and checked in/);
  });

  it("that is not what was published stops the set-up, and nothing of it is left", async () => {
    const { mirror, list } = await publish();
    list("0".repeat(64));
    const ran: string[] = [];
    const smokeTest: Makers["smokeTest"] = ({ path }) => Promise.resolve(void ran.push(path));
    await expect(from(mirror, { ...mustNotBuild(), smokeTest })).rejects.toThrow(
      "is not the toolchain that was published",
    );
    expect(existsSync(place.path)).toBe(false);
    expect(ran).toEqual([]);
    await expect.poll(left).toEqual([]);
  });

  it("is the one of the list that was read first, whatever the mirror's list becomes meanwhile", async () => {
    const { mirror, list } = await publish();
    const level = publishedLevel(collectingLog(told), mirror, []);
    const finished = async () => {
      const fetched = await level.fetch(key, place, false);
      if (fetched === undefined || "because" in fetched) throw new Error("not fetched");
      return fetched.finish();
    };
    await finished();
    list("0".repeat(64));
    await expect(finished()).resolves.toMatch(/ B in /);
  });

  it("is one whole archive when two set-ups at once have different ones for its key", async () => {
    const { mirror, file } = await publish();
    const other = join(folder, "other");
    mkdirSync(other);
    // The same entries in another archive, as a second build would give it.
    const archive = Buffer.concat([
      readFileSync(file),
      Buffer.from("\u0028\u00b5\u002f\u00fd\u0020\u0000\u0001\u0000\u0000", "latin1"),
    ]);
    writeFileSync(join(other, "cached"), archive);
    const sha256 = await sha256OfFile(join(other, "cached"));
    const toolchains = [{ key, url: "cached", sha256, bytes: archive.length }];
    writeFileSync(join(other, "toolchains.json"), JSON.stringify({ format: 1, toolchains }));
    const both = await Promise.all([from(mirror, mustNotBuild()), from(`file://${other}`, mustNotBuild())]);
    expect(both.map(({ source }) => source).sort()).toEqual(["published", "tool-cache"]);
    expect(new Set(both.map(({ path }) => path)).size).toBe(1);
    await expect.poll(left).toHaveLength(1);
  });

  it("that is damaged is reported as not the published one, not as the damage in it", async () => {
    const { mirror, file } = await publish();
    const bytes = readFileSync(file);
    bytes[150] = (bytes[150] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    await expect(from(mirror, mustNotBuild())).rejects.toThrow("is not the toolchain that was published");
    await expect.poll(left).toEqual([]);
  });

  it("is built where the mirror has none, has lost it, or is not there", async () => {
    const { mirror, file } = await publish();
    rmSync(file);
    expect((await from(mirror, makers())).source).toBe("built");
    forget();
    writeFileSync(join(folder, "toolchains.json"), JSON.stringify({ format: 1, toolchains: [] }));
    expect((await from(mirror, makers())).source).toBe("built");
    forget();
    expect((await from(`file://${folder}/nowhere`, makers())).source).toBe("built");
  });

  it.each(["{", "[]", '{"format":2,"toolchains":[]}', '{"format":1,"toolchains":[{}]}'])(
    "is refused in a list that is none: %s",
    async (text) => {
      writeFileSync(join(folder, "toolchains.json"), text);
      await expect(from(`file://${folder}`, mustNotBuild())).rejects.toThrow(Problem);
    },
  );

  it.each(["nowhere", "ftp://example.org", "https://user@example.org", "https://:secret@example.org"])(
    "is not asked of a mirror that is none: %s",
    async (mirror) => {
      await expect(from(mirror, mustNotBuild())).rejects.toThrow("input mirror");
    },
  );
});

describe("the manifest of a folder", () => {
  it.each(["", "[]", '{"format":1}', '{"format":1,"key":"x","path":"y","origin":"built","spec":{},"environment":{}}'])(
    "is nothing in another shape: %s",
    async (text) => {
      mkdirSync(place.path, { recursive: true });
      writeFileSync(join(place.path, "toolchain.json"), text);
      expect(await readInstalled(place.path)).toBeUndefined();
    },
  );

  it("is not accepted after the folder was moved", async () => {
    await obtain(undefined);
    const moved = join(folder, "moved");
    cpSync(place.path, moved, { recursive: true });
    expect(await readInstalled(moved)).toBeUndefined();
  });
});
