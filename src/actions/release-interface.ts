import { InputError } from "../platform/problem.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { flag, oneOf, optional, text, typed } from "./parsers.js";

const repository = typed("string", (value): string => {
  if (!/^[\w.-]+\/[\w.-]+$/.test(value)) throw new InputError(value, "OWNER/NAME");
  return value;
});

const defaultToken = "${{ github.token }}";
/** An expression that nobody has filled in is no token. */
const token = typed("string", (value) => (value === defaultToken ? "" : value));

/** The inputs of `release`. The token is none of the command line's options: other users can read these. */
export const releaseInputs = {
  folder: input(
    "Folder with the artifacts of `publish`, a folder for each, as actions/download-artifact puts them; relative to the workspace.",
    "artifacts",
    text,
  ),
  tag: input(
    "The tag to release, a version such as v1.2.3. Empty: the tag that the workflow runs for.",
    "",
    optional(text),
  ),
  repository: input("OWNER/NAME of the repository. Empty: that of the workflow.", "", optional(repository)),
  token: input("Token with `contents: write`. On the command line: the variable GITHUB_TOKEN.", defaultToken, token),
  notes: input("Markdown that a new release’s notes begin with, before what is generated.", "", text),
  "require-verdict": input(
    "not-failed: images that could not be booted, or were not, are released and marked so. passed: every image must have passed. One that failed is never released.",
    "not-failed",
    oneOf("not-failed", "passed"),
  ),
  draft: input(
    "true: the release stays a draft with all its files, to be attested; called again with false, it is published.",
    "false",
    flag,
  ),
  signer: input(
    "Whose workflow attests the files, for the command in the notes that verifies them. repository: one of the released repository. action: a reusable one of the action’s repository.",
    "repository",
    oneOf("repository", "action"),
  ),
} as const satisfies InputDefinitions;

/** The outputs of `release`. */
export const releaseOutputs = {
  "release-url": { description: "Page of the release." },
  "release-id": { type: "integer", description: "Number of the release, for the API." },
  checksums: {
    description: "Path of SHA256SUMS over all files of the release: `subject-checksums` of actions/attest.",
  },
  sbom: { description: "Path of the SBOM (CycloneDX, JSON): `sbom-path` of actions/attest." },
  assets: { description: "JSON list of the files, each with its `name`, `bytes` and `sha256`." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

export type ReleaseInputs = Parsed<typeof releaseInputs>;
