import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type CopiedFile, type GeneratedFile, sumsName, writeWithChecksums } from "../artifact/checksums.js";
import { sha256OfFile } from "../platform/files/atomic.js";
import { ifRemoved } from "../platform/files/removed.js";
import type { LocalAsset } from "../platform/github/release-service.js";
import { type NamedImage, debugName } from "./images.js";

const contentTypes = {
  json: "application/json",
  text: "text/plain; charset=utf-8",
  binary: "application/octet-stream",
} as const;

/**
 * Copies and writes the files of a release into a folder, under their names in the release.
 *
 * @returns all files; the last is SHA256SUMS, which lists the others.
 */
export async function stage(
  folder: string,
  images: readonly NamedImage[],
  generated: readonly GeneratedFile[],
): Promise<readonly LocalAsset[]> {
  const copied = images.flatMap((released) => {
    const { artifact, image, name } = released;
    const checked = (file: string, as: string): CopiedFile => {
      const sha256 = artifact.checksums.find((one) => one.name === file)?.sha256;
      return { from: join(artifact.path, file), name: as, ...(sha256 === undefined ? {} : { sha256 }) };
    };
    const debug = image.debugFile === null ? [] : [checked(image.debugFile, debugName(released))];
    return [checked(image.file, name), ...debug];
  });
  const names = await writeWithChecksums(folder, copied, generated);
  return Promise.all(names.map((name) => assetAt(folder, name)));
}

async function assetAt(folder: string, name: string): Promise<LocalAsset> {
  const path = join(folder, name);
  const kind = name.endsWith(".json") ? "json" : name === sumsName ? "text" : "binary";
  return {
    path,
    name,
    contentType: contentTypes[kind],
    bytes: (await stat(path).catch(ifRemoved(path))).size,
    sha256: await sha256OfFile(path).catch(ifRemoved(path)),
  };
}
