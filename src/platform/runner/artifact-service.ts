import { messageOf } from "../problem.js";

/** The service that stores the artifacts of a run. */
export interface ArtifactService {
  /**
   * Uploads `files`, named relative to `root`.
   *
   * @throws ArtifactNameTaken when the run has an artifact of this name.
   */
  upload(name: string, files: readonly string[], root: string, options: UploadOptions): Promise<UploadedArtifact>;
}

export interface UploadOptions {
  /** 0: as the repository's settings say. */
  readonly retentionDays: number;
}

export interface UploadedArtifact {
  readonly id?: string;
  readonly url?: string;
}

/** The service, or why it is unavailable: a phrase for a person. */
export type ArtifactAccess = ArtifactService | { readonly unavailable: string };

export class ArtifactNameTaken extends Error {
  constructor(readonly artifactName: string) {
    super(`this run already has an artifact ${artifactName}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The artifact service of github.com, if this step can reach it. */
export function artifactAccess(environment: Environment): ArtifactAccess {
  const unavailable = whyNoArtifacts(environment);
  return unavailable === undefined ? { upload: (...all) => upload(environment, ...all) } : { unavailable };
}

/**
 * Why this step cannot upload, as a phrase; undefined when it can. Does not use the network.
 * (@actions/artifact refuses the same servers, but with an annotation and an exception.)
 */
export function whyNoArtifacts(environment: Environment): string | undefined {
  if (environment["GITHUB_ACTIONS"] !== "true") return "this is not a workflow";
  const server = environment["GITHUB_SERVER_URL"] ?? "https://github.com";
  if (!isGitHub(server)) return `${server} has no artifact service that @actions/artifact supports`;
  if (!environment["ACTIONS_RUNTIME_TOKEN"] || !environment["ACTIONS_RESULTS_URL"]) {
    return "this step has no access to the artifact service (only steps with `uses:` do)";
  }
  return undefined;
}

function isGitHub(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname.toLowerCase() : "";
  return host === "github.com" || host.endsWith(".ghe.com") || host.endsWith(".localhost");
}

async function upload(
  environment: Environment,
  name: string,
  files: readonly string[],
  root: string,
  options: UploadOptions,
): Promise<UploadedArtifact> {
  // Loaded only for an upload: it is two thirds of the action's code.
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
    // The library has no error class for a taken name: https://github.com/actions/upload-artifact/issues/478
    if (/\(409\)|already exists/.test(messageOf(error))) throw new ArtifactNameTaken(name);
    throw error;
  }
}
