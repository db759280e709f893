import { existsSync } from "node:fs";
import { chmod, rename, rm, readFile } from "node:fs/promises";
import { join } from "node:path";
import release from "../../../data/firecracker.json" with { type: "json" };
import type { Architecture } from "../../targets/architecture.js";
import { replaceFolder, sha256OfFile } from "../files/atomic.js";
import { withOwnFolder } from "../files/own-folder.js";
import type { Context } from "../host.js";
import type { Log } from "../log.js";
import { downloadProgram } from "../network/download.js";
import { Problem, messageOf } from "../problem.js";
import { succeed } from "../process/process.js";
import { createHash } from "node:crypto";
import { makeFolder } from "../files/make-folder.js";
import binaries from "../../../data/opam.json" with { type: "json" };

/**
 * Downloads Firecracker's release for this machine, and checks it before unpacking. A kept one is compared with its
 * archive, which is kept and checked, too: others can write to the folder.
 *
 * @param folder the folder to keep it in.
 * @returns the absolute path of `firecracker`, alone in a folder that can be put on PATH.
 * @throws Problem when it could not be downloaded, or is not the release.
 */
export async function downloadFirecracker(context: Context, folder: string): Promise<string> {
  const { architecture, folders } = context.host;
  const kept = join(folder, `v${release.version}-${architecture}`);
  const program = join(kept, "bin/firecracker");
  const isReleased = async () => {
    const archive = join(kept, archiveName);
    if ((await hashIfThere(archive)) !== release.archives[architecture].sha256) return false;
    return withOwnFolder(folders.temporary, "boot", async (own) => {
      await unpackFirecracker(context, archive, own);
      return (await sha256OfFile(join(own, "bin/firecracker"))) === (await hashIfThere(program));
    });
  };
  if (/* promise: kept-firecracker-is-compared */ existsSync(program) && (await isReleased())) return program;
  await replaceFolder(kept, async (draft) => {
    const archive = join(draft, archiveName);
    await downloadArchive(architecture, archive, context.log);
    await unpackFirecracker(context, archive, draft);
  });
  return program;
}

const archiveName = "archive.tgz";

const hashIfThere = (file: string) => sha256OfFile(file).catch(() => undefined);

async function unpackFirecracker({ host, processes }: Context, archive: string, folder: string): Promise<void> {
  const name = `v${release.version}-${host.architecture}`;
  const released = `firecracker-${name}`;
  const bin = join(folder, "bin");
  await makeFolder(bin);
  const member = ["--strip-components=1", `release-${name}/${released}`] as const;
  succeed(await processes.run(["tar", "-xzf", archive, "-C", bin, ...member]), `unpacking ${released}.tgz`);
  await rename(join(bin, released), join(bin, "firecracker"));
  await chmod(join(bin, "firecracker"), 0o755);
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
  const kept = await downloadedOpam(architecture, folder);
  if (kept !== undefined) return kept;
  const file = opamIn(folder, architecture);
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

/** The binary of {@link downloadOpam}, if it was downloaded before. */
export async function downloadedOpam(architecture: Architecture, folder: string): Promise<string | undefined> {
  const file = opamIn(folder, architecture);
  return (await sha512Of(file)) === binaries.binaries[architecture].sha512 ? file : undefined;
}

const opamIn = (folder: string, architecture: Architecture) => join(folder, `opam-${binaries.version}-${architecture}`);

async function sha512Of(file: string): Promise<string | undefined> {
  const content = await readFile(file).catch(() => undefined);
  return content === undefined ? undefined : createHash("sha512").update(content).digest("hex");
}
