import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../platform/files/atomic.js";
import type { Context } from "../../platform/host.js";
import { type PublishedArchive, addToList } from "../../platform/network/published-list.js";
import { succeed } from "../../platform/process/process.js";
import { type HelperVmFiles, helperVmFileNames } from "./place.js";

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
