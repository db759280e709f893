import { copyFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  type ArtifactAccess,
  ArtifactNameTaken,
  type ArtifactService,
  type UploadedArtifact,
} from '../platform/artifact-service.js'
import { replaceFolder, sha256OfFile } from '../platform/atomic.js'
import type { Context } from '../platform/host.js'
import { size } from '../platform/log.js'
import { messageOf, Problem } from '../platform/problem.js'
import { artifactsFolder } from './artifacts-folder.js'
import { artifactName, checkedArtifactName } from './artifact-name.js'
import { type BuildInfo, buildInfo } from './build-info.js'
import { bootJsonText } from './boot-files.js'
import { checksumFile } from './checksums.js'
import { bootedImages, collect, type Collection, type generatedFiles, type PublishRequest } from './collect.js'
import { junit } from './junit.js'
import { summary } from './summary.js'

export type { PublishRequest } from './collect.js'

export interface PublishServices {
  readonly artifacts: ArtifactAccess
  readonly now: () => Date
}

export interface Published {
  /** Name of the artifact, as it was uploaded or would have been. */
  readonly name: string
  /** Absolute path of the folder with its files. */
  readonly folder: string
  /** Their names. */
  readonly files: readonly string[]
  readonly info: BuildInfo
  /** Absent when nothing was uploaded. */
  readonly uploaded?: UploadedArtifact
  /** Markdown for the job summary. */
  readonly summary: string
}

/**
 * Gathers what a build and a boot left in one folder, and uploads it where there is a service for that.
 *
 * @throws Problem when there is no image, or the service is there and refuses.
 */
export async function publishArtifact(
  context: Context,
  request: PublishRequest,
  services: PublishServices,
): Promise<Published> {
  const began = services.now()
  const collection = await collect(context, request)
  const { target, architecture, images } = collection
  const name =
    request.artifactName === undefined
      ? artifactName({ unikernel: images[0].image.name, variant: request.configureArgs, target, architecture })
      : checkedArtifactName(request.artifactName)
  const info = buildInfo({ ...collection, configureArgs: request.configureArgs, host: context.host, now: began })
  const folder = join(artifactsFolder(context), name)
  const files = await assemble(folder, collection, info)
  context.log.fact('folder', folder)
  const uploaded = await upload(context, request, services.artifacts, { name, folder, files })
  const consoleEnds = images.map(({ boots }) => boots.map(({ report }) => report.consoleEnd))
  const publishMs = services.now().getTime() - began.getTime()
  const artifact = uploaded && { name: uploaded.name, ...(uploaded.url === undefined ? {} : { url: uploaded.url }) }
  return {
    name: uploaded?.name ?? name,
    folder,
    files,
    info,
    ...(uploaded ? { uploaded } : {}),
    summary: summary({ info, consoleEnds, publishMs, artifact }),
  }
}

async function assemble(folder: string, collection: Collection, info: BuildInfo): Promise<string[]> {
  const generated = await generate(collection, info, basename(folder))
  const names = [...collection.files, ...generated].map(({ name }) => name)
  await replaceFolder(folder, async (draft) => {
    for (const { from, name } of collection.files) await copyFile(from, join(draft, name))
    for (const { name, content } of generated) await writeFile(join(draft, name), content)
    const checksums = await Promise.all(names.map(async (name) => ({ name, sha256: await sha256OfFile(join(draft, name)) })))
    await writeFile(join(draft, 'SHA256SUMS'), checksumFile(checksums))
  })
  return [...names, 'SHA256SUMS']
}

interface GeneratedFile {
  readonly name: (typeof generatedFiles)[number]
  readonly content: string
}

async function generate(collection: Collection, info: BuildInfo, artifact: string): Promise<GeneratedFile[]> {
  const booted = bootedImages(collection)
  const reports: GeneratedFile[] = [
    { name: 'boot.json', content: bootJsonText(booted) },
    { name: 'junit.xml', content: junit(booted) },
  ]
  // What writes it is a quarter of this action, and only now needed.
  const { artifactSbom } = await import('./sbom.js')
  return [
    { name: 'build-info.json', content: `${JSON.stringify(info, null, 2)}\n` },
    { name: 'sbom.cdx.json', content: artifactSbom(artifact, info) },
    ...(booted.length === 0 ? [] : reports),
  ]
}

interface Package {
  readonly name: string
  readonly folder: string
  readonly files: readonly string[]
}

type Uploaded = UploadedArtifact & { readonly name: string }

async function upload(
  context: Context,
  request: PublishRequest,
  access: ArtifactAccess,
  content: Package,
): Promise<Uploaded | undefined> {
  if (!request.artifact) return undefined
  if ('unavailable' in access) {
    const notice = `nothing was uploaded: ${access.unavailable}; the files are in ${content.folder}`
    // On a command line nobody expects an upload.
    if (context.host.isGitHubActions) context.log.notice(notice)
    return undefined
  }
  try {
    const uploaded = await uploadUnderFreeName(context, request, access, content)
    context.log.fact('artifact', `${uploaded.name} (${content.files.length} files, ${size(await sizeOf(content))})`)
    return uploaded
  } catch (error) {
    throw new Problem(
      `uploading the artifact ${content.name} failed: ${messageOf(error)}`,
      { do: 'run the job again, or set `artifact: false`' },
      { cause: error },
    )
  }
}

/** Legs of one matrix that ask for the same name; more than this is no accident of a matrix. */
const mostOfOneName = 20

/**
 * Names are shared by all jobs of a run, and by its attempts. A name that is taken may be another leg's as well as our own
 * of an earlier attempt, and nothing tells which: nobody's files are deleted, ours get a number, and a warning says so.
 */
async function uploadUnderFreeName(
  context: Context,
  { retentionDays }: PublishRequest,
  service: ArtifactService,
  { name, folder, files }: Package,
): Promise<Uploaded> {
  const paths = files.map((file) => join(folder, file))
  for (let number = 1; number <= mostOfOneName; number++) {
    const free = number === 1 ? name : `${name}-${number}`
    try {
      const uploaded = { ...(await service.upload(free, paths, folder, { retentionDays })), name: free }
      if (number > 1) context.log.warning(`this run has an artifact ${name} already: this one is ${free}. ${advice}`)
      return uploaded
    } catch (error) {
      if (!(error instanceof ArtifactNameTaken)) throw error
    }
  }
  throw new ArtifactNameTaken(name)
}

const advice = 'Give each leg of a matrix its own `artifact-name`; in an attempt that was run again there is nothing to do'

async function sizeOf({ folder, files }: Package): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
