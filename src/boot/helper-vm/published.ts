import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import ours from "../../../data/carriers.json" with { type: "json" };
import { replaceFolder, sha256OfFile } from "../../platform/files/atomic.js";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import type { Log } from "../../platform/log.js";
import { Unusable, type Published, publishedArchives } from "../../platform/network/published.js";
import { lastLines, succeed } from "../../platform/process/process.js";
import type { Architecture } from "../../targets/architecture.js";
import { mkdir, stat } from "node:fs/promises";
import { type PublishedArchive, addToList } from "../../platform/network/published-list.js";

/** Helper VMs that were published: by this action's own repository, and by the input `mirror`. */
export function publishedHelperVms(log: Log, mirror: string | undefined): Published {
  return publishedArchives(log, "carriers", { mirror, own: ours.carriers });
}

/**
 * Puts a published helper VM in its place.
 *
 * @returns false where there is none, or none that can be had; then a notice says why.
 * @throws Problem where it is not the one that was published: nothing of it was unpacked.
 */
export async function fetchHelperVm(
  context: Context,
  { key, folder }: HelperVmFiles,
  published: Published,
): Promise<boolean> {
  const archive = await published.find(key);
  if (archive === undefined) return false;
  return withOwnFolder(context.host.folders.temporary, "boot", async (work) => {
    const file = join(work, "carrier.tar.gz");
    try {
      const fetched = published.open(archive);
      await pipeline(fetched.bytes, createWriteStream(file));
      context.log.debug(`${archive.url}: ${await fetched.finish()}`);
      await replaceFolder(folder, (draft) => unpack(context, file, draft));
      return true;
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      context.log.notice(`the published helper VM cannot be used: ${error.message}`);
      return false;
    }
  });
}

/** @throws Unusable when it is no archive of a helper VM. */
async function unpack({ processes }: Context, file: string, folder: string): Promise<void> {
  const { exitCode, stderr } = await processes.run([
    "tar",
    "--extract",
    "--gzip",
    "--no-same-owner",
    "--file",
    file,
    "--directory",
    folder,
    ...helperVmFileNames,
  ]);
  if (exitCode !== 0) throw new Unusable(lastLines(stderr, 3).join(" "));
}

/**
 * Raised when a helper VM of an older unikernel-ci must not be used any more: other modules, another script, another
 * protocol.
 */
const format = 2;

/** The files of a helper VM. */
const helperVmFileNames = ["kernel", "initramfs"] as const;

/** Where a helper VM is kept. */
export interface HelperVmFiles {
  /** Its key in every cache. */
  readonly key: string;
  /** Absolute path of the folder that has nothing but these files. */
  readonly folder: string;
  readonly kernel: string;
  /** What is the same for each boot of it. */
  readonly initramfs: string;
}

/**
 * Where the helper VM for an architecture will be, or is.
 *
 * @param system ID and version as of os-release(5), whose packages it is made of: `ubuntu 24.04`.
 */
export function helperVmPlace(toolCache: string, system: string, architecture: Architecture): HelperVmFiles {
  const name = ["carrier", format, ...system.split(" "), architecture].join("-");
  const folder = join(toolCache, "carriers", name);
  return { key: `unikernel-ci-${name}`, folder, kernel: join(folder, "kernel"), initramfs: join(folder, "initramfs") };
}

/** The time of nothing and nobody's files: the same helper VM gives the same archive. */
const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rw,go=r"] as const;

/**
 * Packs a helper VM for others, and adds it to the list of a folder, which is then a mirror. gzip, as it is on every machine:
 * zstd would be a program to install first.
 *
 * @throws Problem when it cannot be packed.
 */
export async function publishHelperVm(
  { processes }: Context,
  helperVm: HelperVmFiles,
  folder: string,
): Promise<PublishedArchive> {
  await mkdir(folder, { recursive: true });
  const url = `${helperVm.key}.tar.gz`;
  const file = join(folder, url);
  const pack = [
    "tar",
    "--create",
    "--use-compress-program=gzip -9",
    ...plain,
    "--file",
    file,
    "--directory",
    helperVm.folder,
    ...helperVmFileNames,
  ] as const;
  succeed(await processes.run(pack), `packing ${helperVm.folder}`);
  const archive: PublishedArchive = {
    key: helperVm.key,
    url,
    sha256: await sha256OfFile(file),
    bytes: (await stat(file)).size,
  };
  await addToList("carriers", folder, archive);
  return archive;
}
