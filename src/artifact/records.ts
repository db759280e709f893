import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { sha256OfFile, writeFileAtomically } from "../platform/files/atomic.js";
import { hashOf } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { messageOf } from "../platform/problem.js";
import { type Read, finite } from "../platform/shape.js";
import { bootFolder } from "../boot/devices/devices.js";
import type { Build, BuiltImage } from "../project/project.js";
import { type Architecture, architectures } from "../targets/architecture.js";
import { type Backend, targetNames } from "../targets/targets.js";
import {
  isEnvironment,
  isSpec,
  type ToolchainEnvironment,
  type ToolchainSpec,
  toolchainOrigins,
  toolchainSources,
} from "../toolchain/toolchain.js";
import { beginImage } from "./image-record.js";
import { type SourceFacts, buildFacts, jobBoot, jobImage, sourceFacts, usedPackage } from "./schema.js";

const toolchainRecord = v.object({
  toolchain: v.object({
    spec: v.custom<ToolchainSpec>(isSpec),
    key: v.string(),
    path: v.string(),
    source: v.picklist(toolchainSources),
    origin: v.picklist(toolchainOrigins),
    environment: v.custom<ToolchainEnvironment>(isEnvironment),
  }),
  /** See `versionReasons` of build-info.json. Absent in a record of an earlier version. */
  versionReasons: v.exactOptional(v.record(v.string(), v.string())),
  /** Milliseconds from choosing the versions to the end of the smoke test. */
  ms: finite,
});

const buildRecord = v.object({
  target: v.picklist(targetNames),
  architecture: v.picklist(architectures),
  build: v.omit(buildFacts, ["configureArgs"]),
  images: v.tupleWithRest([jobImage], jobImage),
  /** Absolute path; absent when the build had none. */
  lockFile: v.exactOptional(v.string()),
  packages: v.nullable(v.array(usedPackage)),
  /** Absent without git, a repository or a commit. */
  source: v.exactOptional(sourceFacts),
  /** Absent when the build brought its own. */
  toolchain: v.exactOptional(toolchainRecord),
});

/** The `boot` record has an entry for each scenario; without scenarios it has one. */
export const recordSchemas = {
  build: buildRecord,
  boot: v.tupleWithRest([jobBoot], jobBoot),
  toolchain: toolchainRecord,
};

/** Written by `setup` for `build`. */
export type ToolchainRecord = Read<typeof toolchainRecord>;
/** Written by `build` for `boot` and `publish`, once for each image. */
export type BuildRecord = Read<typeof buildRecord>;
/** The records of an image that the steps of a job share. */
export interface ImageRecords {
  readonly build: BuildRecord;
  readonly boot: Read<typeof recordSchemas.boot>;
}

/** Raised when a record's shape changes: a state folder can be older than this version. */
const schema = 5;

/**
 * The record of a finished build.
 *
 * @param cache key of the dune cache that was restored; undefined when none was.
 * @param source what the project was before the build; undefined when unknown.
 */
export function recordBuild(
  where: Pick<BuildRecord, "target" | "architecture">,
  { project, steps, images: [first, ...others], lockFile, packages }: Build,
  toolchain: ToolchainRecord | undefined,
  cache: string | undefined,
  source: SourceFacts | undefined,
): BuildRecord {
  return {
    ...where,
    build: { buildSystem: project.buildSystem, project: project.description, steps, cache: cache ?? null },
    images: [beginImage(first), ...others.map(beginImage)],
    packages: packages ?? null,
    ...(lockFile === undefined ? {} : { lockFile }),
    ...(source === undefined ? {} : { source }),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

/**
 * Saves a record for later steps. It is valid only while the image has the bytes that it is about.
 *
 * @param image with the hash of the bytes that were built or booted, not of those that are there when it is saved.
 */
export async function saveRecord<Kind extends keyof ImageRecords>(
  context: Context,
  { path: imagePath, sha256 }: Pick<BuiltImage, "path" | "sha256">,
  kind: Kind,
  value: ImageRecords[Kind],
): Promise<void> {
  await writeFileAtomically(
    imageRecordPath(context, imagePath, kind),
    JSON.stringify({ schema, imagePath, sha256, value }),
  );
}

/** Reads what {@link saveRecord} saved; undefined when there is no valid record, or the image has changed since. */
export async function readRecord<Kind extends keyof ImageRecords>(
  context: Context,
  imagePath: string,
  kind: Kind,
): Promise<ImageRecords[Kind] | undefined> {
  const record = await readJson(context, imageRecordPath(context, imagePath, kind));
  if (record?.["imagePath"] !== imagePath) return undefined;
  const { success, output } = v.safeParse(recordSchemas[kind], record["value"], { abortEarly: true });
  if (!success) return undefined;
  // promise: records-are-about-bytes
  if (record["sha256"] !== (await sha256OfFile(imagePath).catch(() => undefined))) {
    context.log.debug(`${imagePath} has changed since its ${kind} record was written`);
    return undefined;
  }
  return output as ImageRecords[Kind];
}

/** Removes a record that the current step will write: if the step fails, an old record must not pass for its result. */
export async function forgetRecord(context: Context, imagePath: string, kind: keyof ImageRecords): Promise<void> {
  await rm(imageRecordPath(context, imagePath, kind), { force: true });
}

/** Removes what boots of an image left: a build makes an image that was never booted, even if it has the same bytes. */
export async function forgetBoots(context: Context, imagePath: string): Promise<void> {
  await forgetRecord(context, imagePath, "boot");
  // Another run of the project can write a console meanwhile.
  await rm(bootFolder(context, imagePath), { recursive: true, force: true, maxRetries: 5 });
}

/** Saves the toolchain that `setup` provided for later steps. */
export async function saveToolchain(context: Context, record: ToolchainRecord): Promise<void> {
  const { backend, architecture } = record.toolchain.spec;
  const path = toolchainRecordPath(context, backend, architecture);
  await writeFileAtomically(path, JSON.stringify({ schema, value: record }));
}

/** Removes the record of a toolchain: the next build brings its own. */
export async function forgetToolchain(context: Context, backend: Backend, architecture: Architecture): Promise<void> {
  await rm(toolchainRecordPath(context, backend, architecture), { force: true });
}

/** The toolchain of the last `setup` for this backend and architecture, if there was one. */
export async function readToolchain(
  context: Context,
  backend: Backend,
  architecture: Architecture,
): Promise<ToolchainRecord | undefined> {
  const value = (await readJson(context, toolchainRecordPath(context, backend, architecture)))?.["value"];
  return v.is(toolchainRecord, value) ? value : undefined;
}

function imageRecordPath(context: Context, imagePath: string, kind: string): string {
  const index = hashOf(imagePath, 32);
  return join(context.host.folders.state, "records", `${index}.${kind}.json`);
}

function toolchainRecordPath(context: Context, backend: Backend, architecture: Architecture): string {
  return join(context.host.folders.state, "records", `toolchain-${backend}-${architecture}.json`);
}

/** An unreadable record fails nothing: it only adds detail to reports. */
async function readJson(context: Context, path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof record !== "object" || record === null) return undefined;
    const fields = record as Record<string, unknown>;
    return fields["schema"] === schema ? fields : undefined;
  } catch (error) {
    context.log.debug(`no record at ${path}: ${messageOf(error)}`);
    return undefined;
  }
}
