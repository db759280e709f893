import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { findTender, librariesIn, tenderEntries } from "../../../../src/boot/helper-vm/pack.js";
import type { Context } from "../../../../src/platform/host.js";
import { processes } from "../../../../src/platform/process/process.js";
import { elf } from "../../image/build.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-tender-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, content: Buffer | string = ""): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return path;
}

describe("the tender for a helper VM", () => {
  it("is Solo5’s own for the machine’s architecture", () => {
    const path = program("solo5-hvt");
    expect(findTender("solo5-hvt", "x86_64", "x86_64", folder)).toBe(path);
    expect(findTender("solo5-hvt", "aarch64", "aarch64", folder)).toBe(path);
  });

  it("is the toolchain’s static one for another, never the machine’s", () => {
    program("solo5-hvt");
    expect(findTender("solo5-hvt", "aarch64", "x86_64", folder)).toBeUndefined();
    const path = program("solo5-hvt-aarch64");
    expect(findTender("solo5-hvt", "aarch64", "x86_64", folder)).toBe(path);
  });
});

describe("what goes into the helper VM", () => {
  const context = { processes } as Context;

  it("is a static tender alone, under the name that begins its messages", async () => {
    const content = elf({ machine: 183 });
    expect(await tenderEntries(context, "solo5-spt", program("solo5-spt-aarch64", content))).toEqual([
      { kind: "file", path: "carrier/solo5-spt", content, executable: true },
    ]);
  });

  it("is a dynamic tender with its interpreter and its libraries", async () => {
    const entries = await tenderEntries(context, "solo5-hvt", process.execPath);
    const paths = entries.map(({ path }) => path);
    expect(paths).toContainEqual(expect.stringMatching(/^[^/].*\/ld-linux/));
    expect(paths).toContain("carrier/lib/libc.so.6");
    for (const path of paths) {
      const parent = path.split("/").slice(0, -1).join("/");
      if (parent !== "" && parent !== "carrier") expect(paths.indexOf(parent)).toBeLessThan(paths.indexOf(path));
    }
  });
});

test("libraries are the files that ld.so lists, not what the kernel brings", () => {
  const listing = [
    "\tlinux-vdso.so.1 (0x00007ffd2b5f2000)",
    "\tlibseccomp.so.2 => /lib/x86_64-linux-gnu/libseccomp.so.2 (0x00007f2b1c000000)",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2b1be00000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f2b1c100000)",
    "\tlibmissing.so => not found",
  ].join("\n");
  expect(librariesIn(listing)).toEqual([
    "/lib/x86_64-linux-gnu/libseccomp.so.2",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/ld-linux-x86-64.so.2",
  ]);
});
