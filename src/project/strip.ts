import { copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { readImage } from "../image/recognise.js";
import type { Context } from "../platform/host.js";
import { Problem } from "../platform/problem.js";
import { succeed } from "../platform/process/process.js";
import { findProgram } from "../platform/process/programs.js";
import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import { describeBuilt, mapImages } from "./images.js";
import type { BuiltImages } from "./project.js";

/**
 * Copies of images without symbols and debug information, with what was taken off beside each: `IMAGE.debug`. The build's own
 * files stay as they are: dune's may be links into its cache. An image that came with a file of debug information (Unikraft's)
 * is stripped already, and one that is no ELF file has none.
 *
 * No `.gnu_debuglink` is added: its checksum would bring the paths of the debug information back into the image.
 *
 * @param folder absolute; emptied first.
 * @throws Problem when there is no objcopy for the architecture.
 */
export async function stripImages(
  context: Context,
  images: BuiltImages,
  target: Target,
  architecture: Architecture,
  folder: string,
): Promise<BuiltImages> {
  await rm(folder, { recursive: true, force: true });
  return mapImages(images, async (image, index) => {
    const { format } = await readImage(image.path);
    if (image.debugFile !== undefined || format === "linux-image") return image;
    // Images of one name in several folders of the project stay apart.
    const own = join(folder, String(index));
    await mkdir(own, { recursive: true });
    const path = join(own, basename(image.path));
    await copyFile(image.path, path);
    const objcopy = objcopyFor(context, architecture);
    const run = async (...args: string[]) =>
      succeed(await context.processes.run([objcopy, ...args]), `stripping ${image.path}`);
    await run("--only-keep-debug", image.path, `${path}.debug`);
    await run("--strip-all", path);
    return describeBuilt(path, target);
  });
}

function objcopyFor({ host }: Context, architecture: Architecture): string {
  const name = architecture === host.architecture ? "objcopy" : `${architecture}-linux-gnu-objcopy`;
  const path = findProgram(name, host.environment["PATH"]);
  if (path !== undefined) return path;
  throw new Problem(`input strip: ${name} is not on PATH`, {
    do: `install ${architecture === host.architecture ? "binutils" : `binutils-${architecture.replace("_", "-")}-linux-gnu`}`,
  });
}
