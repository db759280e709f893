// Archives that somebody made by hand, on their way into the tool cache: nothing outside their own folder is touched,
// and what is accepted is exactly what its manifest says.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
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
import { Readable } from "node:stream";
import fc from "fast-check";
import { expect } from "vitest";
import { Problem } from "../../../src/platform/problem.js";
import type { ArchiveLevel } from "../../../src/toolchain/store/levels.js";
import { readInstalledEntries } from "../../../src/toolchain/store/installed.js";
import type { Makers } from "../../../src/toolchain/store/wanted.js";
import { collectingLog } from "../../collecting-log.js";
import { obtainSmall, smallKey } from "../../integration/small-toolchain.js";
import { treeHash } from "../../tree-hash.js";
import { attack } from "../attack.js";
import { type Made, add, change, compiler, file, folder, hash, link, tarOf } from "../hostile-archives.js";

const makers: Makers = {
  build: (path) => {
    mkdirSync(join(path, "bin"));
    writeFileSync(join(path, "bin/compiler"), compiler, { mode: 0o755 });
    return Promise.resolve({ path: [join(path, "bin")], variables: {} });
  },
  slim: () => Promise.resolve(() => true),
  smokeTest: ({ path }) =>
    existsSync(join(path, "bin/compiler")) && readFileSync(join(path, "bin/compiler"), "utf8") === compiler
      ? Promise.resolve()
      : Promise.reject(new Problem("no compiler")),
};

/** All of a toolchain is files, folders, and links that stay in it; nothing is set-user-ID. */
function expectInside(path: string): void {
  for (const name of readdirSync(path, { recursive: true, encoding: "utf8" })) {
    const stats = lstatSync(join(path, name));
    expect(stats.isFile() || stats.isDirectory() || stats.isSymbolicLink(), name).toBe(true);
    expect(stats.nlink === 1 || stats.isDirectory(), name).toBe(true);
    expect(stats.isSymbolicLink() ? 0 : stats.mode & 0o7000, name).toBe(0);
    if (stats.isSymbolicLink() && existsSync(join(path, name)))
      expect(`${realpathSync(join(path, name))}/`.startsWith(`${path}/`), name).toBe(true);
  }
}

export const archives = attack(
  "archives",
  1,
  fc.record({
    changes: fc.array(change, { maxLength: 2 }),
    key: fc.oneof({ weight: 9, arbitrary: fc.constant(smallKey) }, { weight: 1, arbitrary: fc.constant("another") }),
    isDamaged: fc.nat(9).map((number) => number === 0),
    level: fc.constantFrom<ArchiveLevel["source"]>("published", "actions-cache"),
    at: fc.nat(20_000),
  }),
  async ({ changes, key, isDamaged, level: source, at }) => {
    const made: Made = { entries: [], pieces: [] };
    for (const one of [folder("bin"), file("bin/compiler", compiler), link("bin/here", "compiler")])
      add(one, "both")(made);
    changes.forEach((one) => one(made));
    const tar = await tarOf(made, key).catch(() => undefined);
    // What tar-stream cannot write, such as a name with a NUL byte.
    if (tar === undefined) return "not an archive";
    if (isDamaged) tar[at % tar.length] = (tar[at % tar.length] ?? 0) ^ 0xff;
    const archive = execFileSync("zstd", ["-q", "-c", "-1"], { input: tar, maxBuffer: 2 ** 28 });
    const root = realpathSync(mkdtempSync(join(tmpdir(), "attack-")));
    const [tools, outside] = [join(root, "tools"), join(root, "outside")];
    for (const name of [tools, outside, join(tools, "outside")]) mkdirSync(name);
    writeFileSync(join(outside, "file"), "outside");
    const before = treeHash(outside);
    try {
      const level: ArchiveLevel = {
        source,
        label: source,
        has: () => Promise.resolve(undefined),
        fetch: () => Promise.resolve({ bytes: Readable.from([archive]), finish: () => Promise.resolve("fetched") }),
      };
      const first = await obtainSmall(collectingLog([]), tools, [level], makers);
      expectInside(first.path);
      if (first.source !== "built")
        for (const entry of (await readInstalledEntries(first.path)) ?? [])
          if (entry.kind === "file") {
            expect(lstatSync(join(first.path, entry.path)).isFile()).toBe(true);
            expect(hash(readFileSync(join(first.path, entry.path), "utf8"))).toBe(entry.sha256);
          }
      // Our own files are written there each time that it is used.
      const second = await obtainSmall(collectingLog([]), tools, [], {
        ...makers,
        build: () => Promise.reject(new Error("must not be built")),
      });
      expect([second.source, second.path]).toEqual(["tool-cache", first.path]);
      expectInside(first.path);
      expect(treeHash(outside)).toBe(before);
      expect(readdirSync(root).sort()).toEqual(["outside", "tools"]);
      await expect.poll(() => readdirSync(join(tools, "toolchains"))).toEqual([smallKey]);
      return first.source === "built" ? "refused" : "taken";
    } finally {
      rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  },
);
