import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { type ArtifactImage, imagesIn, type Artifact, readArtifact } from "../artifact/artifact.js";
import { checksumFile } from "../artifact/checksums.js";
import { imageVerdict } from "../artifact/verdicts.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type Growth, changeText, exceeds, growthText } from "./size.js";

/** One image of one leg. */
export interface ComparedImage extends ArtifactImage {
  /** Bytes of the same image in the baseline; undefined when that has none. */
  readonly before: number | undefined;
}

/** All that one look over the legs tells. */
export interface Overview {
  readonly rows: readonly ComparedImage[];
  /** Artifacts that the plan names and that are not there: their jobs failed before they had an image. */
  readonly missing: readonly string[];
}

/** What images may be; undefined is no limit. */
export interface Budget {
  /** Bytes. */
  readonly maxSize: number | undefined;
  readonly maxGrowth: Growth | undefined;
}

/**
 * Puts the legs of a run beside those of an earlier one. An image is the same one where the names of the artifact and of the
 * file are: neither changes when other legs do.
 *
 * @param planned names of all artifacts that there should be.
 */
export function overviewOf(
  legs: readonly CollectedLeg[],
  baseline: readonly CollectedLeg[],
  planned: readonly string[],
): Overview {
  const sizes = new Map(imagesIn(baseline).map((found) => [pathOf(found), found.image.bytes]));
  const rows = imagesIn(legs).map((found) => ({ ...found, before: sizes.get(pathOf(found)) }));
  const present = new Set(legs.map(({ name }) => name));
  return { rows, missing: planned.filter((name) => !present.has(name)) };
}

/** The image's path below the folder with all artifacts. */
export function pathOf({ artifact, image }: ArtifactImage): string {
  return `${artifact.name}/${image.file}`;
}

/** What is over budget, a sentence each. */
export function overBudget({ rows }: Overview, { maxSize, maxGrowth }: Budget): string[] {
  return rows.flatMap(({ artifact, image: { file, bytes }, before }) => {
    const subject = `${file} of ${artifact.name}`;
    const isLarge = maxSize !== undefined && bytes > maxSize;
    const hasGrown = maxGrowth !== undefined && before !== undefined && exceeds(maxGrowth, bytes, before);
    return [
      ...(isLarge
        ? [`${subject} has ${size(bytes)} (${bytes} bytes); the budget is ${size(maxSize)} (${maxSize} bytes)`]
        : []),
      ...(hasGrown
        ? [
            `${subject} went from ${size(before)} to ${size(bytes)}, ${changeText(bytes, before)}; accepted is ` +
              `${growthText(maxGrowth)}`,
          ]
        : []),
    ];
  });
}

/** `failed` when one failed or is missing, else `skipped` when one was not booted, else `passed`. */
export function overviewVerdict({ rows, missing }: Overview): Verdict["verdict"] {
  const verdicts = rows.map(({ image }) => imageVerdict(image)?.verdict ?? "skipped");
  if (missing.length > 0 || verdicts.includes("failed")) return "failed";
  return verdicts.includes("skipped") ? "skipped" : "passed";
}

/**
 * The names of the artifacts of a matrix that the `matrix` action made.
 *
 * @param json its output; empty: nothing is known.
 * @throws Problem when it is something else.
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
    throw new Problem(
      "input matrix is no matrix of unikernel-ci",
      { accepted: "the output `matrix` of the matrix action" },
      { cause: error },
    );
  }
}

const legShape = v.object({ "artifact-name": v.string() });

/** One leg of a matrix, as its artifact tells it. */
export interface CollectedLeg extends Artifact {
  /** The text of its junit.xml; undefined when nothing was booted. */
  readonly junit: string | undefined;
}

/**
 * Reads artifacts of a run.
 *
 * @param folder absolute.
 * @throws Problem when one is not as `publish` left it.
 */
export async function readLegs(folder: string, artifacts: readonly string[]): Promise<CollectedLeg[]> {
  const legs: CollectedLeg[] = [];
  for (const name of artifacts) {
    const artifact = await readArtifact(join(folder, name));
    const isBooted = artifact.checksums.some((file) => file.name === "junit.xml");
    legs.push({ ...artifact, junit: isBooted ? await readFile(join(artifact.path, "junit.xml"), "utf8") : undefined });
  }
  return legs;
}

/** One SHA256SUMS for all legs; names are relative to the folder that the artifacts lie in. */
export function mergedChecksums(legs: readonly CollectedLeg[]): string {
  return checksumFile(
    legs.flatMap((leg) => leg.checksums.map(({ sha256, name }) => ({ sha256, name: `${leg.name}/${name}` }))),
  );
}
