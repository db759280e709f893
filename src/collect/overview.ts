import type { Verdict } from "../boot/judge/verdict.js";
import { size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { record, text } from "../platform/shape.js";
import { type BuildInfo, type ImageInfo, imageVerdict } from "../artifact/build-info.js";
import type { CollectedLeg } from "./leg.js";
import { type Growth, changeText, exceeds, growthText } from "./size.js";

/** One image of one leg. */
export interface OverviewRow {
  readonly artifact: string;
  readonly info: BuildInfo;
  readonly image: ImageInfo;
  /** Over all its boots; undefined when it was not booted. */
  readonly verdict: Verdict | undefined;
  /** Bytes of the same image in the baseline; undefined when that has none. */
  readonly before: number | undefined;
}

/** All that one look over the legs tells. */
export interface Overview {
  readonly rows: readonly OverviewRow[];
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
  const sizes = new Map(
    baseline.flatMap((leg) => leg.info.images.map((image) => [`${leg.name}/${image.file}`, image.bytes])),
  );
  const rows = legs.flatMap(({ name: artifact, info }) =>
    info.images.map((image) => ({
      artifact,
      info,
      image,
      verdict: imageVerdict(image),
      before: sizes.get(`${artifact}/${image.file}`),
    })),
  );
  const present = new Set(legs.map(({ name }) => name));
  return { rows, missing: planned.filter((name) => !present.has(name)) };
}

/** What is over budget, a sentence each. */
export function overBudget({ rows }: Overview, { maxSize, maxGrowth }: Budget): string[] {
  return rows.flatMap(({ artifact, image: { file, bytes }, before }) => {
    const subject = `${file} of ${artifact}`;
    const isLarge = maxSize !== undefined && bytes > maxSize;
    const hasGrown = maxGrowth !== undefined && before !== undefined && exceeds(maxGrowth, bytes, before);
    return [
      ...(isLarge
        ? [`${subject} has ${size(bytes)} (${bytes} bytes); the budget is ${size(maxSize)} (${maxSize} bytes)`]
        : []),
      ...(hasGrown
        ? [
            `${subject} went from ${size(before)} to ${size(bytes)}, ${changeText(bytes, before)}; accepted is ${growthText(maxGrowth)}`,
          ]
        : []),
    ];
  });
}

/** `failed` when one failed or is missing, else `skipped` when one was not booted, else `passed`. */
export function overviewVerdict({ rows, missing }: Overview): Verdict["verdict"] {
  const verdicts = rows.map(({ verdict }) => verdict?.verdict ?? "skipped");
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
    return legs.map((leg) => {
      if (!isLeg(leg)) throw new TypeError("a leg without a name");
      return leg["artifact-name"];
    });
  } catch (error) {
    throw new Problem(
      "input matrix is no matrix of unikernel-ci",
      { accepted: "the output `matrix` of the matrix action" },
      { cause: error },
    );
  }
}

const isLeg = (value: unknown): value is { readonly "artifact-name": string } =>
  record({ "artifact-name": text })(value);
