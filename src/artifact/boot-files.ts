import { join, relative } from "node:path";
import * as v from "valibot";
import { bootFolder } from "../boot/devices/devices.js";
import { writeFileAtomically } from "../platform/files/atomic.js";
import type { Context } from "../platform/host.js";
import { printedJson } from "../platform/log.js";
import type { BuiltImage } from "../project/project.js";
import { type BootedImages, beginImage } from "./image-record.js";
import { type JobBoot, imageRecord } from "./schema.js";

/** An image with its boots: as it was before them, with the target and architecture that it was booted for. */
export interface BootSubject extends Omit<BootedImages, "images"> {
  readonly image: BuiltImage;
  readonly boots: readonly JobBoot[];
}

/**
 * Writes boot.json and junit.xml of a boot step next to the consoles of its first image.
 *
 * @returns their absolute paths.
 */
export async function writeBootFiles(
  context: Context,
  subjects: readonly [BootSubject, ...BootSubject[]],
): Promise<{ readonly junit: string; readonly json: string }> {
  const folder = bootFolder(context, subjects[0].image.path);
  const paths = { junit: join(folder, "junit.xml"), json: join(folder, "boot.json") };
  const builds = subjects.map(({ image, boots, target, architecture }): BootedImages => ({
    target,
    architecture,
    images: [{ ...beginImage(image), boots: boots.map((boot) => ({ ...boot, console: consoleFrom(folder, boot) })) }],
  }));
  // Loaded late: its XML library takes as long to load as the rest of an action.
  const { junit } = await import("./junit.js");
  await writeFileAtomically(paths.junit, junit(...builds));
  await writeFileAtomically(paths.json, bootJson(...builds));
  return paths;
}

function consoleFrom(folder: string, { console, consoleLog }: JobBoot): string | null {
  return consoleLog === undefined ? console : relative(folder, consoleLog);
}

const recordOfBoots = v.omit(imageRecord, ["debugFile"]);

/** The text of boot.json: everything that is known about the boots of these images. */
export function bootJson(...builds: readonly BootedImages[]): string {
  const content = {
    // The version of this format, raised when a field changes its meaning or is removed.
    schema: 1,
    images: builds.flatMap(({ target, architecture, images }) =>
      images.map((image) => {
        const { boots, ...facts } = v.parse(recordOfBoots, image);
        // `target` and `architecture` are what it was booted for; `image` is what its bytes say.
        return { ...facts, target, architecture, image: image.boots[0]?.image ?? null, boots };
      }),
    ),
  };
  return `${/* promise: boot-file-is-json */ printedJson(content)}\n`;
}
