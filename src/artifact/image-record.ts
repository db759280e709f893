import { basename } from "node:path";
import * as v from "valibot";
import type { BootReport } from "../boot/report.js";
import type { BuiltImage } from "../project/project.js";
import { type BuildInfo, type ImageRecord, type JobBoot, type JobImage, imageRecord } from "./schema.js";

/** Images of one build that were booted. */
export interface BootedImages extends Pick<BuildInfo, "target" | "architecture"> {
  readonly images: readonly JobImage[];
}

/** The record of an image that was built, or found where somebody else has built it. */
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

/** What a boot adds to its image's record. */
export function recordBoot(report: BootReport): JobBoot {
  const { scenario, verdict, attempts, probes, span, image, consoleEnd, consoleLog } = report;
  return {
    scenario: scenario ?? null,
    ...verdict,
    accelerator: attempts.at(-1)?.accelerator ?? null,
    attempts,
    probes: probes ?? [],
    span: span ?? null,
    console: consoleLog === undefined ? null : basename(consoleLog),
    image,
    consoleEnd,
    ...(consoleLog === undefined ? {} : { consoleLog }),
  };
}

/** What an artifact tells of an image: nothing that only its job knows. */
export function publicRecord(image: JobImage): ImageRecord {
  return v.parse(imageRecord, image);
}
