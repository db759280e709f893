import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ifRemoved } from "../platform/files/removed.js";
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
 * The jobs of one attempt of a run share one set of names, so a taken name belongs to another job: its artifact stays,
 * and this one gets a number, with a warning. When a run is run again, the new attempt has a set of its own:
 * https://github.com/actions/toolkit/blob/main/packages/artifact/docs/generated/interfaces/ArtifactClient.md#listartifacts
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

const advice = "Give each job of a matrix its own `artifact-name`.";

async function sizeOf({ folder, files }: ArtifactContent): Promise<number> {
  const sizeAt = async (path: string) => (await stat(path).catch(ifRemoved(path))).size;
  const sizes = await Promise.all(files.map((file) => sizeAt(join(folder, file))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
