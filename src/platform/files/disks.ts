import { constants } from "node:fs";
import { access, chmod, stat, symlink, truncate, writeFile } from "node:fs/promises";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
// promise: disks-need-no-root
import { succeed } from "../process/process.js";

/** How a guest's disk comes to be at `path`. */
export type DiskWork = ScratchDisk | FileDisk;

/** An empty disk, without blocks until the guest writes them. */
export interface ScratchDisk {
  readonly kind: "scratch";
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** The user's own file, at its own path, by a link, or as a copy of it. */
export interface FileDisk {
  readonly kind: "use" | "link" | "copy";
  readonly path: string;
  readonly source: string;
  /** It is extended to this, in bytes. */
  readonly size: number | undefined;
}

const sectorSize = 512;

/**
 * Makes a disk that a guest may write to.
 *
 * @throws Problem for a file of the user's that cannot be one.
 */
export async function makeDisk(context: Context, work: DiskWork): Promise<void> {
  if (work.kind === "scratch") {
    await writeFile(work.path, "", { flag: "wx" });
    await truncate(work.path, work.size);
    return;
  }
  const length = await lengthOf(work);
  if (work.kind === "copy") {
    // Shares the blocks where the file system can, and keeps the holes.
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
      do: "check the path in the input block; with `, size=4MiB` an empty one is made",
    });
  }
  if (!found.isFile()) throw new Problem(`the disk ${source} is not a file`);
  if (size === undefined && (found.size === 0 || found.size % sectorSize !== 0)) {
    throw new Problem(`the disk ${source} has ${found.size} bytes, and a disk is made of sectors of ${sectorSize}`, {
      do: `extend it, or let it be extended: \`, size=${Math.max(1, Math.ceil(found.size / 1024))}KiB\``,
    });
  }
  const isUsable = await access(source, kind === "copy" ? constants.R_OK : constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isUsable) {
    throw new Problem(`the disk ${source} may not be ${kind === "copy" ? "read" : "written"} by this user`, {
      ...(kind === "copy" ? {} : { do: "add `, ro`: the guest then writes to a copy of it" }),
    });
  }
  // It is not shortened: with a smaller size than it has, its own counts.
  if (size !== undefined && found.size > size && found.size % sectorSize !== 0) {
    throw new Problem(
      `the disk ${source} has ${found.size} bytes, more than the size asked for, and not a multiple of ${sectorSize}`,
    );
  }
  return found.size;
}
