import type { Bytes } from "./bytes.js";

/** https://docs.kernel.org/arch/arm64/booting.html: a header of 64 bytes with "ARM\x64" at byte 56. */
const header = { size: 64, magicAt: 56, magic: Buffer.from("ARM\x64", "latin1") } as const;

/** Whether the file is an arm64 boot Image of Linux, which is what QEMU and Firecracker load for aarch64. */
export function isLinuxImage(bytes: Bytes): boolean {
  return bytes.length >= header.size && bytes.startsWith(header.magic, header.magicAt);
}
