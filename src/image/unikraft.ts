import type { UnikraftPlatform } from "../targets/targets.js";
import type { Bytes } from "./bytes.js";
import { type Elf, elfMachine } from "./elf.js";
import type { ImageSystem } from "./image.js";

type Unikraft = Extract<ImageSystem, { kind: "unikraft" }>;

/** `struct ukplat_bootinfo`: the magic 0xb007b0b0 and version 1 (Unikraft's include/uk/plat/common/bootinfo.h). */
const bootInfo = { section: ".uk_bootinfo", start: Buffer.from("b0b007b001000000", "hex"), alignment: 8 } as const;

/** https://www.gnu.org/software/grub/manual/multiboot/multiboot.html#OS-image-format */
const multiboot = { magic: Buffer.from("02b0ad1b", "hex"), searched: 8192, alignment: 4 } as const;

/**
 * The facts in Unikraft's marks; undefined for an ELF file without them.
 * QEMU boots x86_64 by multiboot; an x86_64 kernel without it is for Firecracker.
 */
export function readUnikraftElf(elf: Elf): Unikraft | undefined {
  if (!hasBootInfo(elf)) return undefined;
  return withVersion(
    elf.bytes,
    elf.machine === elfMachine.aarch64 ? platformByDriver(elf.bytes) : platformByProtocol(elf),
  );
}

/** The same for an arm64 boot Image, whose platform only the names of its drivers show. */
export function readUnikraftLinuxImage(bytes: Bytes): Unikraft | undefined {
  return withVersion(bytes, platformByDriver(bytes));
}

/** Whether QEMU's `-kernel` loads the file by multiboot: the header in its first 8 KiB has the right checksum. */
export function isMultiboot(bytes: Bytes): boolean {
  for (let at = bytes.indexOf(multiboot.magic); at !== -1; at = bytes.indexOf(multiboot.magic, at + 1)) {
    if (at + 12 > Math.min(bytes.length, multiboot.searched)) return false;
    const sum = [0, 4, 8].reduce((total, field) => total + bytes.u32(at + field, "the multiboot header"), 0);
    if (at % multiboot.alignment === 0 && sum % 2 ** 32 === 0) return true;
  }
  return false;
}

/** The mark stays when the section headers are stripped. */
function hasBootInfo({ bytes, sections }: Elf): boolean {
  const marked = sections.filter(({ name, size }) => name === bootInfo.section && size >= bootInfo.start.length);
  if (marked.length > 0) return marked.some(({ offset }) => bytes.startsWith(bootInfo.start, offset));
  for (let at = bytes.indexOf(bootInfo.start); at !== -1; at = bytes.indexOf(bootInfo.start, at + 1)) {
    if (at % bootInfo.alignment === 0) return true;
  }
  return false;
}

function platformByProtocol({ bytes, bits }: Elf): UnikraftPlatform | undefined {
  if (isMultiboot(bytes)) return "qemu";
  return bits === 64 ? "firecracker" : undefined;
}

/** arm64 only: the image contains the name of the library that drives the console. */
function platformByDriver(bytes: Bytes): UnikraftPlatform | undefined {
  if (bytes.indexOf("libpl011") !== -1) return "qemu";
  return bytes.indexOf("libns16550") === -1 ? undefined : "firecracker";
}

function withVersion(bytes: Bytes, platform: UnikraftPlatform | undefined): Unikraft | undefined {
  if (platform === undefined) return undefined;
  const version = versionOf(bytes);
  return { kind: "unikraft", platform, ...(version === undefined ? {} : { version }) };
}

const versionMark = "Unikraft ";
/** Other texts begin like it ("Unikraft halted"): a limit for a file that is full of them. */
const mostVersionMarks = 1000;

/** `Helene 0.18.0~6056466f` from the text `Unikraft <codename> <version>` (Unikraft's lib/ukboot/version.c). */
function versionOf(bytes: Bytes): string | undefined {
  let at = bytes.indexOf(versionMark);
  for (let tries = 0; at !== -1 && tries < mostVersionMarks; tries++, at = bytes.indexOf(versionMark, at + 1)) {
    const start = at + versionMark.length;
    const text = bytes.text(start, Math.min(80, bytes.length - start), "Unikraft’s version");
    const version = /^[A-Z][a-z]+ \d+\.\d+[\w.~+-]*/.exec(text);
    if (version !== null) return version[0];
  }
  return undefined;
}
