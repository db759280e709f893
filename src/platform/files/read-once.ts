import { createHash } from "node:crypto";
import { closeSync, fstatSync, read as readBytes } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { Problem } from "../problem.js";
import { openInside } from "./inside.js";

/** One pass over a file. */
export interface ReadOnce {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** The last bytes of the file, as many as the caller keeps. */
  readonly end: Buffer;
}

export interface ReadLimits {
  /** A file with more bytes is an error. */
  readonly mostBytes: number;
  /** How many of the last bytes to return; none by default. */
  readonly keptBytes?: number;
  /** Absolute path of a copy to make; no file may be there. */
  readonly copyTo?: string;
}

const chunkBytes = 256 * 1024;

/**
 * Reads a file of a folder that others fill, in one pass and without waiting for a pipe or a device.
 *
 * @param path relative to the folder.
 * @throws Problem as {@link openInside}, and for a file with too many bytes; system errors.
 */
export async function readOnce(folder: string, path: string, limits: ReadLimits): Promise<ReadOnce> {
  const { copyTo } = limits;
  const file = openInside(folder, path);
  try {
    const copy = copyTo === undefined ? undefined : await open(copyTo, "wx");
    try {
      return await readAll(file, `${folder}/${path}`, limits, copy);
    } finally {
      await copy?.close();
    }
  } finally {
    closeSync(file);
  }
}

const read = promisify(readBytes);

async function readAll(
  file: number,
  shown: string,
  { mostBytes, keptBytes = 0 }: ReadLimits,
  copy: FileHandle | undefined,
): Promise<ReadOnce> {
  const hash = createHash("sha256");
  const { size } = fstatSync(file);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  let kept: Buffer[] = [];
  for (;;) {
    // It can grow while it is read.
    if (/* promise: files-have-a-limit */ Math.max(size, bytes) > mostBytes)
      throw new Problem(`${shown} has more than ${mostBytes} bytes`);
    const { bytesRead } = await read(file, buffer, 0, chunkBytes, bytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    bytes += bytesRead;
    hash.update(chunk);
    await copy?.writeFile(chunk);
    if (keptBytes > 0) {
      kept.push(Buffer.from(chunk));
      if (kept.length > 2 + keptBytes / chunkBytes) kept = [lastOf(Buffer.concat(kept), keptBytes)];
    }
  }
  return { bytes, sha256: hash.digest("hex"), end: lastOf(Buffer.concat(kept), keptBytes) };
}

function lastOf(bytes: Buffer, number: number): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - number));
}
