import { verdicts } from "../boot/judge/verdict.js";
import { plannedArtifacts } from "../collect/overview.js";
import { type Growth, parseGrowth } from "../collect/size.js";
import { InputError } from "../platform/problem.js";
import { parseSize } from "../platform/size.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { optional, text, typed } from "./parsers.js";

const sizes = typed("string", (value): number => {
  const bytes = parseSize(value);
  if (bytes === undefined) throw new InputError(value, "a size such as 5MB, 800kB or 4MiB");
  return bytes;
});

const growth = typed("string", (value): Growth => {
  const found = parseGrowth(value);
  if (found === undefined) throw new InputError(value, "a part of the former size such as 5%, or a size such as 100kB");
  return found;
});

/** The inputs of `collect`. */
export const collectInputs = {
  folder: input(
    "Folder with the artifacts, each in a sub-folder of its name, as actions/download-artifact leaves them.",
    "artifacts",
    text,
  ),
  baseline: input(
    "The same for an earlier run: the sizes are compared with its. A folder that is not there is a first run.",
    "",
    optional(text),
  ),
  matrix: input(
    "The output `matrix` of the matrix action: a leg of it without an artifact is then a row of the table too, and what is none of its legs is left out.",
    "",
    typed("string", plannedArtifacts),
  ),
  "max-size": input("The most that an image may have, such as 5MB; more is a warning.", "", optional(sizes)),
  "max-growth": input(
    "The most that an image may have grown since the baseline, such as 5% or 100kB; more is a warning.",
    "",
    optional(growth),
  ),
} as const satisfies InputDefinitions;

/** The outputs of `collect`. */
export const collectOutputs = {
  verdict: {
    type: verdicts,
    description: "Over all legs: failed (also when a leg has no artifact), skipped or passed.",
  },
  checksums: { description: "Path of the SHA256SUMS of all artifacts, in `folder`." },
  junit: { description: "Path of the JUnit XML file of all boots, in `folder`. Empty when nothing was booted." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

export type CollectInputs = Parsed<typeof collectInputs>;
