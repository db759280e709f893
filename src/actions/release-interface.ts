import { InputError } from "../platform/problem.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { defaultToken, flag, oneOf, optional, text, token, typed } from "./parsers.js";

const repository = typed("string", (value): string => {
  if (!/^[\w.-]+\/[\w.-]+$/.test(value)) throw new InputError(value, "OWNER/NAME");
  return value;
});

/**
 * The inputs of `release`. The command line has no option for the token: other users can read a command’s arguments.
 */
export const releaseInputs = {
  folder: input(
    "Folder with the artifacts of `publish` as actions/download-artifact leaves them, a single one in the folder " +
      "itself, several in subfolders; relative to the workspace.",
    "artifacts",
    text,
  ),
  tag: input(
    "Tag to release: a version such as v1.2.3. Default: the tag that triggered the workflow.",
    "",
    optional(text),
  ),
  repository: input("Repository to release in, as OWNER/NAME. Default: the workflow’s.", "", optional(repository)),
  token: input("Token with `contents: write`. The command line reads it from GITHUB_TOKEN.", defaultToken, token),
  notes: input("Markdown to put before the generated notes of a new release.", "", text),
  "require-verdict": input(
    "not-failed: also release images that were not or could not be booted, and say so in the notes. passed: " +
      "every image must have passed. Failed images are never released.",
    "not-failed",
    oneOf("not-failed", "passed"),
  ),
  draft: input(
    "true: leave the release as a draft with all its files, so that they can be attested. Call the action again " +
      "with false to publish it.",
    "false",
    flag,
  ),
  signer: input(
    "Which repository’s workflow attests the files; the notes’ command for verifying them names it. repository: " +
      "the released one. action: the action’s, which has a reusable workflow.",
    "repository",
    oneOf("repository", "action"),
  ),
} as const satisfies InputDefinitions;

/** The outputs of `release`. */
export const releaseOutputs = {
  "release-url": { description: "URL of the release." },
  "release-id": { type: "integer", description: "ID of the release, for the API." },
  checksums: {
    description: "Path of a SHA256SUMS over all files of the release, for `subject-checksums` of actions/attest.",
  },
  sbom: { description: "Path of the SBOM (CycloneDX, JSON), for `sbom-path` of actions/attest." },
  assets: { description: "The files, as a JSON list; each has `name`, `bytes` and `sha256`." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

export type ReleaseInputs = Parsed<typeof releaseInputs>;
