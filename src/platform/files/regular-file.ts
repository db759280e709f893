import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hasCode } from "../problem.js";

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
 * Reads a file that somebody else wrote: opens it once, follows no link at its path, and waits for no pipe or device.
 *
 * @throws Error whose message is a phrase about the file, such as `is a link`; an error of the system otherwise.
 */
export async function readOnce(path: string, limits: ReadLimits): Promise<ReadOnce> {
  const handle = await openRegular(path);
  try {
    const { copyTo } = limits;
    const copy = copyTo === undefined ? undefined : await open(copyTo, "wx");
    try {
      return await readAll(handle, limits, copy);
    } finally {
      await copy?.close();
    }
  } finally {
    await handle.close();
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  const flags =
    constants.O_RDONLY |
    /* promise: artifact-files-are-no-links */ constants.O_NOFOLLOW |
    /* promise: artifact-files-are-not-waited-for */ constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    if (hasCode(error, "ELOOP")) throw new Error("is a link", { cause: error });
    if (hasCode(error, "ENXIO")) throw new Error(notRegular, { cause: error });
    throw error;
  });
  const isRegular = await handle.stat().then((stats) => stats.isFile());
  // promise: artifact-files-are-regular
  if (!isRegular) {
    await handle.close();
    throw new Error(notRegular);
  }
  return handle;
}

const notRegular = "is not a regular file";

async function readAll(
  handle: FileHandle,
  { mostBytes, keptBytes = 0 }: ReadLimits,
  copy: FileHandle | undefined,
): Promise<ReadOnce> {
  const hash = createHash("sha256");
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  let kept: Buffer[] = [];
  for (;;) {
    // It can grow while it is read.
    if (/* promise: artifact-files-have-a-limit */ Math.max(size, bytes) > mostBytes)
      throw new Error(`has more than ${mostBytes} bytes`);
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, bytes);
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
