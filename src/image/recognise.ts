import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { size } from "../platform/log.js";
import { type Facts, Problem, messageOf } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import { Bytes, MalformedFile } from "./bytes.js";
import { type Elf, elfMachine, elfType, interpreterOf, isElf, readElf, segmentType } from "./elf.js";
import type { Image } from "./image.js";
import { readSolo5 } from "./solo5.js";
import { isMultiboot, readUnikraftElf, readUnikraftLinuxImage } from "./unikraft.js";

/** An image is read whole; unstripped ones of large unikernels have some 100 MB. */
const largestImage = 1024 ** 3;

/**
 * Reads a file and recognises it.
 *
 * @throws Problem that names the file, when it cannot be read or is not an image.
 */
export async function readImage(path: string): Promise<Image> {
  const bytes = await readWhole(path);
  try {
    return recogniseImage(bytes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(
      error.message.replace(/^the file/, () => basename(path)),
      error.facts,
      { cause: error },
    );
  }
}

/** Opened once: the file that is checked is the file that is read. */
async function readWhole(path: string): Promise<Uint8Array> {
  const name = basename(path);
  // Without O_NONBLOCK, a pipe would wait for a writer.
  const file = await open(path, /* promise: pipes-are-not-waited-for */ constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw cannotRead(name, { because: messageOf(error) }, error);
    },
  );
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw cannotRead(name, { found: facts.isDirectory() ? "a folder" : "not a regular file" });
    if (facts.size > largestImage) {
      throw cannotRead(name, { found: size(facts.size), accepted: `images up to ${size(largestImage)}` });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function cannotRead(name: string, facts: Facts, cause?: unknown): Problem {
  return new Problem(`${name} cannot be read as an image`, facts, { cause });
}

/**
 * Recognises an image by its bytes alone. Time and memory grow with the size of the file only.
 *
 * @param bytes the whole file.
 * @throws Problem that describes the file, when it is no target's image. Its sentence begins with "the file".
 */
export function recogniseImage(bytes: Uint8Array): Image {
  const file = new Bytes(bytes);
  try {
    if (isElf(file)) return recogniseElf(file);
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    const found = `${error.what} (at byte ${error.offset} of ${file.length})`;
    throw new Problem("the file is cut off or damaged", { found, do: "build or download it again" }, { cause: error });
  }
  if (isLinuxImage(file)) {
    const system = readUnikraftLinuxImage(file) ?? ({ kind: "unmarked" } as const);
    return { format: "linux-image", architecture: "aarch64", system };
  }
  throw new Problem("the file is not a unikernel", { found: describeOther(file) });
}

function recogniseElf(bytes: Bytes): Image {
  const elf = readElf(bytes);
  requireExecutable(elf);
  const architecture = architectureOf(elf);
  const system = readSolo5(elf) ?? readUnikraftElf(elf) ?? { kind: isProcess(elf) ? "process" : "unmarked" };
  return { format: elf.bits === 32 ? "elf32" : "elf64", architecture, system };
}

function requireExecutable(elf: Elf): void {
  if (elf.type === elfType.executable) return;
  if (elf.type === elfType.shared && (interpreterOf(elf) !== undefined || isPositionIndependent(elf))) return;
  throw new Problem("the file is not a unikernel", { found: typeNames[elf.type] ?? `an ELF file of type ${elf.type}` });
}

const typeNames: Readonly<Record<number, string>> = {
  [elfType.relocatable]: "an object file, not linked yet",
  [elfType.shared]: "a shared library",
  [elfType.core]: "a core dump",
};

/** Multiboot loaders accept only 32-bit files, so kernels for x86_64 are wrapped as i386. */
function architectureOf(elf: Elf): Architecture {
  if (elf.machine === elfMachine.x86_64) return "x86_64";
  if (elf.machine === elfMachine.aarch64) return "aarch64";
  if (elf.machine === elfMachine.i386 && isMultiboot(elf.bytes)) return "x86_64";
  const machine = machineNames[elf.machine] ?? `ELF machine ${elf.machine}`;
  throw new Problem("the file is for a processor that no target has", { found: `an executable for ${machine}` });
}

/** https://gabi.xinuos.com/elf/a-emachine.html */
const machineNames: Readonly<Record<number, string>> = {
  [elfMachine.i386]: "32-bit x86",
  8: "MIPS",
  20: "PowerPC",
  21: "64-bit PowerPC",
  22: "S/390",
  40: "32-bit ARM",
  43: "SPARC",
  243: "RISC-V",
  258: "LoongArch",
};

/** An executable of Linux: it names a dynamic linker, has glibc's ABI note, or is position independent. */
function isProcess(elf: Elf): boolean {
  const linker = interpreterOf(elf);
  if (linker !== undefined) return linker !== solo5Interpreter;
  return elf.type === elfType.shared || elf.notes.some(({ owner, type }) => owner === "GNU" && type === abiTag);
}

/** Solo5 names an interpreter that cannot exist, so that Linux refuses to run its images (include/elf_abi.h). */
const solo5Interpreter = "/nonexistent/solo5/";

/** NT_GNU_ABI_TAG of glibc's elf.h. */
const abiTag = 1;

/** DT_FLAGS_1 with DF_1_PIE: distinguishes a static position-independent executable from a shared library. */
const flags1 = { tag: 0x6fff_fffb, pie: 0x0800_0000 } as const;

function isPositionIndependent({ bytes, bits, segments }: Elf): boolean {
  const dynamic = segments.find(({ type }) => type === segmentType.dynamic);
  if (dynamic === undefined || bits !== 64) return false;
  for (let at = dynamic.offset; at + 16 <= dynamic.offset + dynamic.size; at += 16) {
    if (bytes.lowHalfOfU64(at, "a dynamic entry") !== flags1.tag) continue;
    return (bytes.lowHalfOfU64(at + 8, "the dynamic flags") & flags1.pie) !== 0;
  }
  return false;
}

/** https://docs.kernel.org/arch/arm64/booting.html: a header of 64 bytes with "ARM\x64" at byte 56. */
const header = { size: 64, magicAt: 56, magic: Buffer.from("ARM\x64", "latin1") } as const;

/** Whether the file is an arm64 boot Image of Linux, the format that QEMU and Firecracker load for aarch64. */
function isLinuxImage(bytes: Bytes): boolean {
  return bytes.length >= header.size && bytes.startsWith(header.magic, header.magicAt);
}

/** A file that is not an image, in the words that show a person the mistake: `a gzip file`, `text`. */
function describeOther(bytes: Bytes): string {
  if (bytes.length === 0) return "empty";
  const known = magics.find(([hex, offset]) => bytes.startsWith(Buffer.from(hex, "hex"), offset));
  if (known !== undefined) return known[2];
  const start = bytes.text(0, Math.min(512, bytes.length), "the start of the file");
  if (start === "") return "data that begins with a zero byte";
  return /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(start) && start.length === Math.min(512, bytes.length)
    ? "text"
    : "data of an unknown format";
}

const magics: readonly (readonly [hex: string, offset: number, what: string])[] = [
  ["1f8b", 0, "a gzip file"],
  ["28b52ffd", 0, "a zstd file"],
  ["fd377a585a00", 0, "an xz file"],
  ["425a68", 0, "a bzip2 file"],
  ["504b0304", 0, "a zip archive"],
  ["7573746172", 257, "a tar archive"],
  ["213c617263683e0a", 0, "a static library (ar archive)"],
  ["514649fb", 0, "a qcow2 disk image"],
  ["48647253", 0x202, "a Linux kernel for x86 (bzImage)"],
  ["4d5a", 0, "a Windows or UEFI executable"],
  ["cffaedfe", 0, "a macOS executable"],
  ["2321", 0, "a script"],
];
