import { Problem } from "../platform/problem.js";
import type { Architecture } from "../target/architecture.js";
import type { Bytes } from "./bytes.js";
import { type Elf, elfMachine, elfType, interpreterOf, readElf, segmentType } from "./elf.js";
import type { Image } from "./image.js";
import { readSolo5 } from "./solo5.js";
import { isMultiboot, readUnikraftElf } from "./unikraft.js";

/**
 * What an ELF file is.
 *
 * @throws MalformedFile (bytes.ts)
 * @throws Problem for an ELF file that is no target's image.
 */
export function recogniseElf(bytes: Bytes): Image {
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

/**
 * Multiboot loaders take 32-bit files only, so kernels for x86_64 are wrapped as i386.
 */
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

/** Solo5 names an interpreter that cannot exist, so that a host does not run its images (include/elf_abi.h). */
const solo5Interpreter = "/nonexistent/solo5/";

/** An executable of Linux: it names a dynamic linker, carries glibc's ABI note, or is position independent. */
function isProcess(elf: Elf): boolean {
  const linker = interpreterOf(elf);
  if (linker !== undefined) return linker !== solo5Interpreter;
  return elf.type === elfType.shared || elf.notes.some(({ owner, type }) => owner === "GNU" && type === abiTag);
}

/** NT_GNU_ABI_TAG of glibc's elf.h. */
const abiTag = 1;

/** DT_FLAGS_1 with DF_1_PIE: what tells a static position-independent executable from a shared library. */
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
