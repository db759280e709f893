import { existsSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import release from "../../../data/firecracker.json" with { type: "json" };
import type { Architecture } from "../../targets/architecture.js";
import { replaceFolder, sha256OfFile } from "../files/atomic.js";
import type { Context } from "../host.js";
import type { Log } from "../log.js";
import { downloadProgram } from "../network/download.js";
import { Problem, messageOf } from "../problem.js";
import { succeed } from "../process/process.js";

/**
 * Downloads Firecracker's release for this machine, and checks it before unpacking. A kept one was checked when it was
 * downloaded.
 *
 * @param folder the folder to keep it in.
 * @returns the absolute path of `firecracker`, alone in a folder that can be put on PATH.
 * @throws Problem when it could not be downloaded, or is not the release.
 */
export async function downloadFirecracker({ host, log, processes }: Context, folder: string): Promise<string> {
  const name = `v${release.version}-${host.architecture}`;
  const kept = join(folder, name);
  const program = join(kept, "firecracker");
  if (existsSync(program)) return program;
  await replaceFolder(kept, async (draft) => {
    const archive = join(draft, "archive.tgz");
    await downloadArchive(host.architecture, archive, log);
    const released = `firecracker-${name}`;
    const unpack = [
      "tar",
      "-xzf",
      archive,
      "-C",
      draft,
      "--strip-components=1",
      `release-${name}/${released}`,
    ] as const;
    succeed(await processes.run(unpack), `unpacking ${released}.tgz`);
    await rm(archive);
    await rename(join(draft, released), join(draft, "firecracker"));
    await chmod(join(draft, "firecracker"), 0o755);
  });
  return program;
}

async function downloadArchive(architecture: Architecture, file: string, log: Log): Promise<void> {
  const { url, sha256 } = release.archives[architecture];
  await downloadProgram(url, file, log).catch((error: unknown) => {
    throw new Problem(`Firecracker could not be downloaded: ${messageOf(error)}`, {
      do: "check that this machine can reach it, or put your own `firecracker` on PATH",
    });
  });
  const found = await sha256OfFile(file);
  // promise: firecracker-is-compared
  if (found !== sha256) {
    throw new Problem(`${url} is not the Firecracker that was released`, {
      found: `SHA-256 ${found}`,
      accepted: `SHA-256 ${sha256} (${release.source})`,
      do: "try again, and report it if the problem persists; or put your own `firecracker` on PATH",
    });
  }
}
