import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../platform/host.js";
import { size } from "../platform/log.js";
import { Problem, messageOf } from "../platform/problem.js";
import {
  type ArtifactAccess,
  ArtifactNameTaken,
  type ArtifactService,
  type UploadedArtifact,
} from "../platform/runner/artifact-service.js";
import type { PublishRequest } from "./gather.js";

/** A folder with the files of an artifact. */
interface ArtifactContent {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Their names. */
  readonly files: readonly string[];
}

/** With the name that it got: the requested one, or one with a number. */
type Uploaded = UploadedArtifact & { readonly name: string };

/**
 * Uploads an artifact when the inputs ask for it and an artifact service is available.
 *
 * @throws Problem when the upload fails.
 */
export async function uploadArtifact(
  context: Context,
  request: PublishRequest,
  access: ArtifactAccess,
  content: ArtifactContent,
): Promise<Uploaded | undefined> {
  if (!request.artifact) return undefined;
  if ("unavailable" in access) {
    const notice = `nothing was uploaded: ${access.unavailable}; the files are in ${content.folder}`;
    // The command line never uploads, so it needs no notice.
    if (context.host.isGitHubActions) context.log.notice(notice);
    return undefined;
  }
  try {
    const uploaded = await uploadUnderFreeName(context, request, access, content);
    context.log.fact("artifact", `${uploaded.name} (${content.files.length} files, ${size(await sizeOf(content))})`);
    return uploaded;
  } catch (error) {
    throw new Problem(
      `uploading the artifact ${content.name} failed: ${messageOf(error)}`,
      { do: "run the job again, or set `artifact: false`" },
      { cause: error },
    );
  }
}

/** Attempts to find a free name, for jobs of a matrix that ask for the same one. */
const mostOfOneName = 20;

/**
 * All jobs of a run, and all its attempts, share one set of names. A taken name may belong to another job, or to this
 * job in an earlier attempt; the service does not tell which. So no artifact is deleted: this one gets a number, and a
 * warning says so.
 */
async function uploadUnderFreeName(
  context: Context,
  { retentionDays }: PublishRequest,
  service: ArtifactService,
  { name, folder, files }: ArtifactContent,
): Promise<Uploaded> {
  const paths = files.map((file) => join(folder, file));
  for (let number = 1; number <= mostOfOneName; number++) {
    const free = number === 1 ? name : `${name}-${number}`;
    try {
      const uploaded = { ...(await service.upload(free, paths, folder, { retentionDays })), name: free };
      if (number > 1)
        context.log.warning(`this run already has an artifact ${name}; this one is named ${free}. ${advice}`);
      return uploaded;
    } catch (error) {
      if (!(error instanceof ArtifactNameTaken)) throw error;
    }
  }
  throw new ArtifactNameTaken(name);
}

const advice = "Give each job of a matrix its own `artifact-name`. After a re-run, nothing needs to be done.";

async function sizeOf({ folder, files }: ArtifactContent): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
