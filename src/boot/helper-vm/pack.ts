import { copyFile, appendFile, readFile } from "node:fs/promises";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { tenderName, type Tender } from "../../targets/tender.js";
import type { AttachedDevice } from "../devices/devices.js";
import { diskPath } from "../vmms/helper-vm.js";
import type { TenderRun } from "../vmms/vmm.js";
import { cpioArchive, type CpioEntry } from "./cpio.js";
import { inside, runScript, type Purpose } from "./init.js";
import type { HelperVmFiles } from "./published.js";
import { basename } from "node:path";
import { Bytes } from "../../image/bytes.js";
import { interpreterOf, isElf, readElf } from "../../image/elf.js";
import { succeed } from "../../platform/process/process.js";
import { findProgram } from "../../platform/process/programs.js";
import type { Architecture } from "../../targets/architecture.js";

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

/** Absolute path of the tender that a helper VM for an architecture can run; undefined when there is none. */
export function findTender(
  tender: Tender,
  architecture: Architecture,
  hostArchitecture: Architecture,
  searchPath: string,
): string | undefined {
  return findProgram(tenderName(tender, architecture, hostArchitecture), searchPath);
}

/**
 * A tender as entries of the helper VM's archive: itself, and when it is linked dynamically, its interpreter in its place
 * and its libraries where the helper VM looks for them.
 *
 * @param path of a program that this machine runs, or of a static one.
 */
export async function tenderEntries({ processes }: Context, tender: Tender, path: string): Promise<CpioEntry[]> {
  const content = await readFile(path);
  const entry: CpioEntry = { kind: "file", path: inside.tender(tender).slice(1), content, executable: true };
  const bytes = new Bytes(content);
  // A script needs no interpreter of ours.
  const interpreter = isElf(bytes) ? interpreterOf(readElf(bytes)) : undefined;
  if (interpreter === undefined) return [entry];
  const listing = succeed(await processes.run([interpreter, "--list", path]), `asking for the libraries of ${path}`);
  const libraries = librariesIn(listing.stdout).filter((library) => library !== interpreter);
  const folders = interpreter
    .split("/")
    .slice(1, -1)
    .map((_, index, names): CpioEntry => {
      return { kind: "folder", path: names.slice(0, index + 1).join("/") };
    });
  return [
    entry,
    ...folders,
    { kind: "file", path: interpreter.slice(1), content: await readFile(interpreter), executable: true },
    { kind: "folder", path: inside.libraries.slice(1) },
    ...(await Promise.all(
      libraries.map(async (library): Promise<CpioEntry> => {
        return {
          kind: "file",
          path: `${inside.libraries.slice(1)}/${basename(library)}`,
          content: await readFile(library),
        };
      }),
    )),
  ];
}

/** The files in what `ld.so --list` prints: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)`. */
export function librariesIn(listing: string): string[] {
  return [...listing.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x[\da-f]+\)$/gm)].map(([, path = ""]) => path);
}
