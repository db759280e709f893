import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cpioArchive } from "../../../../src/boot/helper-vm/cpio.js";
import { findProgram } from "../../../../src/platform/process/programs.js";
import { skipNote } from "../../../skip-note.js";

const binary = Buffer.from([0, 1, 2, 255, 10]);

describe("an archive", () => {
  it("has the fields of newc in their places, padded to 4 bytes", () => {
    const archive = cpioArchive([{ kind: "file", path: "a", content: binary, executable: true }]);
    const header = archive.toString("latin1", 0, 110);
    expect(header.slice(0, 6)).toBe("070701");
    const fields = [...header.slice(6).matchAll(/.{8}/g)].map(([digits]) => Number.parseInt(digits, 16));
    expect(fields).toEqual([1, 0o100755, 0, 0, 1, 0, 5, 0, 0, 0, 0, 2, 0]);
    expect(archive.subarray(110, 112).toString()).toBe("a\0");
    expect(archive.subarray(112, 120)).toEqual(Buffer.concat([binary, Buffer.alloc(3)]));
    expect(archive.toString("latin1", 120 + 110, 120 + 120)).toBe("TRAILER!!!");
  });

  it.each([0, 1, 2, 3, 4, 5])(
    "can be followed by another: it ends at a multiple of 4 with %i bytes of content",
    (length) => {
      expect(cpioArchive([{ kind: "file", path: "abc", content: Buffer.alloc(length) }]).length % 4).toBe(0);
    },
  );
});

const noCpio = findProgram("cpio", process.env["PATH"]) === undefined ? "no cpio" : undefined;
describe.skipIf(noCpio !== undefined)(`as cpio(1) reads it${skipNote(noCpio)}`, () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-cpio-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("it holds folders, files, links and odd names", () => {
    const archive = cpioArchive([
      { kind: "folder", path: "bin" },
      { kind: "file", path: "bin/busybox", content: binary, executable: true },
      { kind: "link", path: "bin/sh", target: "busybox" },
      { kind: "file", path: "näme with blanks", content: Buffer.alloc(0) },
    ]);
    execFileSync("cpio", ["-i", "--quiet", "--no-absolute-filenames"], { cwd: folder, input: archive });
    expect(readFileSync(join(folder, "bin/busybox"))).toEqual(binary);
    expect(lstatSync(join(folder, "bin/busybox")).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(folder, "bin/sh"))).toBe("busybox");
    expect(lstatSync(join(folder, "näme with blanks")).size).toBe(0);
  });
});
