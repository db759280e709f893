import { lstat, readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { sha256OfFile } from "../platform/files/atomic.js";
import { Problem, messageOf } from "../platform/problem.js";
import { parseBuildInfo } from "./build-info.js";
import { type Checksum, parseChecksums, sumsName } from "./checksums.js";
import type { BuildInfo, ImageRecord } from "./schema.js";

/** A downloaded artifact of `publish`. */
export interface Artifact {
  /** The name of its folder. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly info: BuildInfo;
  /** One for each file in its SHA256SUMS; other files in the folder are ignored. */
  readonly checksums: readonly Checksum[];
}

/** An image, and the artifact that contains it. */
export interface ArtifactImage {
  readonly artifact: Artifact;
  readonly image: ImageRecord;
}

/** All images of these artifacts, in order. */
export function imagesIn<Found extends Artifact>(
  artifacts: readonly Found[],
): readonly (ArtifactImage & { readonly artifact: Found })[] {
  return artifacts.flatMap((artifact) => artifact.info.images.map((image) => ({ artifact, image })));
}

const infoFile = "build-info.json";

/** Whether a folder looks like an artifact of `publish`: it has a build-info.json, which is not read. */
export const isArtifact = (folder: string): Promise<boolean> => isThere(join(folder, infoFile));

/**
 * The names of a folder's subfolders, sorted: artifacts of `publish`, and others.
 *
 * @param folder absolute.
 * @throws Problem when the folder cannot be read.
 */
export async function artifactsIn(
  folder: string,
): Promise<{ readonly artifacts: readonly string[]; readonly others: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new Problem(`input folder: ${folder} cannot be read`, { because: messageOf(error) }, { cause: error });
  });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const are = await Promise.all(names.map((name) => isArtifact(join(folder, name))));
  return { artifacts: names.filter((_, index) => are[index]), others: names.filter((_, index) => !are[index]) };
}

/**
 * Reads an artifact, and checks every file against its SHA256SUMS.
 *
 * @param path absolute.
 * @throws Problem when the artifact differs from what `publish` wrote.
 */
export async function readArtifact(path: string): Promise<Artifact> {
  const name = basename(path);
  const damaged = (because: string, error?: unknown) =>
    new Problem(
      `the artifact ${name} has changed since \`publish\` wrote it`,
      { because, do: "download it again, or run its job again" },
      { cause: error },
    );
  const sums = await readFile(join(path, sumsName), "utf8").catch((error: unknown) => {
    throw damaged(messageOf(error), error);
  });
  const checksums = parseChecksums(sums);
  if (checksums === undefined) throw damaged(`${sumsName} has a line that is not a checksum`);
  for (const checksum of checksums) {
    const wrong = await mismatch(path, checksum);
    if (wrong !== undefined) throw damaged(wrong);
  }
  const sumOf = new Map(checksums.map((checksum) => [checksum.name, checksum.sha256]));
  if (!sumOf.has(infoFile)) throw damaged(`${infoFile} is not in ${sumsName}`);
  const info = parseBuildInfo(await readFile(join(path, infoFile), "utf8"), `${name}/${infoFile}`);
  for (const { file, sha256, debugFile } of info.images) {
    if (sumOf.get(file) !== sha256) throw damaged(`${infoFile} and ${sumsName} have different hashes for ${file}`);
    if (debugFile !== null && !sumOf.has(debugFile)) throw damaged(`${debugFile} is not in ${sumsName}`);
  }
  return { name, path, info, checksums };
}

async function mismatch(folder: string, { name, sha256 }: Checksum): Promise<string | undefined> {
  // promise: checksums-stay-in-their-folder
  if (basename(name) !== name) return `${sumsName} names a file in another folder: ${name}`;
  const path = join(folder, name);
  if (!(await isThere(path))) return `${name} is missing`;
  const found = await sha256OfFile(path);
  return /* promise: artifact-bytes-are-compared */ found === sha256
    ? undefined
    : `the SHA-256 of ${name} is ${found}, but ${sumsName} has ${sha256}`;
}

async function isThere(path: string): Promise<boolean> {
  // Links do not count: one could lead to any file on this machine.
  return lstat(path).then(
    (found) => /* promise: artifact-files-are-no-links */ found.isFile(),
    () => false,
  );
}
