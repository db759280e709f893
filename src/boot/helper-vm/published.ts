import { createWriteStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "../../platform/files/make-folder.js";
import ours from "../../../data/carriers.json" with { type: "json" };
import { replaceFolder, sha256OfFile } from "../../platform/files/atomic.js";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import type { Log } from "../../platform/log.js";
import { type PublishedArchive, addToList } from "../../platform/network/published-list.js";
import { type Published, Unusable, publishedArchives } from "../../platform/network/published.js";
import { lastLines, succeed } from "../../platform/process/process.js";
import type { Architecture } from "../../targets/architecture.js";

/** Raised when older helper VMs must no longer be used: other modules, another script, another protocol. */
const format = 2;

/** The helper VM that runs Linux on an architecture, or `xen-x86_64`: Xen, whose control domain is Linux. */
export type HelperVmKind = Architecture | "xen-x86_64";

export interface HelperVmFiles {
  readonly key: string;
  /** Absolute path of a folder with nothing but these files. */
  readonly folder: string;
  readonly kernel: string;
  /** The part that all boots share. */
  readonly initramfs: string;
  /** Of Xen alone: the hypervisor, which starts the kernel. */
  readonly hypervisor?: string;
}

const filesOf = ({ kernel, initramfs, hypervisor }: HelperVmFiles) =>
  [kernel, initramfs, hypervisor].filter((path) => path !== undefined);
const fileNamesOf = (place: HelperVmFiles) => filesOf(place).map((path) => basename(path));

/** Whether a folder has all of its files. */
export const isWhole = (place: HelperVmFiles): boolean => filesOf(place).every((path) => existsSync(path));

/** The size of all of its files, in bytes. */
export async function sizeOf(place: HelperVmFiles): Promise<number> {
  const sizes = await Promise.all(filesOf(place).map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** @param system ID and version of os-release(5), whose packages it is made from: `ubuntu 24.04`. */
export function helperVmPlace(toolCache: string, system: string, kind: HelperVmKind): HelperVmFiles {
  const name = ["carrier", format, ...system.split(" "), kind].join("-");
  const folder = join(toolCache, "carriers", name);
  return {
    key: `unikernel-ci-${name}`,
    folder,
    kernel: join(folder, "kernel"),
    initramfs: join(folder, "initramfs"),
    ...(kind === "xen-x86_64" ? { hypervisor: join(folder, "hypervisor") } : {}),
  };
}

/** Helper VMs published by this action's own repository and by the input `mirror`. */
export function publishedHelperVms(log: Log, mirror: string | undefined): Published {
  return publishedArchives(log, "carriers", { mirror, own: ours.carriers });
}

/**
 * Puts a published helper VM in its place.
 *
 * @returns false when none is published, or the published one is unusable, which a notice explains.
 * @throws Problem when its SHA-256 is wrong: nothing of it was unpacked.
 */
export async function fetchHelperVm(context: Context, place: HelperVmFiles, published: Published): Promise<boolean> {
  const { key, folder } = place;
  const archive = await published.find(key);
  if (archive === undefined) return false;
  return withOwnFolder(context.host.folders.temporary, "boot", async (work) => {
    const file = join(work, "carrier.tar.gz");
    try {
      const fetched = published.open(archive);
      await pipeline(fetched.bytes, createWriteStream(file));
      context.log.debug(`${archive.url}: ${await fetched.finish()}`);
      await replaceFolder(folder, (draft) => unpack(context, file, draft, fileNamesOf(place)));
      return true;
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      context.log.notice(`the published helper VM cannot be used: ${error.message}`);
      return false;
    }
  });
}

/** @throws Unusable when the file is not an archive of a helper VM. */
async function unpack({ processes }: Context, file: string, folder: string, names: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await processes.run([
    "tar",
    "--extract",
    "--gzip",
    "--no-same-owner",
    "--file",
    file,
    "--directory",
    folder,
    ...names,
  ]);
  if (exitCode !== 0) throw new Unusable(lastLines(stderr, 3).join(" "));
}

/** Without times and owners, the same helper VM gives the same archive. */
const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rw,go=r"] as const;

/**
 * Packs a helper VM by gzip, which every machine has, and adds it to the list of a folder, which is then a mirror.
 *
 * @throws Problem when it cannot be packed.
 */
export async function publishHelperVm(
  { processes }: Context,
  helperVm: HelperVmFiles,
  folder: string,
): Promise<PublishedArchive> {
  await makeFolder(folder);
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
    ...fileNamesOf(helperVm),
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
