import { copyFile, appendFile, readFile } from "node:fs/promises";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { tenderName } from "../../target/tender.js";
import type { AttachedDevice } from "../devices/devices.js";
import { diskPath } from "../vmms/helper-vm.js";
import type { TenderRun } from "../vmms/vmm.js";
import { cpioArchive } from "./cpio.js";
import { inside, runScript } from "./init.js";
import type { Purpose } from "./modules.js";
import type { HelperVmFiles } from "./place.js";
import { findTender, tenderEntries } from "./tender.js";

export interface Cargo {
  readonly run: TenderRun;
  /** Absolute path. */
  readonly imagePath: string;
  readonly devices: readonly AttachedDevice[];
  /** Where the tender is looked for: PATH, with the toolchain's folders in front. */
  readonly searchPath: string;
}

/**
 * Writes what a helper VM unpacks at its start: what is the same for each boot, then the tender, the image and the script.
 *
 * @param initrd absolute path of the file.
 * @throws Problem when there is no tender for the helper VM's architecture.
 */
export async function packRun(
  context: Context,
  { initramfs }: HelperVmFiles,
  cargo: Cargo,
  initrd: string,
): Promise<void> {
  const { run, imagePath, devices, searchPath } = cargo;
  const { tender, architecture } = run;
  const path = findTender(tender, architecture, context.host.architecture, searchPath);
  if (path === undefined) {
    throw new Problem(
      `there is no ${tenderName(tender, architecture, context.host.architecture)} to boot the image with`,
      {
        do: `set the toolchain up with \`arch: ${architecture}\`, which builds it: unikernel-ci setup`,
      },
    );
  }
  const entries = await tenderEntries(context, tender, path);
  const disks = devices.filter(({ type }) => type === "block").length;
  const script = runScript({
    needs: needsOf(run, devices),
    netCount: devices.length - disks,
    lastDisk: disks === 0 ? undefined : diskPath(disks - 1),
    libraries: entries.length > 1,
    run,
  });
  const archive = cpioArchive([
    { kind: "folder", path: "carrier" },
    { kind: "file", path: inside.run.slice(1), content: Buffer.from(script) },
    { kind: "file", path: inside.image.slice(1), content: await readFile(imagePath) },
    ...entries,
  ]);
  await copyFile(initramfs, initrd);
  await appendFile(initrd, archive);
}

function needsOf({ tender }: TenderRun, devices: readonly AttachedDevice[]): Purpose[] {
  return [
    "console",
    ...(tender === "solo5-hvt" ? (["kvm"] as const) : []),
    ...(["net", "block"] as const).filter((type) => devices.some((device) => device.type === type)),
  ];
}
