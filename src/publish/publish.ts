import { join } from "node:path";
import { artifactName, artifactsFolder, checkedArtifactName } from "../artifact/artifact-name.js";
import { bootJson } from "../artifact/boot-files.js";
import { buildInfo } from "../artifact/build-info.js";
import { type GeneratedFile, writeWithChecksums } from "../artifact/checksums.js";
import type { BuildInfo } from "../artifact/schema.js";
import type { Context } from "../platform/host.js";
import { printedJson } from "../platform/log.js";
import type { ArtifactAccess, UploadedArtifact } from "../platform/runner/artifact-service.js";
import { summary } from "../summary/summary.js";
import { bootedImages, gather, type Gathered, type generatedFiles, type PublishRequest } from "./gather.js";
import { uploadArtifact } from "./upload.js";

export interface PublishServices {
  readonly artifacts: ArtifactAccess;
  readonly now: () => Date;
}

export interface Published {
  /** The artifact's name, even when it was not uploaded. */
  readonly name: string;
  /** Absolute path of the folder with its files. */
  readonly folder: string;
  /** Their names. */
  readonly files: readonly string[];
  readonly info: BuildInfo;
  /** Absent when nothing was uploaded. */
  readonly uploaded?: UploadedArtifact;
  /** Markdown for the job summary. */
  readonly summary: string;
}

/**
 * Collects the results of a build and its boots in one folder, and uploads it when an artifact service is available.
 *
 * @throws Problem when there is no image, or the upload fails.
 */
export async function publishArtifact(
  context: Context,
  request: PublishRequest,
  services: PublishServices,
): Promise<Published> {
  const began = services.now();
  const gathered = await gather(context, request);
  const { target, architecture, images } = gathered;
  const name =
    request.artifactName === undefined
      ? artifactName({ unikernel: images[0].unikernel, variant: request.configureArgs, target, architecture })
      : checkedArtifactName(request.artifactName);
  const info = buildInfo({
    ...gathered,
    artifact: name,
    configureArgs: request.configureArgs,
    host: context.host,
    now: began,
  });
  const folder = join(artifactsFolder(context), name);
  const files = await writeWithChecksums(folder, gathered.files, await generate(gathered, info, name));
  context.log.fact("folder", folder);
  const uploaded = await uploadArtifact(context, request, services.artifacts, { name, folder, files });
  const publishMs = services.now().getTime() - began.getTime();
  return {
    name: uploaded?.name ?? name,
    folder,
    files,
    info,
    ...(uploaded ? { uploaded } : {}),
    summary: summary({ info, images, publishMs, artifact: uploaded, verdictsPage: verdictsPage(context.host) }),
  };
}

/** A file whose name no gathered file gets. */
interface ReservedFile extends GeneratedFile {
  readonly name: (typeof generatedFiles)[number];
}

async function generate(gathered: Gathered, info: BuildInfo, artifact: string): Promise<ReservedFile[]> {
  const booted = bootedImages(gathered);
  // Loaded late: both libraries cost a start more than the rest of this action does.
  const { junit } = await import("../artifact/junit.js");
  const { artifactSbom } = await import("../artifact/sbom.js");
  const reports: ReservedFile[] = [
    { name: "boot.json", content: bootJson(booted) },
    { name: "junit.xml", content: junit(booted) },
  ];
  return [
    { name: "build-info.json", content: `${printedJson(info)}\n` },
    { name: "sbom.cdx.json", content: artifactSbom(artifact, info) },
    ...(booted.images.length === 0 ? [] : reports),
  ];
}

/**
 * The page of the version that runs: the runner names its repository and ref.
 *
 * @returns undefined elsewhere, and for an action of the same repository.
 */
function verdictsPage({ environment }: Context["host"]): string | undefined {
  const [server, repository, ref] = ["SERVER_URL", "ACTION_REPOSITORY", "ACTION_REF"].map(
    (name) => environment[`GITHUB_${name}`] ?? "",
  );
  if (server === "" || repository === "" || ref === "") return undefined;
  return `${server}/${repository}/blob/${ref}/docs/verdicts.md`;
}
