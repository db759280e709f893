import { basename } from "node:path";
import * as v from "valibot";
import type { BootReport } from "../boot/report.js";
import type { BuiltImage } from "../project/project.js";
import { type BuildInfo, type ImageRecord, type JobBoot, type JobImage, imageRecord } from "./schema.js";

/** The booted images of one build. */
export interface BootedImages extends Pick<BuildInfo, "target" | "architecture"> {
  readonly images: readonly JobImage[];
}

/** The record of an image that was not booted yet. */
export function beginImage({ path, name, bytes, sha256, debugFile }: BuiltImage): JobImage {
  return {
    unikernel: name,
    file: basename(path),
    bytes,
    sha256,
    debugFile: debugFile === undefined ? null : basename(debugFile),
    boots: [],
    path,
    ...(debugFile === undefined ? {} : { debugPath: debugFile }),
  };
}

/** A boot's entry in its image's record. */
export function recordBoot(report: BootReport): JobBoot {
  const { scenario, verdict, attempts, expected, probes, crash, repeats, span, image, consoleEnd, consoleLog } = report;
  return {
    scenario: scenario ?? null,
    ...verdict,
    accelerator: attempts.at(-1)?.accelerator ?? null,
    attempts,
    expected: expected ?? [],
    probes: probes ?? [],
    span: span ?? null,
    crash: crash?.frames ?? null,
    repeats: repeats ?? null,
    console: consoleLog === undefined ? null : basename(consoleLog),
    image,
    consoleEnd,
    ...(consoleLog === undefined ? {} : { consoleLog }),
  };
}

/** The published part of an image's record: no paths of the job, no console. */
export function publicRecord(image: JobImage): ImageRecord {
  return v.parse(imageRecord, image);
}
