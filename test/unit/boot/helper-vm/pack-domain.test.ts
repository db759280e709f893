import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packDomain } from "../../../../src/boot/helper-vm/pack-domain.js";
import { xenParts } from "../../../../src/boot/helper-vm/make-xen.js";
import { Problem } from "../../../../src/platform/problem.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-domain-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pack(where: string): Promise<void> {
  mkdirSync(where, { recursive: true });
  const files = { key: "", folder: where, kernel: join(where, "kernel"), initramfs: join(where, "initramfs") };
  writeFileSync(files.initramfs, "the shared part;");
  writeFileSync(join(where, "image"), "the image");
  const disk = { type: "block" as const, name: "data", path: "/data" };
  const cargo = { run: { domain: "the domain" }, imagePath: join(where, "image"), devices: [disk] };
  return packDomain(files, cargo, join(where, "initrd"));
}

test("a boot adds the image, its domain and its script to the part that all share", async () => {
  await pack(folder);
  const initrd = readFileSync(join(folder, "initrd"), "latin1");
  expect(initrd.startsWith("the shared part;070701")).toBe(true);
  for (const part of ["carrier/run\0", "await_file /dev/vda\nrun\n", "carrier/domain\0", "the domain", "the image"])
    expect(initrd).toContain(part);
});

test("a path that QEMU would cut off is refused before anything is written", async () => {
  await expect(pack(join(folder, "two words"))).rejects.toBeInstanceOf(Problem);
});

test("Xen’s parts are the hypervisor and its tools", () => {
  expect(xenParts(["xen-hypervisor-4.17-amd64", "xen-hypervisor-common", "xen-utils-4.17"])).toEqual([
    "xen-hypervisor-4.17-amd64",
    "xen-utils-4.17",
  ]);
  expect(xenParts([])).toEqual([]);
});
