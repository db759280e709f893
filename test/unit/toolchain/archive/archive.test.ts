import {
  createReadStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { treeHash } from "../../../../src/toolchain/archive/difference.js";
import type { ArchiveEntry } from "../../../../src/toolchain/archive/manifest.js";
import { type Packed, listEntries, packToolchain } from "../../../../src/toolchain/archive/pack.js";
import { paddedPrefix, placeholder, prefixLength } from "../../../../src/toolchain/archive/prefix.js";
import { writeTar } from "../../../../src/toolchain/archive/tar.js";
import { type Layering, checkArchive, unpackToolchain } from "../../../../src/toolchain/archive/unpack.js";
import { exampleSpec } from "../examples.js";

let folder: string;
let built: string;
let archive: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-archive-"));
  built = join(folder, "built.").padEnd(prefixLength, "_");
  archive = join(folder, "archive");
  mkdirSync(join(built, "bin"), { recursive: true });
  mkdirSync(join(built, "empty"));
  writeFileSync(join(built, "bin/script"), `#!${built}/bin/run\nexec ${built}/x\n`, { mode: 0o755 });
  writeFileSync(
    join(built, "bin/program"),
    Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(built), Buffer.from("/lib\0\xff")]),
  );
  writeFileSync(join(built, "annotations.cmt"), "x");
  symlinkSync("script", join(built, "bin/relative"));
  symlinkSync(join(built, "bin/script"), join(built, "bin/absolute"));
  symlinkSync("/etc/passwd", join(built, "bin/outside"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pack = (keeps: (path: string) => boolean = () => true): Promise<Packed> =>
  packToolchain(
    {
      key: "k",
      spec: exampleSpec,
      environment: { path: [`${built}/bin`], variables: {} },
      folder: built,
      prefix: Buffer.from(built),
      keeps,
    },
    archive,
    3,
  );

async function unpack(from: Readable = createReadStream(archive), path = "/opt/toolchain"): Promise<string> {
  const to = mkdtempSync(join(folder, "unpacked-"));
  await unpackToolchain(from, to, path);
  return to;
}

it("a program that ends before it has read an archive is an error of the packing, and of nothing else", async () => {
  const content = Buffer.alloc(4 * 1024 ** 2);
  const entry = {
    kind: "file",
    path: "large",
    executable: false,
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  } as const;
  const source = {
    entries: [entry],
    contentOf: () => Promise.resolve(content),
    modes: { plain: 0o644, executable: 0o755, folder: 0o755 },
  };
  await expect(writeTar(source, ["true"], archive)).rejects.toThrow();
  // An unhandled error would end the process now.
  await new Promise(setImmediate);
});

describe("a packed toolchain", () => {
  it("has the same content when it is unpacked, with its new path padded to the length of the old one", async () => {
    await pack();
    const to = await unpack();
    const padded = paddedPrefix("/opt/toolchain").toString();
    expect(padded).toHaveLength(prefixLength);
    expect(readFileSync(join(to, "bin/script"), "utf8")).toBe(`#!${padded}/bin/run\nexec ${padded}/x\n`);
    expect(readFileSync(join(to, "bin/program"), "latin1")).toBe(`\0\x01\x02${padded}/lib\0\xc3\xbf`);
    expect(lstatSync(join(to, "bin/script")).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(to, "bin/program")).mode & 0o111).toBe(0);
    expect(readlinkSync(join(to, "bin/relative"))).toBe("script");
    expect(readlinkSync(join(to, "bin/absolute"))).toBe("/opt/toolchain/bin/script");
    expect(readdirSync(to).sort()).toEqual(["annotations.cmt", "bin", "empty"]);
  });

  it("with a base is unpacked on that base, and on no other", async () => {
    const { tree } = await pack((path) => !path.startsWith("bin/") || path === "bin/script");
    const source = { key: "k2", spec: exampleSpec, environment: { path: [], variables: {} }, folder: built };
    writeFileSync(join(built, "annotations.cmt"), "changed");
    const base = { key: "k", entries: tree };
    const more = { prefix: Buffer.from(built), keeps: (path: string) => path !== "empty", base };
    const { manifest } = await packToolchain({ ...source, ...more }, archive, 3);
    const names = ["bin", "bin/absolute", "annotations.cmt", "bin/program", "bin/relative"];
    expect(manifest.entries.map(({ path }) => path).sort()).toEqual(names.sort());
    expect(manifest.base).toMatchObject({ key: "k", removed: ["empty"] });

    const to = mkdtempSync(join(folder, "unpacked-"));
    const put: string[] = [];
    const putBase = (entries: readonly ArchiveEntry[]): NonNullable<Layering["putBase"]> => {
      return (_, { stays, accepts }) => {
        accepts(entries);
        for (const { path, kind } of entries.filter(stays)) {
          put.push(path);
          if (kind === "folder") mkdirSync(join(to, path));
        }
        return Promise.resolve(entries);
      };
    };
    const whole = await unpackToolchain(createReadStream(archive), to, "/opt/x", { putBase: putBase(tree) });
    expect(put).toEqual(["bin", "bin/script"]);
    expect(treeHash(whole.entries)).toBe(treeHash((await listEntries({ ...source, ...more })).entries));
    expect(readFileSync(join(to, "annotations.cmt"), "utf8")).toBe("changed");

    rmSync(join(to, "bin"), { recursive: true });
    const other = putBase(tree.map((entry) => (entry.kind === "file" ? { ...entry, bytes: 1 } : entry)));
    const elsewhere = unpackToolchain(createReadStream(archive), to, "/opt/x", { putBase: other });
    await expect(elsewhere).rejects.toThrow("it was built on another build of the toolchain below");
    expect(readdirSync(to)).toEqual(["annotations.cmt"]);
    await expect(unpack()).rejects.toThrow("it needs the toolchain that it was built on");
    expect((await checkArchive(createReadStream(archive))).key).toBe("k2");
  });

  it("has its old path nowhere, and, once unpacked, no placeholder either", async () => {
    const { manifest } = await pack();
    expect(JSON.stringify(manifest)).not.toContain(built);
    const plain = execFileSync("zstd", ["-dc", "--long=27", archive]);
    expect(plain.includes(built)).toBe(false);
    const to = await unpack();
    for (const name of ["script", "program"])
      expect(readFileSync(join(to, "bin", name)).includes(placeholder)).toBe(false);
  });

  it("leaves out what it is told to, and links that lead out of it, and lists them", async () => {
    const { manifest, leftOut } = await pack((path) => !path.endsWith(".cmt"));
    const paths = manifest.entries.map(({ path }) => path);
    expect(paths).not.toContain("annotations.cmt");
    expect(leftOut).toEqual(["bin/outside"]);
  });

  it("is the same, byte for byte, when it is packed again", async () => {
    await pack();
    const first = readFileSync(archive);
    await pack();
    expect(readFileSync(archive).equals(first)).toBe(true);
  });

  it("leaves no half archive when it cannot be packed", async () => {
    const failing = packToolchain(
      {
        key: "k",
        spec: exampleSpec,
        environment: { path: [], variables: {} },
        folder: join(folder, "nowhere"),
        prefix: Buffer.from(built),
        keeps: () => true,
      },
      archive,
      3,
    );
    await expect(failing).rejects.toThrow("ENOENT");
    expect(readdirSync(folder).filter((name) => name.startsWith("archive"))).toEqual([]);
  });

  it("is refused for a path that is longer than the one it was built at", async () => {
    await pack();
    await expect(unpack(Readable.from([]), `/${"x".repeat(prefixLength)}`)).rejects.toThrow("longer than");
  });
});

/** The header of a file in a tar archive. */
function headerOf(tar: Buffer, name: string): Buffer {
  const at = Array.from({ length: tar.length / 512 }, (_, block) => block * 512).find(
    (start) => tar.toString("latin1", start, start + name.length + 1) === `${name}\0`,
  );
  if (at === undefined) throw new Error(`${name} is not in the archive`);
  return tar.subarray(at, at + 512);
}

/** Changes a header and updates its checksum. */
function sealed(header: Buffer, change: (header: Buffer) => void): void {
  change(header);
  header.write(" ".repeat(8), 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
}

describe("a damaged archive", () => {
  const refused = (bytes: Buffer) =>
    expect(unpack(Readable.from([bytes]))).rejects.toThrow(expect.objectContaining({ name: "BadArchive" }));

  it("is refused when it is cut at any place", async () => {
    await pack();
    const bytes = readFileSync(archive);
    for (const part of [0, 1, 5, 50, bytes.length / 2, bytes.length - 1]) await refused(bytes.subarray(0, part));
  });

  it("is refused when any byte of it is changed", async () => {
    await pack();
    const bytes = readFileSync(archive);
    for (let at = 0; at < bytes.length; at += 97) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      // Another byte in the frame's header may mean the same: then the content must be unchanged.
      await unpack(Readable.from([changed])).then(
        (to) => expect(readFileSync(join(to, "bin/script"), "utf8")).toContain("/opt/toolchain"),
        (error: unknown) => expect(error).toMatchObject({ name: "BadArchive" }),
      );
    }
  });

  const repacked = (change: (folder: string) => void, order: readonly string[]) => {
    const work = mkdtempSync(join(folder, "work-"));
    execFileSync("tar", ["-xf", "-", "-C", work], { input: execFileSync("zstd", ["-dc", "--long=27", archive]) });
    change(work);
    const tar = execFileSync("tar", ["-cf", "-", "--no-recursion", "-C", work, ...order]);
    return execFileSync("zstd", ["-qc"], { input: tar });
  };
  const inOrder = ({ manifest }: Packed) => ["toolchain.json", ...manifest.entries.map(({ path }) => path)];

  it("is refused when a compiler in it is not the one of its manifest", async () => {
    const packed = await pack();
    expect(repacked(() => undefined, inOrder(packed)).length).toBeGreaterThan(0);
    const change = (work: string) => {
      const compiler = readFileSync(join(work, "bin/program"));
      compiler[0] = 0x7f;
      writeFileSync(join(work, "bin/program"), compiler);
    };
    await refused(repacked(change, inOrder(packed)));
  });

  it("is refused with more in it, less in it, in another order, or without a manifest", async () => {
    const order = inOrder(await pack());
    await refused(repacked((work) => writeFileSync(join(work, "more"), "x"), [...order, "more"]));
    await refused(repacked(() => undefined, order.slice(0, -1)));
    await refused(repacked(() => undefined, ["toolchain.json", ...order.slice(1).reverse()]));
    await refused(repacked(() => undefined, order.slice(1)));
  });

  it("is refused when a file became a link", async () => {
    const order = inOrder(await pack());
    const change = (work: string) => {
      rmSync(join(work, "bin/program"));
      symlinkSync("/etc/passwd", join(work, "bin/program"));
    };
    await refused(repacked(change, order));
  });

  it.each([
    ["hard link", "1"],
    ["character device", "3"],
    ["block device", "4"],
    ["pipe", "6"],
    ["sparse file of GNU’s", "S"],
    ["file of no known kind", "Z"],
  ])("is refused with a %s in it, whatever its manifest says", async (_, type) => {
    await pack();
    const tar = execFileSync("zstd", ["-dc", "--long=27", archive]);
    sealed(headerOf(tar, "bin/program"), (header) => header.write(type, 156));
    await refused(execFileSync("zstd", ["-qc"], { input: tar }));
  });

  it("is refused for a manifest that would fill the memory, before it is read", async () => {
    await pack();
    const tar = execFileSync("zstd", ["-dc", "--long=27", archive]);
    sealed(headerOf(tar, "toolchain.json"), (header) =>
      header.write(`${(64 * 1024 ** 2 + 1).toString(8).padStart(11, "0")}\0`, 124),
    );
    await expect(unpack(Readable.from([execFileSync("zstd", ["-qc"], { input: tar })]))).rejects.toThrow(
      "toolchain.json is larger than any toolchain’s",
    );
  });

  it("is refused for an endless name, before it fills the memory", async () => {
    const header = Buffer.alloc(512);
    const size = 128 * 1024 ** 2;
    header.write("././@LongLink");
    header.write(size.toString(8), 124);
    header.write("L", 156);
    sealed(header, () => header.write("ustar  ", 257));
    const small = execFileSync("zstd", ["-qc"], {
      input: Buffer.concat([header, Buffer.alloc(size, "x")]),
      maxBuffer: size,
    });
    expect(small.length).toBeLessThan(100_000);
    const before = process.memoryUsage.rss();
    const refusal: unknown = await unpack(Readable.from([small])).catch((error: unknown) => error);
    expect(process.memoryUsage.rss() - before).toBeLessThan(size / 4);
    expect(String(refusal)).toMatch(/: it is not an archive: Header exceeds max/);
  });

  it("passes on an error of its source unchanged", async () => {
    await pack();
    const bytes = readFileSync(archive);
    const broken = Readable.from(
      (function* () {
        yield bytes.subarray(0, 100);
        throw new Error("the line went dead");
      })(),
    );
    await expect(unpack(broken)).rejects.toThrow("the line went dead");
  });
});

it("an archive can be checked without being unpacked", async () => {
  const { manifest } = await pack();
  expect(await checkArchive(createReadStream(archive))).toEqual(manifest);
  await expect(checkArchive(Readable.from(["x"]))).rejects.toThrow(expect.objectContaining({ name: "BadArchive" }));
});
