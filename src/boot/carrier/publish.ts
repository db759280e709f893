import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../platform/files/atomic.js";
import type { Context } from "../../platform/host.js";
import { type PublishedArchive, addToList } from "../../platform/network/published-list.js";
import { succeed } from "../../platform/process/process.js";
import { type CarrierFiles, carrierNames } from "./place.js";

/** The time of nothing and nobody's files: the same carrier gives the same archive. */
const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rw,go=r"] as const;

/**
 * Packs a carrier for others, and adds it to the list of a folder, which is then a mirror. gzip, as it is on every machine:
 * zstd would be a program to install first.
 *
 * @throws Problem when it cannot be packed.
 */
export async function publishCarrier(
  { processes }: Context,
  carrier: CarrierFiles,
  folder: string,
): Promise<PublishedArchive> {
  await mkdir(folder, { recursive: true });
  const url = `${carrier.key}.tar.gz`;
  const file = join(folder, url);
  const pack = [
    "tar",
    "--create",
    "--use-compress-program=gzip -9",
    ...plain,
    "--file",
    file,
    "--directory",
    carrier.folder,
    ...carrierNames,
  ] as const;
  succeed(await processes.run(pack), `packing ${carrier.folder}`);
  const archive: PublishedArchive = {
    key: carrier.key,
    url,
    sha256: await sha256OfFile(file),
    bytes: (await stat(file)).size,
  };
  await addToList("carriers", folder, archive);
  return archive;
}
