import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readOnce } from "../../../../src/platform/files/read-once.js";

const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));

it("a file is hashed, copied, and kept in part, in one pass", async () => {
  const content = Buffer.alloc(2_000_000, "0123456789abcdef");
  writeFileSync(join(folder, "file"), content);
  const copyTo = join(folder, "copy");
  const read = await readOnce(folder, "file", { mostBytes: content.length, keptBytes: 20, copyTo });
  expect(read).toEqual({
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    end: content.subarray(-20),
  });
  expect(readFileSync(copyTo).equals(content)).toBe(true);
});

it("a file is read to a limit, even one that the system reports as empty", async () => {
  writeFileSync(join(folder, "large"), "");
  truncateSync(join(folder, "large"), 1_001);
  await expect(readOnce(folder, "large", { mostBytes: 1_000 })).rejects.toThrow("large has more than 1000 bytes");
  // The kernel makes its content as it is read: its size is 0.
  await expect(readOnce("/proc", "cpuinfo", { mostBytes: 100 })).rejects.toThrow("cpuinfo has more than 100 bytes");
});
