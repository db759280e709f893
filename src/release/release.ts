import { join, resolve } from "node:path";
import { sumsName } from "../artifact/checksums.js";
import { Interrupted, type LocalAsset, type Release, type ReleaseService } from "../platform/github/release-service.js";
import type { Context } from "../platform/host.js";
import { printedJson, size } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type RequiredVerdict, faultsOf } from "./faults.js";
import {
  findArtifacts,
  infoName,
  type NamedImage,
  imagesOf,
  releaseVerdict,
  releaseInfo,
  type ReleaseTag,
  readTag,
  sbomName,
} from "./images.js";
import { generatedNotes, notesWith } from "./notes.js";
import { sbom } from "./release-sbom.js";
import { stage } from "./stage.js";
import { anotherWriter, differences, readDraft, uploadAll } from "./upload.js";

/** The inputs of the same names, with their defaults filled in. */
export interface ReleaseRequest {
  /** The folder with the artifacts, relative to the workspace. */
  readonly folder: string;
  readonly tag: string;
  /** `owner/name` */
  readonly repository: string;
  readonly notes: string;
  readonly requireVerdict: RequiredVerdict;
  /** Leave it as a draft. */
  readonly draft: boolean;
  /** `owner/name` of the repository whose reusable workflow attests it. Undefined: the released repository. */
  readonly signer?: string | undefined;
}

export interface ReleaseServices {
  readonly releases: ReleaseService;
  /** Waits for some milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

interface Content {
  readonly images: readonly [NamedImage, ...NamedImage[]];
  readonly assets: readonly LocalAsset[];
  /** Absolute path of the folder with the assets. */
  readonly folder: string;
}

export interface Released extends Content {
  readonly release: Release;
  /** False: it was already published, with the same files. */
  readonly isChanged: boolean;
}

/** Absolute paths of the files that later steps use. */
export function pathsIn(folder: string): { readonly checksums: string; readonly sbom: string } {
  return { checksums: join(folder, sumsName), sbom: join(folder, sbomName) };
}

/**
 * Releases the images of artifacts: creates a draft, uploads the files, and publishes the draft last, because an
 * immutable release takes no more files. An interrupted release can be run again, and uploads only what is missing.
 *
 * @throws Problem when the images must not be released, or GitHub refuses. A published release is never changed.
 */
export async function release(
  context: Context,
  request: ReleaseRequest,
  { releases, wait }: ReleaseServices,
): Promise<Released> {
  const { log } = context;
  const tag = readTag(request.tag);
  try {
    const commit = await releases.commitOf(tag.tag);
    if (commit === undefined)
      throw new Problem(`${request.repository} has no tag ${tag.tag}`, { do: "push the tag first" });
    const content = await prepare(context, request, tag, commit);
    const there = await releases.releasesOf(tag.tag);
    const published = /* promise: published-is-found */ there.find(({ isDraft }) => !isDraft);
    if (published !== undefined) {
      await checkSame(releases, published, content.assets);
      log.notice(`${tag.tag} is already published with these files: nothing changed`);
      return { ...content, release: published, isChanged: false };
    }
    const draft = await draftFor(releases, there, request, tag, commit, content.images, log);
    log.fact("draft", draft.url);
    await uploadAll(releases, draft, content.assets, log, wait);
    if (request.draft) return { ...content, release: draft, isChanged: true };
    await checkUnchanged(releases, draft, tag.tag, commit, content.assets);
    const final = await releases.publish(draft);
    await checkPublished(releases, final, content.assets);
    log.fact("published", `${final.url}${final.isImmutable ? " (immutable)" : ""}`);
    return { ...content, release: final, isChanged: true };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const remedy = "run this job again: it continues where it stopped";
    throw new Problem("GitHub did not answer", { because: error.message, do: remedy }, { cause: error });
  }
}

