import { lstat, readdir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ReadOnce, readOnce } from "../platform/files/read-once.js";
import { Problem, isMissing, messageOf, WrongUse } from "../platform/problem.js";
import { infoFile } from "./artifact-name.js";
import { parseBuildInfo } from "./build-info.js";
import { type Checksum, parseChecksums, sumsName } from "./checksums.js";
import type { BuildInfo, ImageRecord } from "./schema.js";

/** A downloaded artifact of `publish`. */
export interface Artifact {
  readonly name: string;
  /** Absolute path of its folder. */
  readonly path: string;
  readonly info: BuildInfo;
  /** One for each file in its SHA256SUMS; other files in the folder are ignored. */
  readonly checksums: readonly Checksum[];
  /** The end of each console of its boots, by the console's file name. */
  readonly consoleEnds: ReadonlyMap<string, string>;
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

/** The artifacts in a folder. */
export interface FoundArtifacts {
  /** In the order of their names. */
  readonly artifacts: readonly Artifact[];
  /** Names of artifacts that are not among the wanted ones. Unless it is the only artifact, such a one is not read. */
  readonly unwanted: readonly string[];
  /** Names of subfolders that are not artifacts of `publish`. */
  readonly others: readonly string[];
}

/**
 * Reads the artifacts that actions/download-artifact left in a folder. It makes a subfolder of its name for each of
 * several artifacts, but extracts a single one into the folder itself, even when a pattern selects it:
 * https://github.com/actions/download-artifact/blob/v8.0.1/src/download-artifact.ts#L183
 *
 * @param folder absolute.
 * @param wanted names; empty: all.
 * @throws Problem when the folder cannot be read, or an artifact changed since `publish` wrote it.
 */
export async function artifactsIn(folder: string, wanted: readonly string[] = []): Promise<FoundArtifacts> {
  const unreadable = (error: unknown) => {
    throw new WrongUse(`input folder: ${folder} cannot be read`, { because: messageOf(error) }, { cause: error });
  };
  // The input can be a link. Links below it are not followed.
  const real = await realpath(folder).catch(unreadable);
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  if (await isArtifact(real)) {
    const read = await readArtifact(real);
    const [only, ...more] = wanted;
    // Artifacts of older versions do not record their name.
    const name = read.info.artifact ?? (only !== undefined && more.length === 0 ? only : read.name);
    if (!isWanted(name)) return { artifacts: [], unwanted: [name], others: [] };
    return { artifacts: [{ ...read, name }], unwanted: [], others: [] };
  }
  const entries = await readdir(real, { withFileTypes: true }).catch(unreadable);
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const are = await Promise.all(names.map((name) => isArtifact(join(real, name))));
  const found = names.filter((_, index) => are[index]);
  const artifacts: Artifact[] = [];
  for (const name of found.filter(isWanted)) artifacts.push(await readArtifact(join(real, name)));
  return {
    artifacts,
    unwanted: found.filter((name) => !isWanted(name)),
    others: names.filter((_, index) => !are[index]),
  };
}

/** Whether a folder looks like an artifact of `publish`: it has a build-info.json, which is not read. */
const isArtifact = (folder: string): Promise<boolean> =>
  lstat(join(folder, infoFile)).then(
    () => true,
    () => false,
  );

const MiB = 1024 * 1024;
const mostOfSums = MiB;
const mostOfInfo = 16 * MiB;
/** A release takes no larger file: https://docs.github.com/en/repositories/releasing-projects-on-github/about-releases */
const mostOfFile = 2048 * MiB;
/** As much as a JUnit file shows of a console. */
const keptOfConsole = 64 * 1024;

/**
 * Reads an artifact, and checks every file against its SHA256SUMS. Opens each file once.
 *
 * @param path absolute.
 * @throws Problem when the artifact differs from what `publish` wrote.
 */
export async function readArtifact(path: string): Promise<Artifact> {
  const name = basename(path);
  const damaged = (because: string, cause?: unknown) =>
    new Problem(
      `the artifact ${name} has changed since \`publish\` wrote it`,
      { because, do: "download it again, or run its job again" },
      { cause },
    );
  const read = async (file: string, mostBytes: number, keptBytes = 0): Promise<ReadOnce> =>
    readOnce(path, file, { mostBytes, keptBytes }).catch((error: unknown) => {
      throw damaged(isMissing(error) ? `${file} is missing` : messageOf(error), error);
    });
  const sums = await read(sumsName, mostOfSums, mostOfSums);
  const checksums = parseChecksums(sums.end.toString());
  if (checksums === undefined) throw damaged(`${sumsName} has a line that is not a checksum`);
  const sumOf = new Map(checksums.map((checksum) => [checksum.name, checksum.sha256]));
  // promise: checksums-name-a-file-once
  if (sumOf.size < checksums.length) throw damaged(`${sumsName} names a file twice`);
  const outside = checksums.find((one) => basename(one.name) !== one.name);
  // promise: checksums-stay-in-their-folder
  if (outside !== undefined) throw damaged(`${sumsName} names a file in another folder: ${outside.name}`);
  const checked = async (file: string, mostBytes: number, keptBytes = 0): Promise<ReadOnce> => {
    const found = await read(file, mostBytes, keptBytes);
    const expected = sumOf.get(file) ?? "";
    if (/* promise: artifact-bytes-are-compared */ found.sha256 === expected) return found;
    throw damaged(`the SHA-256 of ${file} is ${found.sha256}, but ${sumsName} has ${expected}`);
  };
  if (!sumOf.has(infoFile)) throw damaged(`${infoFile} is not in ${sumsName}`);
  const info = parseBuildInfo((await checked(infoFile, mostOfInfo, mostOfInfo)).end.toString(), `${name}/${infoFile}`);
  const consoles = new Set(info.images.flatMap(({ boots }) => boots.map((boot) => boot.console)));
  const consoleEnds = new Map<string, string>();
  const sizes = new Map<string, number>();
  for (const { name: file } of checksums.filter((one) => one.name !== infoFile)) {
    const { bytes, end } = await checked(file, mostOfFile, consoles.has(file) ? keptOfConsole : 0);
    sizes.set(file, bytes);
    if (consoles.has(file)) consoleEnds.set(file, end.toString());
  }
  for (const { file, bytes, sha256, debugFile } of info.images) {
    if (sumOf.get(file) !== sha256) throw damaged(`${infoFile} and ${sumsName} have different hashes for ${file}`);
    // promise: artifact-sizes-are-measured
    if (sizes.get(file) !== bytes)
      throw damaged(`${file} has ${String(sizes.get(file))} bytes, but ${infoFile} says ${bytes}`);
    if (debugFile !== null && !sumOf.has(debugFile)) throw damaged(`${debugFile} is not in ${sumsName}`);
  }
  return { name, path, info, checksums, consoleEnds };
}

/**
 * The end of a boot's console.
 *
 * @param console the name of its file.
 */
export function consoleLines({ consoleEnds }: Artifact, console: string | null): readonly string[] {
  const lines = (consoleEnds.get(console ?? "") ?? "").split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
