import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { glob } from "tinyglobby";
import { isImageFor, whatImageIs } from "../image/check.js";
import { readImage } from "../image/recognise.js";
import { sha256OfFile } from "../platform/files/atomic.js";
import { isFile } from "../platform/files/folder-content.js";
import { ifRemoved } from "../platform/files/removed.js";
import { firstOf } from "../platform/log.js";
import { Problem, messageOf } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { BuiltImage, BuiltImages } from "./project.js";

/** Where to look for images. */
export interface Search {
  /** Absolute. */
  readonly folder: string;
  /** A glob relative to `folder`. */
  readonly pattern: string;
}

/**
 * Finds the images for the target.
 *
 * @throws Problem with the searched pattern and what each matching file is, when none is an image for the target.
 */
export async function findImages(where: Search, target: Target, architecture: Architecture): Promise<BuiltImages> {
  const others: string[] = [];
  const images: BuiltImage[] = [];
  for (const path of await findFiles(where)) {
    const other = await differenceOf(path, target, architecture);
    if (other === undefined) images.push(await describeBuilt(path, target));
    else others.push(`${relative(where.folder, path)}: ${other}`);
  }
  const [first, ...rest] = withOwnNames(images);
  if (first === undefined) throw noImage(others, where, target, architecture);
  return [first, ...rest];
}

/**
 * Gives images that share a name different ones, which reports and releases need: `a/main.exe` and `b/main.exe` become
 * `a-main` and `b-main`, with as many folders as it takes.
 */
export function withOwnNames(images: readonly BuiltImage[]): readonly BuiltImage[] {
  const folders = ({ path }: BuiltImage) => dirname(path).split(sep).slice(1);
  const named = (image: BuiltImage, depth: number) =>
    [...folders(image).slice(Math.max(0, folders(image).length - depth)), image.name].join("-");
  return images.map((image) => {
    const namesakes = images.filter((other) => other !== image && other.name === image.name);
    const depths = Array.from({ length: folders(image).length + 1 }, (_, depth) => depth);
    const depth = depths.find((one) => namesakes.every((other) => named(other, one) !== named(image, one)));
    return { ...image, name: depth === undefined ? basename(image.path) : named(image, depth) };
  });
}

/** Sorted by path, without files of debug information. */
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

/** Describes a file that is not an image for the target; undefined when it is one. */
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
    "if the image is elsewhere, set `image` (a glob relative to `directory`)",
    ...(option === undefined || !others.some((other) => other.includes("without the marks"))
      ? []
      : [`link with \`-cclib "${option}"\`: an executable without marks was linked without it`]),
  ];
  return new Problem(`the build left no image for ${target.name} on ${architecture}`, {
    found: others.length === 0 ? "no matching file" : firstOf(others, shownFiles),
    because: `looked for ${where.folder}/${where.pattern}`,
    do: advice,
  });
}

/** Describes an image file, with its debug information if that is next to it. */
export async function describeBuilt(path: string, target: Target): Promise<BuiltImage> {
  const debugFile = await firstFile([
    `${path}.dbg`,
    `${path}.debug`,
    join(dirname(path), `${nameOf(path, target)}.dbg`),
  ]);
  return {
    path,
    name: nameOf(path, target),
    bytes: (await stat(path).catch(ifRemoved(path))).size,
    sha256: await sha256OfFile(path).catch(ifRemoved(path)),
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

/** Maps each image, in order. */
export async function mapImages(
  [first, ...others]: BuiltImages,
  make: (image: BuiltImage, index: number) => Promise<BuiltImage>,
): Promise<BuiltImages> {
  return [await make(first, 0), ...(await Promise.all(others.map((image, index) => make(image, index + 1))))];
}