async function prepare(
  { host, log }: Context,
  request: ReleaseRequest,
  tag: ReleaseTag,
  commit: string,
): Promise<Content> {
  const { artifacts, others } = await findArtifacts(resolve(host.folders.workspace, request.folder));
  if (others.length > 0) log.notice(`ignored folders that are not artifacts of \`publish\`: ${others.join(", ")}`);
  const [first, ...more] = imagesOf(artifacts, tag.version);
  if (first === undefined) throw new Problem("the artifacts contain no image");
  const images: Content["images"] = [first, ...more];
  const faults = faultsOf(artifacts, images, commit, request.requireVerdict);
  if (faults.length > 0) {
    const remedies = [...new Set(faults.map(({ remedy }) => remedy))];
    throw new Problem(`${tag.tag} cannot be released`, {
      because: faults.map(({ what }) => what),
      do: remedies,
    });
  }
  const { repository } = request;
  const info = releaseInfo({ repository, tag: tag.tag, commit }, artifacts, images);
  // The command line writes to the workspace, but not to `_artifacts`, whose folders are artifacts.
  const folder = host.isGitHubActions
    ? join(host.folders.state, "release", tag.tag)
    : join(host.folders.workspace, "_release", tag.tag);
  const assets = await stage(folder, images, [
    { name: infoName, content: `${printedJson(info)}\n` },
    { name: sbomName, content: sbom(images, { repository, version: tag.version }) },
  ]);
  for (const named of images) {
    const verdict = releaseVerdict(named);
    log.fact("image", `${named.name}  ${size(named.image.bytes)}  ${verdict === "none" ? "not booted" : verdict}`);
  }
  return { images, assets, folder };
}

async function checkSame(releases: ReleaseService, published: Release, assets: readonly LocalAsset[]): Promise<void> {
  const different = differences(assets, await releases.assetsOf(published));
  // promise: published-is-not-changed
  if (different.length === 0) return;
  throw new Problem(
    `${published.url} is already published with other files, and a published release is never changed`,
    {
      because: different,
      do: "release the change under a new version",
    },
  );
}

/** The last look before the draft becomes public: GitHub has no way to publish only what was seen. */
async function checkUnchanged(
  releases: ReleaseService,
  draft: Release,
  tag: string,
  commit: string,
  assets: readonly LocalAsset[],
): Promise<void> {
  const now = await releases.commitOf(tag);
  // promise: tags-that-move-stop-a-run
  if (now !== commit)
    throw anotherWriter(draft, [
      `the tag ${tag} was at ${commit}, and ${now === undefined ? "is gone" : `is at ${now}`}`,
    ]);
  const others = (await releases.releasesOf(tag)).filter(({ id }) => id !== draft.id);
  if (others.length > 0) throw anotherWriter(draft, [`${tag} has another release: ${others[0]?.url ?? ""}`]);
  const different = differences(assets, await releases.assetsOf(draft));
  // promise: drafts-are-compared-before-they-are-published
  if (different.length > 0) throw anotherWriter(draft, different);
  /* promise: drafts-are-read-before-they-are-published */ await readDraft(releases, draft);
}

async function checkPublished(releases: ReleaseService, final: Release, assets: readonly LocalAsset[]): Promise<void> {
  const different = differences(assets, await releases.assetsOf(final));
  // promise: releases-are-compared-when-published
  if (different.length === 0) return;
  throw new Problem(`${final.url} was published with other files than this run uploaded`, {
    because: different,
    do: "another run or a person changed it in the same moment: delete the release, and release a new version",
  });
}

/** Creates the draft of the tag, or updates the notes of the existing one. */
async function draftFor(
  releases: ReleaseService,
  there: readonly Release[],
  request: ReleaseRequest,
  { tag, isPrerelease }: ReleaseTag,
  commit: string,
  images: Content["images"],
  log: Context["log"],
): Promise<Release> {
  const [former, ...others] = there;
  if (others.length > 0) {
    throw new Problem(`${tag} has ${there.length} drafts`, {
      found: there.map(({ url }) => url),
      do: "delete all but one of them",
    });
  }
  const notes = notesWith(generatedNotes(images, request), request.notes, former?.notes);
  if (former === undefined) {
    const draft = await releases.createDraft(tag, commit, { title: tag, notes, isPrerelease });
    // Another run may have found none either: the first draft stays.
    const rivals = (await releases.releasesOf(tag)).filter(({ id, isDraft }) => id < draft.id || !isDraft);
    // promise: one-run-has-the-draft
    if (rivals.length > 0) {
      log.notice(`deleting ${draft.url}, which this run has just created: ${rivals[0]?.url ?? ""} is there`);
      await releases.deleteDraft(draft);
      throw anotherWriter(rivals[0] ?? draft, ["it was created in the same moment"]);
    }
    return draft;
  }
  /* promise: drafts-are-read-before-they-are-described */ await readDraft(releases, former);
  return releases.describe(former, { title: former.title || tag, notes, isPrerelease });
}
