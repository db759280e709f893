import { messageOf } from "../problem.js";
import {
  type ArtifactAccess,
  ArtifactNameTaken,
  type UploadedArtifact,
  type UploadOptions,
  whyNoArtifacts,
} from "./artifact-service.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** github.com's artifact service, where this step can reach it. */
export function artifactAccess(environment: Environment): ArtifactAccess {
  const unavailable = whyNoArtifacts(environment);
  return unavailable === undefined ? { upload: (...all) => upload(environment, ...all) } : { unavailable };
}

async function upload(
  environment: Environment,
  name: string,
  files: readonly string[],
  root: string,
  options: UploadOptions,
): Promise<UploadedArtifact> {
  // Loaded only where there is something to upload: it is two thirds of the action that does.
  const { DefaultArtifactClient } = await import("@actions/artifact");
  const client = new DefaultArtifactClient();
  try {
    const { id } = await client.uploadArtifact(name, [...files], root, { retentionDays: options.retentionDays });
    if (id === undefined) return {};
    const run = `${environment["GITHUB_REPOSITORY"] ?? ""}/actions/runs/${environment["GITHUB_RUN_ID"] ?? ""}`;
    return {
      id: String(id),
      url: `${environment["GITHUB_SERVER_URL"] ?? "https://github.com"}/${run}/artifacts/${id}`,
    };
  } catch (error) {
    // The library has no error class for it: https://github.com/actions/upload-artifact/issues/478
    if (/\(409\)|already exists/.test(messageOf(error))) throw new ArtifactNameTaken(name);
    throw error;
  }
}
