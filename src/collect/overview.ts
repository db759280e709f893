import * as v from "valibot";
import { type Artifact, type ArtifactImage, consoleLines, imagesIn } from "../artifact/artifact.js";
import { checksumFile } from "../artifact/checksums.js";
import type { ReportedImages } from "../artifact/junit.js";
import { imageVerdict } from "../artifact/verdicts.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { shownConsoleLines } from "../boot/report.js";
import { size } from "../platform/log.js";
import { WrongUse } from "../platform/problem.js";
import { type Growth, changeText, exceeds, growthText } from "./growth.js";

/**
 * The artifact names in a matrix of the `matrix` action.
 *
 * @param json output of the action; empty: none.
 * @throws Problem when it has another format.
 */
export function plannedArtifacts(json: string): string[] {
  if (json === "") return [];
  try {
    const { include } = JSON.parse(json) as { readonly include: readonly object[] };
    const legs = include.flatMap((job): unknown[] =>
      "legs" in job ? (JSON.parse(String(job.legs)) as unknown[]) : [job],
    );
    return legs.map((leg) => v.parse(legShape, leg)["artifact-name"]);
  } catch (error) {
    throw new WrongUse(
      "input matrix is not a matrix of unikernel-ci",
      { accepted: "the output `matrix` of the matrix action" },
      { cause: error },
    );
  }
}

const legShape = v.object({ "artifact-name": v.string() });

/** An image of a leg, and its size in the baseline. */
export interface ComparedImage extends ArtifactImage {
  /** Bytes of the same image in the baseline; undefined if it is not there. */
  readonly before: number | undefined;
  /** The same image in the baseline. */
  readonly former: ArtifactImage | undefined;
}

export interface Overview {
  readonly rows: readonly ComparedImage[];
  /** Planned artifacts that do not exist: their jobs failed before they had an image. */
  readonly missing: readonly string[];
}

/**
 * Compares the legs of a run with those of an earlier one. Images correspond if the names of artifact and file are
 * equal: other legs do not influence them.
 *
 * @param planned names of all artifacts that should exist.
 */
export function overviewOf(
  legs: readonly Artifact[],
  baseline: readonly Artifact[],
  planned: readonly string[],
): Overview {
  const known = new Map(imagesIn(baseline).map((found) => [pathOf(found), found]));
  const rows = imagesIn(legs).map((found) => {
    const former = known.get(pathOf(found));
    return { ...found, before: former?.image.bytes, former };
  });
  const present = new Set(legs.map(({ name }) => name));
  return { rows, missing: planned.filter((name) => !present.has(name)) };
}

/** The image's path, relative to the folder with all artifacts. */
export function pathOf({ artifact, image }: ArtifactImage): string {
  return `${artifact.name}/${image.file}`;
}

/** Limits for images. Undefined: no limit. */
export interface Budget {
  /** Bytes. */
  readonly maxSize: number | undefined;
  readonly maxGrowth: Growth | undefined;
}

/** A sentence for each image over budget. */
export function overBudget({ rows }: Overview, { maxSize, maxGrowth }: Budget): string[] {
  return rows.flatMap(({ artifact, image: { file, bytes }, before }) => {
    const subject = `${file} of ${artifact.name}`;
    const isLarge = maxSize !== undefined && bytes > maxSize;
    const hasGrown = maxGrowth !== undefined && before !== undefined && exceeds(maxGrowth, bytes, before);
    return [
      ...(isLarge
        ? [`${subject} is ${size(bytes)} (${bytes} bytes); \`max-size\` is ${size(maxSize)} (${maxSize} bytes)`]
        : []),
      ...(hasGrown
        ? [
            `${subject} grew from ${size(before)} to ${size(bytes)}, ${changeText(bytes, before)}; ` +
              `\`max-growth\` is ${growthText(maxGrowth)}`,
          ]
        : []),
    ];
  });
}

/** `failed` if an image failed or is missing, otherwise `skipped` if one was not booted, otherwise `passed`. */
export function overviewVerdict({ rows, missing }: Overview): Verdict["verdict"] {
  const verdicts = rows.map(({ image }) => imageVerdict(image)?.verdict ?? "skipped");
  if (missing.length > 0 || verdicts.includes("failed")) return "failed";
  return verdicts.includes("skipped") ? "skipped" : "passed";
}

/** One SHA256SUMS for all legs. Names are relative to the folder with all artifacts. */
export function mergedChecksums(legs: readonly Artifact[]): string {
  return checksumFile(
    legs.flatMap((leg) => leg.checksums.map(({ sha256, name }) => ({ sha256, name: `${leg.name}/${name}` }))),
  );
}

/**
 * One JUnit file for all legs. It is written from their records and consoles: their own JUnit files are not read.
 *
 * @returns undefined when no image was booted.
 */
export async function mergedJunit(legs: readonly Artifact[]): Promise<string | undefined> {
  const builds = legs.map((leg): ReportedImages => {
    const { target, architecture, images } = leg.info;
    const booted = images.filter(({ boots }) => boots.length > 0);
    return {
      target,
      architecture,
      images: booted.map(({ unikernel, boots }) => ({
        unikernel,
        boots: boots.map((boot) => ({
          ...boot,
          consoleEnd: consoleLines(leg, boot.console).slice(-shownConsoleLines),
        })),
      })),
    };
  });
  if (builds.every(({ images }) => images.length === 0)) return undefined;
  // Loaded late: its XML library takes as long to load as the rest of an action.
  const { junit } = await import("../artifact/junit.js");
  return junit(...builds);
}

/**
 * A sentence for each failed leg of an earlier attempt of this run. A failed job runs again, so its artifact should be
 * of the current attempt; but of two artifacts with one name, download-artifact takes the one with the larger id, which
 * can be the older: https://github.com/Systemorph/MeshWeaver/issues/4303
 *
 * @param current undefined outside of a workflow.
 */
export function olderAttempts(legs: readonly Artifact[], current: number | undefined): readonly string[] {
  return imagesIn(legs).flatMap(({ artifact: { name, info }, image }) => {
    const { attempt } = info.host;
    if (attempt === null || current === undefined || attempt >= current) return [];
    if (imageVerdict(image)?.verdict !== "failed") return [];
    return [
      `${image.file} of ${name} failed in attempt ${attempt} of this run, which is attempt ${current}; if its job ` +
        "ran again since, GitHub handed out the artifact of the older attempt: run all jobs again",
    ];
  });
}
