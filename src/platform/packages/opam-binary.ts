import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import binaries from "../../../data/opam.json" with { type: "json" };
import type { Architecture } from "../../targets/architecture.js";
import type { Log } from "../log.js";
import { downloadProgram } from "../network/download.js";
import { Problem } from "../problem.js";

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
  await mkdir(folder, { recursive: true });
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
