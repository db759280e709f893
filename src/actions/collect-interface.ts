import { verdicts } from "../boot/judge/verdict.js";
import { plannedArtifacts } from "../collect/overview.js";
import { type Growth, parseGrowth } from "../collect/growth.js";
import { InputError } from "../platform/problem.js";
import { parseSize } from "../platform/size.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { defaultToken, flag, optional, text, token, typed } from "./parsers.js";

const sizes = typed("string", (value): number => {
  const bytes = parseSize(value);
  if (bytes === undefined) throw new InputError(value, "a size such as 5MB, 800kB or 4MiB");
  return bytes;
});

const growth = typed("string", (value): Growth => {
  const found = parseGrowth(value);
  if (found === undefined) throw new InputError(value, "a percentage such as 5%, or a size such as 100kB");
  return found;
});

/** The inputs of `collect`. */
export const collectInputs = {
  folder: input(
    "Folder with the artifacts as actions/download-artifact leaves them: a single one in the folder itself, several " +
      "in subfolders. Nothing is written there.",
    "artifacts",
    text,
  ),
  baseline: input(
    "The same folder of an earlier run, to compare sizes with. If it does not exist, nothing is compared.",
    "",
    optional(text),
  ),
  matrix: input(
    "The output `matrix` of the matrix action. Its legs without an artifact are then reported as missing, and " +
      "other artifacts are ignored.",
    "",
    typed("string", plannedArtifacts),
  ),
  "max-size": input("Largest size of an image, such as 5MB; a larger one is a warning.", "", optional(sizes)),
  "max-growth": input(
    "Largest growth of an image since the baseline, such as 5% or 100kB; more is a warning.",
    "",
    optional(growth),
  ),
  comment: input(
    "true: keep one comment on the pull request up to date with the report, which needs the permission " +
      "`pull-requests: write`. Pull requests of forks get none: their token cannot write.",
    "false",
    flag,
  ),
  token: input("Token for the comment. Only the comment of an app is replaced.", defaultToken, token),
} as const satisfies InputDefinitions;

/** The outputs of `collect`. */
export const collectOutputs = {
  verdict: {
    type: verdicts,
    description: "Verdict over all legs: failed (also if a leg has no artifact), skipped or passed.",
  },
  checksums: { description: "Path of a SHA256SUMS over all artifacts, which names each file as ARTIFACT/FILE." },
  junit: { description: "Path of a JUnit XML file over all boots. Empty if nothing was booted." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

export type CollectInputs = Parsed<typeof collectInputs>;
