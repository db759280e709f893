import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { payloadOf, readKernel, readUnpacked } from "../../../../src/boot/helper-vm/unpack.js";
import type { Context } from "../../../../src/platform/host.js";
import { Problem } from "../../../../src/platform/problem.js";
import { processes } from "../../../../src/platform/process/process.js";

const plain = Buffer.from("MZ a kernel, or a module".repeat(100));
const context = { processes, host: { environment: process.env } } as unknown as Context;
const options = { install: false };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-unpack-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An EFI zboot image: header as in Linux' zboot-header.S, then code, then what it carries. */
function zboot(word: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write("MZ\0\0zimg", 0, "latin1");
  header.writeUInt32LE(header.length, 8);
  header.writeUInt32LE(payload.length, 12);
  header.write(word, 24, "latin1");
  return Buffer.concat([header, payload, Buffer.from("what follows")]);
}

describe("a module", () => {
  it.each(["xz", "zstd"])("compressed by %s is read as it was", async (program) => {
    const path = join(folder, "tun.ko");
    writeFileSync(path, plain);
    execFileSync(program, [path]);
    if (existsSync(path)) rmSync(path);
    expect(await readUnpacked(context, `${path}.${program === "xz" ? "xz" : "zst"}`, options)).toEqual(plain);
  });
});

describe("a kernel", () => {
  it.each([
    ["as it is", plain],
    ["compressed as a whole", gzipSync(plain)],
    ["in an EFI program", zboot("gzip", gzipSync(plain))],
  ])("%s is read as QEMU loads it", async (_, content) => {
    const path = join(folder, "vmlinuz-6.8.0-45-generic");
    writeFileSync(path, content);
    expect(await readKernel(context, path, options)).toEqual(plain);
  });

  it("that decompresses itself is not changed", () => {
    expect(payloadOf(Buffer.concat([Buffer.from("MZ"), Buffer.alloc(1000)]))).toBeUndefined();
  });

  it("with an unknown compression is refused by its name", () => {
    expect(() => payloadOf(zboot("lzo", plain))).toThrow(
      new Problem("the kernel is compressed with lzo, which is not supported"),
    );
  });
});
