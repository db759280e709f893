import { copyFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { makeFolder } from "../platform/files/make-folder.js";
import { ifRemoved } from "../platform/files/removed.js";
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
 * Copies images without symbols and debug information, which `IMAGE.debug` next to each copy keeps. The build's own
 * files are not changed: dune's can be links into its cache. An image with a separate file of debug information
 * (Unikraft) is already stripped, and an image that is not ELF has no symbols.
 *
 * No `.gnu_debuglink` is added: its checksum would make the image depend on the paths in the debug information again.
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
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  return mapImages(images, async (image, index) => {
    const { format } = await readImage(image.path);
    if (image.debugFile !== undefined || format === "linux-image") return image;
    // Images in different folders of the project can have the same name.
    const own = join(folder, String(index));
    await makeFolder(own);
    const path = join(own, basename(image.path));
    await copyFile(image.path, path).catch(ifRemoved(image.path));
    const objcopy = objcopyFor(context, architecture);
    const run = async (...args: string[]) =>
      succeed(await context.processes.run([objcopy, ...args]), `stripping ${image.path}`);
    await run("--only-keep-debug", image.path, `${path}.debug`);
    await run("--strip-all", path);
    return { ...(await describeBuilt(path, target)), name: image.name };
  });
}

function objcopyFor({ host }: Context, architecture: Architecture): string {
  const isNative = architecture === host.architecture;
  const name = isNative ? "objcopy" : `${architecture}-linux-gnu-objcopy`;
  const path = findProgram(name, host.environment["PATH"]);
  if (path !== undefined) return path;
  const suffix = isNative ? "" : `-${architecture.replace("_", "-")}-linux-gnu`;
  throw new Problem(`input strip: ${name} is not on PATH`, { do: `install binutils${suffix}` });
}
