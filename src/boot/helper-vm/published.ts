import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import ours from "../../../data/carriers.json" with { type: "json" };
import { replaceFolder } from "../../platform/files/atomic.js";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import type { Log } from "../../platform/log.js";
import { Unusable } from "../../platform/network/published-archive.js";
import { type Published, publishedArchives } from "../../platform/network/published.js";
import { lastLines } from "../../platform/process/process.js";
import { type HelperVmFiles, helperVmFileNames } from "./place.js";

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
