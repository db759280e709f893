import { appendFile, copyFile, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Bytes } from "../../image/bytes.js";
import { interpreterOf, isElf, readElf } from "../../image/elf.js";
import { readAgain } from "../../platform/files/removed.js";
import type { Context } from "../../platform/host.js";
import { Problem } from "../../platform/problem.js";
import { succeed } from "../../platform/process/process.js";
import { findProgram } from "../../platform/process/programs.js";
import type { Architecture } from "../../targets/architecture.js";
import { type Tender, tenderName } from "../../targets/targets.js";
import type { AttachedDevice } from "../devices/devices.js";
import { diskPath } from "../vmms/helper-vm.js";
import type { TenderRun } from "../vmms/vmm.js";
import { type CpioEntry, cpioArchive } from "./cpio.js";
import { type Purpose, inside, runScript } from "./guest-init.js";
import type { HelperVmFiles } from "./published.js";

export interface Cargo {
  readonly run: TenderRun;
  /** Absolute path. */
  readonly imagePath: string;
  readonly devices: readonly AttachedDevice[];
  /** PATH, with the toolchain's folders in front. */
  readonly searchPath: string;
}

/**
 * Writes the initramfs of one boot: the part that all boots share, then the tender, the image and the script.
 *
 * @param initrd absolute path of the file to write.
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
  const name = tenderName(tender, architecture, context.host.architecture);
  // Only this one writes a guest's memory. A guest of solo5-spt is a process, whose memory Linux writes.
  const program = run.dump !== undefined && tender === "solo5-hvt" ? `${name}-debug` : name;
  const path = findProgram(program, searchPath);
  if (path === undefined) {
    throw new Problem(`no ${program} found to boot the image`, {
      do: `run \`unikernel-ci setup\` with \`arch: ${architecture}\`, which builds it`,
    });
  }
  const entries = await tenderEntries(context, tender, path);
  const disks = devices.filter(({ type }) => type === "block").length;
  const script = runScript({
    needs: needsOf(run, devices),
    netCount: devices.length - disks,
    lastDisk: run.dump ?? (disks === 0 ? undefined : diskPath(disks - 1)),
    libraries: entries.length > 1,
    run,
  });
  const archive = cpioArchive([
    { kind: "folder", path: "carrier" },
    { kind: "file", path: inside.run.slice(1), content: Buffer.from(script) },
    { kind: "file", path: inside.image.slice(1), content: await readAgain(imagePath) },
    ...entries,
  ]);
  await copyFile(initramfs, initrd);
  await appendFile(initrd, archive);
}

function needsOf({ tender, dump }: TenderRun, devices: readonly AttachedDevice[]): Purpose[] {
  return [
    "console",
    ...(tender === "solo5-hvt" ? (["kvm"] as const) : []),
    ...(["net", "block"] as const).filter(
      (type) => devices.some((device) => device.type === type) || (type === "block" && dump !== undefined),
    ),
  ];
}

/** Absolute path of a tender that a helper VM for an architecture can run. */
export function findTender(
  tender: Tender,
  architecture: Architecture,
  hostArchitecture: Architecture,
  searchPath: string,
): string | undefined {
  return findProgram(tenderName(tender, architecture, hostArchitecture), searchPath);
}

/**
 * The archive entries of a tender: the program, and if it is linked dynamically, its interpreter and its libraries.
 *
 * @param path of a program that this machine can run, or of a static one.
 */
export async function tenderEntries({ processes }: Context, tender: Tender, path: string): Promise<CpioEntry[]> {
  const content = await readFile(path);
  const entry: CpioEntry = { kind: "file", path: inside.tender(tender).slice(1), content, executable: true };
  const bytes = new Bytes(content);
  // A tender that is a script has no dynamic libraries.
  const interpreter = isElf(bytes) ? interpreterOf(readElf(bytes)) : undefined;
  if (interpreter === undefined) return [entry];
  const listing = succeed(
    await processes.run([interpreter, "--list", path], { whole: true }),
    `asking for the libraries of ${path}`,
  );
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

/** The files in the output of `ld.so --list`: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)`. */
export function librariesIn(listing: string): string[] {
  return [...listing.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x[\da-f]+\)$/gm)].map(([, path = ""]) => path);
}
