import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FileDisk, makeDisk } from "../../../../src/platform/files/disks.js";
import type { Context } from "../../../../src/platform/host.js";
import { processes } from "../../../../src/platform/process/process.js";
import { skipNote } from "../../../skip-note.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context = { processes } as unknown as Context;
const at = (name: string) => join(folder, name);
const sectors = (count: number, fill = "x") => fill.repeat(512 * count);

const file = (kind: FileDisk["kind"], size?: number): FileDisk => ({
  kind,
  path: at(kind === "use" ? "source.img" : "disk.img"),
  source: at("source.img"),
  size,
});

test("a scratch disk reads as zeros, and takes no space until it is written to", async () => {
  await makeDisk(context, { kind: "scratch", path: at("disk.img"), size: 4 * 2 ** 20 });
  expect(readFileSync(at("disk.img")).equals(Buffer.alloc(4 * 2 ** 20))).toBe(true);
  expect(statSync(at("disk.img")).blocks).toBe(0);
});

describe("a file of the user", () => {
  test("is used unchanged", async () => {
    writeFileSync(at("source.img"), sectors(2));
    await makeDisk(context, file("use"));
    expect(readFileSync(at("source.img"), "utf8")).toBe(sectors(2));
  });

  test("is linked to", async () => {
    writeFileSync(at("source.img"), sectors(2));
    await makeDisk(context, file("link"));
    expect(lstatSync(at("disk.img")).isSymbolicLink()).toBe(true);
    writeFileSync(at("disk.img"), sectors(2, "y"));
    expect(readFileSync(at("source.img"), "utf8")).toBe(sectors(2, "y"));
  });

  test("that is copied never changes, and the copy is writable even if the file is not", async () => {
    writeFileSync(at("source.img"), sectors(2));
    chmodSync(at("source.img"), 0o400);
    await makeDisk(context, file("copy"));
    expect(statSync(at("disk.img")).mode & 0o777).toBe(0o600);
    writeFileSync(at("disk.img"), sectors(2, "y"));
    expect(readFileSync(at("source.img"), "utf8")).toBe(sectors(2));
  });

  test("keeps its holes when it is copied", async () => {
    await makeDisk(context, { kind: "scratch", path: at("source.img"), size: 64 * 2 ** 20 });
    await makeDisk(context, file("copy"));
    expect(statSync(at("disk.img"))).toMatchObject({ size: 64 * 2 ** 20, blocks: 0 });
  });

  test.each(["use", "link"] as const)("is extended, and made if it does not exist: %s", async (kind) => {
    await makeDisk(context, file(kind, 1024));
    expect(statSync(at("source.img")).size).toBe(1024);
    rmSync(at("disk.img"), { force: true });
    await makeDisk(context, file(kind, 2048));
    expect(statSync(at("source.img")).size).toBe(2048);
  });

  test("that is copied is extended only in the copy", async () => {
    writeFileSync(at("source.img"), sectors(2));
    await makeDisk(context, file("copy", 4096));
    expect([at("source.img"), at("disk.img")].map((path) => statSync(path).size)).toEqual([1024, 4096]);
  });

  test("is not shortened", async () => {
    writeFileSync(at("source.img"), sectors(4));
    await makeDisk(context, file("use", 512));
    expect(statSync(at("source.img")).size).toBe(2048);
  });

  test.each([
    ["is missing", "use", undefined, undefined, /does not exist/],
    ["is missing and is to be copied", "copy", undefined, 1024, /does not exist/],
    ["is empty", "use", "", undefined, /, 0 bytes, is not a multiple of 512/],
    ["ends within a sector", "use", "x".repeat(1000), undefined, /, 1000 bytes, is not a multiple of 512/],
    ["ends within a sector beyond the size asked for", "copy", "x".repeat(1000), 512, /more than the size asked for/],
  ] as const)("that %s is refused", async (_, kind, content, size, message) => {
    if (content !== undefined) writeFileSync(at("source.img"), content);
    await expect(makeDisk(context, file(kind, size))).rejects.toThrow(message);
    expect(existsSync(at("disk.img"))).toBe(false);
  });

  test("that is a folder is refused", async () => {
    mkdirSync(at("source.img"));
    await expect(makeDisk(context, file("use"))).rejects.toThrow(/is not a file/);
  });

  const isRoot = process.getuid?.() === 0 ? "root can write to every file" : undefined;
  test.skipIf(isRoot !== undefined)(
    `that this user cannot write to is refused, with what to do${skipNote(isRoot)}`,
    async () => {
      writeFileSync(at("source.img"), sectors(2), { mode: 0o400 });
      await expect(makeDisk(context, file("use"))).rejects.toMatchObject({
        facts: { do: expect.stringContaining("`, ro`") as string },
      });
    },
  );
});
