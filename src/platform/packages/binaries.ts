import { existsSync } from "node:fs";
import { chmod, rename, rm, readFile } from "node:fs/promises";
import { join } from "node:path";
import release from "../../../data/firecracker.json" with { type: "json" };
import type { Architecture } from "../../targets/architecture.js";
import { replaceFolder, sha256OfFile } from "../files/atomic.js";
import type { Context } from "../host.js";
import type { Log } from "../log.js";
import { downloadProgram } from "../network/download.js";
import { Problem, messageOf } from "../problem.js";
import { succeed } from "../process/process.js";
import { createHash } from "node:crypto";
import { makeFolder } from "../files/make-folder.js";
import binaries from "../../../data/opam.json" with { type: "json" };

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

/** The release that {@link downloadOpam} downloads. */
export const opamRelease = binaries.version;

/**
 * Downloads opam's release binary, and checks it against the checksum in opam's install script.
 *
 * @param folder the folder to keep it in.
 * @returns its absolute path.
 * @throws DownloadFailed, and Problem when the download is not the release.
 */
export async function downloadOpam(architecture: Architecture, folder: string, log: Log): Promise<string> {
  const { url, sha512 } = binaries.binaries[architecture];
  const file = join(folder, `opam-${binaries.version}-${architecture}`);
  if ((await sha512Of(file)) === sha512) return file;
  await makeFolder(folder);
  const draft = `${file}.${process.pid}`;
  await rm(draft, { force: true });
  await downloadProgram(url, draft, log);
  const found = await sha512Of(draft);
  if (found !== sha512) {
    await rm(draft);
    throw new Problem(`${url} is not the opam that was released`, {
      found: `SHA-512 ${found ?? ""}`,
      accepted: `SHA-512 ${sha512} (${binaries.source})`,
      do: "try again, and report it if the problem persists; or install opam 2.1 or newer yourself",
    });
  }
  await chmod(draft, 0o755);
  await rename(draft, file);
  return file;
}

async function sha512Of(file: string): Promise<string | undefined> {
  const content = await readFile(file).catch(() => undefined);
  return content === undefined ? undefined : createHash("sha512").update(content).digest("hex");
}
