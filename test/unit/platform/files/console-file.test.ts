import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConsoleFile } from "../../../../src/platform/files/console-file.js";
import { skipNote } from "../../../skip-note.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the chunks like those of a guest. */
async function written(path: string, chunks: readonly Buffer[], capMiB?: number): Promise<Buffer> {
  const file = await ConsoleFile.create(path, capMiB);
  for (const chunk of chunks) void file.write(chunk);
  await file.close();
  return readFileSync(path);
}

const mebibyte = 1024 * 1024;
const cutLine = "\n[unikernel-ci: cut here, after 1 MiB]\n";

test("every byte is kept, and an earlier console is replaced", async () => {
  const path = join(folder, "a", "b", "console.log");
  const bytes = Buffer.from("\u001b[0m\0a\r\n\xff\xfe no end", "latin1");
  await written(path, [Buffer.from("a longer console of an earlier boot".repeat(10))]);
  expect(await written(path, [bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(bytes);
});

test.each([
  ["exactly as long as the cap, is complete", [mebibyte], ""],
  ["cut within the last chunk", [mebibyte - 10, 20], cutLine],
  ["cut between two chunks", [mebibyte, 1], cutLine],
  ["cut once, however much follows", [mebibyte + 1, 5, 5, 5], cutLine],
])("a console that is %s", async (_, sizes, said) => {
  const console = await written(
    join(folder, "console.log"),
    sizes.map((size) => Buffer.alloc(size, "x")),
    1,
  );
  expect(console.subarray(0, mebibyte).equals(Buffer.alloc(mebibyte, "x"))).toBe(true);
  expect(console.subarray(mebibyte).toString()).toBe(said);
});

test("a guest that is faster than the disk waits for it", async () => {
  const file = await ConsoleFile.create(join(folder, "console.log"));
  const room = file.write(Buffer.alloc(mebibyte));
  const next = vi.fn();
  void room.then(next);
  await Promise.resolve();
  expect(next).not.toHaveBeenCalled();
  await room;
  await file.close();
  expect(readFileSync(file.path)).toHaveLength(mebibyte);
});

test("a failing disk is reported at the end, and does not hold up the guest", async () => {
  const path = join(folder, "console.log");
  mkdirSync(path);
  const file = await ConsoleFile.create(path);
  await file.write(Buffer.alloc(mebibyte));
  expect(await file.close()).toMatch(/^the console in .*console\.log is incomplete: EISDIR/);
});

const noFull = existsSync("/dev/full") ? undefined : "no /dev/full";
test.skipIf(noFull !== undefined)(`a full disk is reported at the end${skipNote(noFull)}`, async () => {
  const file = await ConsoleFile.create("/dev/full");
  await file.write(Buffer.from("x"));
  expect(await file.close()).toMatch(/^the console in \/dev\/full is incomplete: ENOSPC/);
});
