import { stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { glob } from "tinyglobby";
import { isImageFor, whatImageIs } from "../image/check.js";
import { readImage } from "../image/recognise.js";
import { sha256OfFile } from "../platform/files/atomic.js";
import { isFile } from "../platform/files/folder-content.js";
import { firstOf } from "../platform/log.js";
import { Problem, messageOf } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { BuiltImage, BuiltImages } from "./project.js";

/** Where images may be. */
export interface Search {
  /** Absolute. */
  readonly folder: string;
  /** A glob relative to `folder`. */
  readonly pattern: string;
}

/**
 * Those of the files where images may be that are images for the target.
 *
 * @throws Problem that says where it looked and what each file there really is, when none is.
 */
export async function findImages(where: Search, target: Target, architecture: Architecture): Promise<BuiltImages> {
  const others: string[] = [];
  const images: BuiltImage[] = [];
  for (const path of await findFiles(where)) {
    const other = await differenceOf(path, target, architecture);
    if (other === undefined) images.push(await describeBuilt(path, target));
    else others.push(`${relative(where.folder, path)}: ${other}`);
  }
  const [first, ...rest] = images;
  if (first === undefined) throw noImage(others, where, target, architecture);
  return [first, ...rest];
}

/** Sorted by path. Files of debug information are no images of their own. */
async function findFiles({ folder, pattern }: Search): Promise<string[]> {
  const paths = await glob(pattern, {
    cwd: folder,
    absolute: true,
    onlyFiles: true,
    dot: false,
    expandDirectories: false,
  });
  return paths.filter((path) => !/\.(dbg|debug)$/.test(path)).sort();
}

/** What a file is, when it is not an image for the target. */
async function differenceOf(path: string, target: Target, architecture: Architecture): Promise<string | undefined> {
  try {
    const image = await readImage(path);
    return isImageFor(image, target.name, architecture) ? undefined : whatImageIs(image);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.facts.found ?? messageOf(error)].flat().join(" ");
  }
}

const shownFiles = 10;

function noImage(others: readonly string[], where: Search, target: Target, architecture: Architecture): Problem {
  const option = target.linkOption;
  const advice = [
    "when the image is elsewhere, set `image` (a glob relative to `directory`)",
    ...(option === undefined || !others.some((other) => other.includes("without the marks"))
      ? []
      : [`an executable without marks was linked without \`-cclib "${option}"\``]),
  ];
  return new Problem(`the build left no image for ${target.name} on ${architecture}`, {
    found: others.length === 0 ? "no file at all" : firstOf(others, shownFiles),
    because: `looked for ${where.folder}/${where.pattern}`,
    do: advice,
  });
}

/** An image as it lies on the disk. */
export async function describeBuilt(path: string, target: Target): Promise<BuiltImage> {
  const debugFile = await firstFile([
    `${path}.dbg`,
    `${path}.debug`,
    join(dirname(path), `${nameOf(path, target)}.dbg`),
  ]);
  return {
    path,
    name: nameOf(path, target),
    bytes: (await stat(path)).size,
    sha256: await sha256OfFile(path),
    ...(debugFile === undefined ? {} : { debugFile }),
  };
}

function nameOf(path: string, target: Target): string {
  const file = basename(path);
  const ending = [`.${target.suffix}`, ".exe"].find((end) => end !== "." && file.endsWith(end) && file !== end);
  return ending === undefined ? file : file.slice(0, -ending.length);
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
}

/** Makes an image of each, in their order. */
export async function mapImages(
  [first, ...others]: BuiltImages,
  make: (image: BuiltImage, index: number) => Promise<BuiltImage>,
): Promise<BuiltImages> {
  return [await make(first, 0), ...(await Promise.all(others.map((image, index) => make(image, index + 1))))];
}
