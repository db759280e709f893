// Archives of a toolchain that somebody made by hand: a whole one, and changes of its list and of what it has.
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { type ArchiveEntry, archiveFormat, manifestName } from "../../src/toolchain/archive/manifest.js";
import { placeholder } from "../../src/toolchain/archive/prefix.js";
import { exampleSpec } from "../unit/toolchain/examples.js";

export const hash = (content: string) => createHash("sha256").update(content).digest("hex");
export const compiler = "#!/bin/sh\nexit 0\n";

interface Piece {
  readonly header: Partial<Header> & Pick<Header, "name">;
  readonly content: string;
}
/** What an archive is made of: its own list, and what it really has. */
export interface Made {
  readonly entries: ArchiveEntry[];
  readonly pieces: Piece[];
}

export const folder = (path: string): Made => ({
  entries: [{ kind: "folder", path }],
  pieces: [{ header: { name: path, type: "directory", mode: 0o755 }, content: "" }],
});
export const file = (path: string, content: string, mode = 0o755): Made => ({
  entries: [{ kind: "file", path, executable: true, bytes: content.length, sha256: hash(content) }],
  pieces: [{ header: { name: path, type: "file", mode }, content }],
});
export const link = (path: string, target: string): Made => ({
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
export const add =
  (more: Made, where: "both" | "list" | "tar"): Change =>
  (made) => {
    if (where !== "tar") made.entries.push(...more.entries);
    if (where !== "list") made.pieces.push(...more.pieces);
  };
const where = fc.constantFrom<"both" | "list" | "tar">("both", "both", "both", "list", "tar");
/** What somebody could have changed in a whole archive. */
export const change: fc.Arbitrary<Change> = fc.oneof(
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

/** @param key of its manifest. */
export async function tarOf({ entries, pieces }: Made, key: string): Promise<Buffer> {
  const environment = { path: [`${placeholder}/bin`], variables: {} };
  const manifest = JSON.stringify({ format: archiveFormat, key, spec: exampleSpec, environment, entries });
  const tar = pack();
  const written = buffer(tar);
  for (const { header, content } of [{ header: { name: manifestName, mode: 0o644 }, content: manifest }, ...pieces])
    tar.entry({ ...header, mtime: new Date(0) }, content);
  tar.finalize();
  return written;
}
