import { join } from "node:path";
import * as v from "valibot";
import { bootFolder } from "../boot/devices/devices.js";
import { writeFileAtomically } from "../platform/files/atomic.js";
import type { Context } from "../platform/host.js";
import { printedJson } from "../platform/log.js";
import type { BuiltImage } from "../project/project.js";
import { type BootedImages, beginImage } from "./image-record.js";
import { junit } from "./junit.js";
import { type JobBoot, imageRecord } from "./schema.js";

/** The image that was booted, as it was before, with the target and architecture that it was booted for. */
export interface BootSubject extends Omit<BootedImages, "images"> {
  readonly image: BuiltImage;
}

/**
 * Writes boot.json and junit.xml of a boot step next to the image's consoles.
 *
 * @returns their absolute paths.
 */
export async function writeBootFiles(
  context: Context,
  { image, target, architecture }: BootSubject,
  boots: readonly JobBoot[],
): Promise<{ readonly junit: string; readonly json: string }> {
  const booted: BootedImages = { target, architecture, images: [{ ...beginImage(image), boots }] };
  const folder = bootFolder(context, image.path);
  const paths = { junit: join(folder, "junit.xml"), json: join(folder, "boot.json") };
  await writeFileAtomically(paths.junit, junit(booted));
  await writeFileAtomically(paths.json, bootJson(booted));
  return paths;
}

const recordOfBoots = v.omit(imageRecord, ["debugFile"]);

/** The text of boot.json: everything that is known about the boots of these images. */
export function bootJson({ target, architecture, images }: BootedImages): string {
  const content = {
    // The version of this format, raised when a field changes its meaning or is removed.
    schema: 1,
    images: images.map((image) => {
      const { boots, ...facts } = v.parse(recordOfBoots, image);
      // `target` and `architecture` are what it was booted for; `image` is what its bytes say.
      return { ...facts, target, architecture, image: image.boots[0]?.image ?? null, boots };
    }),
  };
  return `${/* promise: boot-file-is-json */ printedJson(content)}\n`;
}
