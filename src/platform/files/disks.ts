import { constants } from "node:fs";
import { access, chmod, stat, symlink, truncate, writeFile } from "node:fs/promises";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
// promise: disks-need-no-root
import { succeed } from "../process/process.js";

/** How to provide a guest's disk at `path`. */
export type DiskWork = ScratchDisk | FileDisk;

/** An empty disk. It takes no space until the guest writes to it. */
export interface ScratchDisk {
  readonly kind: "scratch";
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** A file of the user: used at its own path, linked to, or copied. */
export interface FileDisk {
  readonly kind: "use" | "link" | "copy";
  readonly path: string;
  readonly source: string;
  /** A smaller file is extended to this size, in bytes. */
  readonly size: number | undefined;
}

const sectorSize = 512;

/**
 * Provides a writable disk for a guest.
 *
 * @throws Problem for a file of the user that cannot be a disk.
 */
export async function makeDisk(context: Context, work: DiskWork): Promise<void> {
  if (work.kind === "scratch") {
    await writeFile(work.path, "", { flag: "wx" });
    await truncate(work.path, work.size);
    return;
  }
  const length = await lengthOf(work);
  if (work.kind === "copy") {
    // Shares blocks where the file system can, and keeps holes.
    const outcome = await context.processes.run(["cp", "--reflink=auto", "--", work.source, work.path]);
    succeed(outcome, `copying the disk ${work.source}`);
    await chmod(work.path, 0o600);
  }
  if (work.kind === "link") await symlink(work.source, work.path);
  if (work.size !== undefined && work.size > length) await truncate(work.path, work.size);
}

async function lengthOf({ kind, source, size }: FileDisk): Promise<number> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && size !== undefined && kind !== "copy") {
    await writeFile(source, "", { flag: "wx" });
    return 0;
  }
  if (found === undefined) {
    throw new Problem(`the disk ${source} does not exist`, {
      do: "check the path in the input `block`, or add `, size=4MiB` to make an empty disk",
    });
  }
  if (!found.isFile()) throw new Problem(`the disk ${source} is not a file`);
  if (size === undefined && (found.size === 0 || found.size % sectorSize !== 0)) {
    throw new Problem(`the size of the disk ${source}, ${found.size} bytes, is not a multiple of ${sectorSize}`, {
      do: `extend it, or add \`, size=${Math.max(1, Math.ceil(found.size / 1024))}KiB\``,
    });
  }
  const isUsable = await access(source, kind === "copy" ? constants.R_OK : constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isUsable) {
    throw new Problem(`this user cannot ${kind === "copy" ? "read" : "write to"} the disk ${source}`, {
      ...(kind === "copy" ? {} : { do: "add `, ro`: the guest then writes to a copy" }),
    });
  }
  // A larger file is not shortened, so its own size must be valid.
  if (size !== undefined && found.size > size && found.size % sectorSize !== 0) {
    throw new Problem(
      `the disk ${source} has ${found.size} bytes: more than the size asked for, and not a multiple of ${sectorSize}`,
    );
  }
  return found.size;
}
