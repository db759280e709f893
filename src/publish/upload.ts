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

/** The name is one that nothing else of this run had. */
type Uploaded = UploadedArtifact & { readonly name: string };

/**
 * Uploads an artifact, where that is asked for and there is a service for it.
 *
 * @throws Problem when the service refuses.
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
    // On a command line nobody expects an upload.
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

/** Legs of one matrix that ask for the same name; more than this is no accident of a matrix. */
const mostOfOneName = 20;

/**
 * Names are shared by all jobs of a run, and by its attempts. A name that is taken may be another leg's as well as our own
 * of an earlier attempt, and nothing tells which: nobody's files are deleted, ours get a number, and a warning says so.
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
      if (number > 1) context.log.warning(`this run has an artifact ${name} already: this one is ${free}. ${advice}`);
      return uploaded;
    } catch (error) {
      if (!(error instanceof ArtifactNameTaken)) throw error;
    }
  }
  throw new ArtifactNameTaken(name);
}

const advice =
  "Give each leg of a matrix its own `artifact-name`; in an attempt that was run again there is nothing to do";

async function sizeOf({ folder, files }: ArtifactContent): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
