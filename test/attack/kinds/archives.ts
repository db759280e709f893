// Archives that somebody made by hand, on their way into the tool cache: nothing outside their own folder is touched,
// and what is accepted is exactly what its manifest says.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
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
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { expect } from "vitest";
import { Problem } from "../../../src/platform/problem.js";
import { type ArchiveEntry, archiveFormat, manifestName } from "../../../src/toolchain/archive/manifest.js";
import { placeholder } from "../../../src/toolchain/archive/prefix.js";
import type { ArchiveLevel } from "../../../src/toolchain/store/levels.js";
import { readInstalledEntries } from "../../../src/toolchain/store/installed.js";
import type { Makers } from "../../../src/toolchain/store/wanted.js";
import { collectingLog } from "../../collecting-log.js";
import { obtainSmall, smallKey } from "../../integration/small-toolchain.js";
import { treeHash } from "../../tree-hash.js";
import { exampleSpec } from "../../unit/toolchain/examples.js";
import { attack } from "../attack.js";

const hash = (content: string) => createHash("sha256").update(content).digest("hex");
const compiler = "#!/bin/sh\nexit 0\n";

interface Piece {
  readonly header: Partial<Header> & Pick<Header, "name">;
  readonly content: string;
}
/** What an archive is made of: its own list, and what it really has. */
interface Made {
  readonly entries: ArchiveEntry[];
  readonly pieces: Piece[];
}

const folder = (path: string): Made => ({
  entries: [{ kind: "folder", path }],
  pieces: [{ header: { name: path, type: "directory", mode: 0o755 }, content: "" }],
});
const file = (path: string, content: string, mode = 0o755): Made => ({
  entries: [{ kind: "file", path, executable: true, bytes: content.length, sha256: hash(content) }],
  pieces: [{ header: { name: path, type: "file", mode }, content }],
});
const link = (path: string, target: string): Made => ({
  entries: [{ kind: "link", path, target }],
  pieces: [{ header: { name: path, type: "symlink", linkname: target, mode: 0o777 }, content: "" }],
});

// What our own files are called there, too.
const words = [
  "bin",
  "deep",
  "up",
  "x",
  "..",
  ".",
  "",
  "toolchain.json",
  "toolchain-user",
  "toolchain-files.json",
  "\n",
  "é",
  "-rf",
];
const paths = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const places = fc.oneof(
  paths,
  paths.map((path) => `/${path}`),
  paths.map((path) => `bin/${path}`),
  { weight: 6, arbitrary: fc.constantFrom("bin/up", "toolchain-user", "bin/deep", "x", "bin/x") },
  fc.constantFrom("a".repeat(300), `${"d/".repeat(2_100)}x`),
);
/** From a folder of the toolchain, or from where a link in it leads, to what is beside the tool cache. */
const outwards = fc
  .tuple(
    fc.constantFrom("", "bin/up/", "up/"),
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom("outside", "outside/file"),
  )
  .map(([from, ups, to]) => `${from}${"../".repeat(ups)}${to}`);
const targets = fc.oneof(
  places,
  { weight: 6, arbitrary: outwards },
  paths.map((path) => `${placeholder}/${path}`),
  fc.constantFrom("..", "../..", "/etc/passwd", "", "x\0y", "bin/up/file"),
);
const types = [
  "link",
  "block-device",
  "character-device",
  "fifo",
  "contiguous-file",
  "symlink",
  "directory",
  "file",
] as const;

/** Adds to an archive, or changes it. */
type Change = (made: Made) => void;
const add =
  (more: Made, where: "both" | "list" | "tar"): Change =>
  (made) => {
    if (where !== "tar") made.entries.push(...more.entries);
    if (where !== "list") made.pieces.push(...more.pieces);
  };
const where = fc.constantFrom<"both" | "list" | "tar">("both", "both", "both", "list", "tar");
const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(
      fc.oneof(
        fc.tuple(places, targets).map(([at, to]) => link(at, to)),
        places.map((at) => file(at, "evil")),
        places.map(folder),
      ),
      where,
    )
    .map(([more, in_]) => add(more, in_)),
  // A link, then something behind it.
  fc.tuple(targets, paths).map(([to, below]): Change => (made) => {
    add(link("bin/up", to), "both")(made);
    add(file(`bin/up/${below}`, "evil"), "both")(made);
  }),
  // A link within, then one that climbs from where it leads.
  fc.tuple(fc.constantFrom("bin/x", "x"), fc.integer({ min: 1, max: 4 })).map(([at, ups]): Change => (made) => {
    add(link("bin/up", ".."), "both")(made);
    add(link(at, `${at === "x" ? "bin/" : ""}up/${"../".repeat(ups)}outside`), "both")(made);
  }),
  fc.tuple(places, fc.constantFrom(...types), targets).map(([name, type, linkname]): Change => ({ pieces }) => {
    pieces.push({ header: { name, type, linkname, mode: 0o777, devmajor: 1, devminor: 5 }, content: "" });
  }),
  // One of the archive's own is something else.
  fc.tuple(fc.nat(4), fc.constantFrom(...types)).map(([at, type]): Change => ({ pieces }) => {
    const piece = pieces[at];
    if (piece !== undefined)
      pieces[at] = {
        header: { ...piece.header, type, linkname: "../../outside/file" },
        content: type === "file" ? piece.content : "",
      };
  }),
  fc.tuple(fc.nat(4), fc.constantFrom("evil", "x".repeat(100_000))).map(([at, content]): Change => ({ pieces }) => {
    const piece = pieces[at];
    if (piece?.header.type === "file") pieces[at] = { ...piece, content };
  }),
  fc.tuple(fc.nat(4), fc.nat(4)).map(
    ([from, to]): Change =>
      ({ pieces }) =>
        pieces.splice(to, 0, ...pieces.splice(from, 1)),
  ),
  fc.nat(4).map(
    (at): Change =>
      ({ pieces }) =>
        pieces.splice(at, 1),
  ),
  fc.nat(4).map(
    (at): Change =>
      ({ pieces }) =>
        pieces.push(...pieces.slice(at, at + 1)),
  ),
  fc
    .tuple(fc.nat(4), fc.constantFrom(-1, 0.5, 1, 2 ** 30 + 1, 2 ** 53, 1e308))
    .map(([at, bytes]): Change => ({ entries }) => {
      const entry = entries[at];
      if (entry?.kind === "file") entries[at] = { ...entry, bytes };
    }),
  fc.constantFrom(0o4755, 0o2755, 0o777, 0o000).map((mode): Change => ({ pieces }) => {
    const [first, second, ...rest] = pieces;
    if (first !== undefined && second !== undefined)
      pieces.splice(0, pieces.length, first, { ...second, header: { ...second.header, mode } }, ...rest);
  }),
);

async function tarOf({ entries, pieces }: Made, key: string): Promise<Buffer> {
  const environment = { path: [`${placeholder}/bin`], variables: {} };
  const manifest = JSON.stringify({ format: archiveFormat, key, spec: exampleSpec, environment, entries });
  const tar = pack();
  const written = buffer(tar);
  for (const { header, content } of [{ header: { name: manifestName, mode: 0o644 }, content: manifest }, ...pieces])
    tar.entry({ ...header, mtime: new Date(0) }, content);
  tar.finalize();
  return written;
}

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
