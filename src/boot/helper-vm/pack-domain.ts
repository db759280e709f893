import { appendFile, copyFile } from "node:fs/promises";
import { readAgain } from "../../platform/files/removed.js";
import { Problem } from "../../platform/problem.js";
import type { AttachedDevice } from "../devices/devices.js";
import { diskPath } from "../vmms/helper-vm.js";
import type { DomainRun } from "../vmms/vmm.js";
import { cpioArchive } from "./cpio.js";
import { inside } from "./guest-init.js";
import type { HelperVmFiles } from "./published.js";
import { insideXen, xenRunScript } from "./xen-init.js";

export interface DomainCargo {
  readonly run: DomainRun;
  /** Absolute path. */
  readonly imagePath: string;
  readonly devices: readonly AttachedDevice[];
}

/**
 * Writes the initramfs of one boot of a Xen domain: the part that all boots share, then the image, the domain's
 * configuration and the script.
 *
 * @param initrd absolute path of the file to write.
 * @throws Problem when QEMU could not find the files.
 */
export async function packDomain(
  { kernel, initramfs }: HelperVmFiles,
  { run, imagePath, devices }: DomainCargo,
  initrd: string,
): Promise<void> {
  const split = [kernel, initrd].find((path) => /\s/.test(path));
  if (split !== undefined) {
    throw new Problem("the path of a file for the Xen helper VM contains whitespace", {
      found: split,
      because: "QEMU ends the path of a multiboot module there",
      do: "set RUNNER_TOOL_CACHE, RUNNER_TEMP or TMPDIR to a path without whitespace",
    });
  }
  const disks = devices.filter(({ type }) => type === "block").length;
  const script = xenRunScript({
    netCount: devices.length - disks,
    lastDisk: disks === 0 ? undefined : diskPath(disks - 1),
  });
  const archive = cpioArchive([
    { kind: "folder", path: "carrier" },
    { kind: "file", path: inside.run.slice(1), content: Buffer.from(script) },
    { kind: "file", path: insideXen.domain.slice(1), content: Buffer.from(run.domain) },
    { kind: "file", path: inside.image.slice(1), content: await readAgain(imagePath) },
  ]);
  await copyFile(initramfs, initrd);
  await appendFile(initrd, archive);
}
