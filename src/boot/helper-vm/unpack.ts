import { readFile, writeFile } from "node:fs/promises";
import type { Context } from "../../platform/host.js";
import { ensureSystemPackages } from "../../platform/packages/apt.js";
import { Problem } from "../../platform/problem.js";
import { succeed } from "../../platform/process/process.js";

interface Compression {
  /** The end of a file's name, which the program removes. */
  readonly suffix: string;
  readonly command: readonly [string, ...string[]];
  readonly debianPackage: string;
}

const compressions: readonly Compression[] = [
  { suffix: ".gz", command: ["gzip", "--decompress"], debianPackage: "gzip" },
  { suffix: ".xz", command: ["xz", "--decompress"], debianPackage: "xz-utils" },
  { suffix: ".zst", command: ["zstd", "--decompress", "--rm", "--quiet"], debianPackage: "zstd" },
];

export interface UnpackOptions {
  readonly install: boolean;
}

/** The content of a distribution's file, decompressed in place if its name says so. */
export async function readUnpacked(context: Context, path: string, options: UnpackOptions): Promise<Buffer> {
  const compression = compressions.find(({ suffix }) => path.endsWith(suffix));
  if (compression === undefined) return readFile(path);
  await ensureSystemPackages(context, [compression.debianPackage], options);
  succeed(await context.processes.run([...compression.command, path]), `decompressing ${path}`);
  return readFile(path.slice(0, -compression.suffix.length));
}

/**
 * A kernel that every QEMU can load. Kernels for arm64 cannot decompress themselves: distributions compress them as a
 * whole, or wrap them in a small EFI program.
 *
 * @param path of the file; the decompressed kernel is written next to it.
 */
export async function readKernel(context: Context, path: string, options: UnpackOptions): Promise<Buffer> {
  const kernel = await readFile(path);
  const packed = payloadOf(kernel);
  if (packed === undefined) return kernel;
  const name = `${path}.unpacked${packed.suffix}`;
  await writeFile(name, packed.content);
  return readUnpacked(context, name, options);
}

/**
 * The compressed kernel in a file: all of it, or the payload of an EFI zboot image
 * (https://github.com/torvalds/linux/blob/master/drivers/firmware/efi/libstub/zboot-header.S).
 *
 * @returns undefined for a kernel that is not compressed, or that decompresses itself.
 */
export function payloadOf(kernel: Buffer): { readonly suffix: string; readonly content: Uint8Array } | undefined {
  if (kernel.readUInt16BE(0) === 0x1f8b) return { suffix: ".gz", content: kernel };
  if (kernel.toString("latin1", 0, 8) !== "MZ\0\0zimg") return undefined;
  const word = kernel.toString("latin1", 24, 32).split("\0")[0] ?? "";
  const suffix = { gzip: ".gz", xzkern: ".xz", zstd22: ".zst", zstd: ".zst" }[word];
  if (suffix === undefined) throw new Problem(`the kernel is compressed with ${word}, which is not supported`);
  const start = kernel.readUInt32LE(8);
  return { suffix, content: kernel.subarray(start, start + kernel.readUInt32LE(12)) };
}
