import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFolder, sha256OfFile } from "../platform/files/atomic.js";
import { checksumFile, sumsName } from "./checksums.js";

export interface CopiedFile {
  /** Absolute. */
  readonly from: string;
  readonly name: string;
}

export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
}

/**
 * Writes a folder with these files in the place of the former one, and their SHA256SUMS.
 *
 * @returns the names of all files, SHA256SUMS last.
 */
export async function writeWithChecksums(
  folder: string,
  copied: readonly CopiedFile[],
  generated: readonly GeneratedFile[],
): Promise<readonly string[]> {
  const names = [...copied, ...generated].map(({ name }) => name);
  await replaceFolder(folder, async (draft) => {
    for (const { from, name } of copied) await copyFile(from, join(draft, name));
    for (const { name, content } of generated) await writeFile(join(draft, name), content);
    const checksums = await Promise.all(
      names.map(async (name) => ({ name, sha256: await sha256OfFile(join(draft, name)) })),
    );
    await writeFile(join(draft, sumsName), checksumFile(checksums));
  });
  return [...names, sumsName];
}
