import * as v from "valibot";
import type { Host } from "../platform/host.js";
import { withoutCredentials } from "../platform/network/download.js";
import { Problem } from "../platform/problem.js";
import { briefly, faultOf } from "../platform/shape.js";
import { publicRecord } from "./image-record.js";
import type { BuildRecord, ToolchainRecord } from "./records.js";
import { type BuildInfo, type JobImage, type ToolchainFacts, buildInfoSchema, format } from "./schema.js";

/** The input of {@link buildInfo}. */
export interface BuildInfoFacts extends Pick<BuildInfo, "target" | "architecture" | "artifact"> {
  readonly configureArgs: readonly string[];
  readonly images: readonly JobImage[];
  readonly record: BuildRecord | undefined;
  readonly host: Host;
  readonly now: Date;
}

/** The content of build-info.json. */
export function buildInfo({
  target,
  architecture,
  artifact,
  configureArgs,
  images,
  record,
  host,
  now,
}: BuildInfoFacts): BuildInfo {
  return {
    schema: format,
    target,
    architecture,
    artifact,
    images: images.map(publicRecord),
    build: record ? { ...record.build, configureArgs } : null,
    toolchain: record?.toolchain ? factsOf(record.toolchain) : null,
    packages: record?.packages ?? null,
    host: {
      architecture: host.architecture,
      system: record?.toolchain?.toolchain.spec.hostSystem ?? null,
      cores: host.cores,
      commit: record?.source?.commit ?? null,
      changes: record?.source?.changes ?? null,
      run: runAddress(host),
      attempt: attemptOf(host) ?? null,
    },
    createdAt: now.toISOString(),
  };
}

function factsOf({ toolchain: { key, source, origin, spec }, ms, versionReasons }: ToolchainRecord): ToolchainFacts {
  return {
    key,
    source,
    origin,
    ms,
    versions: { ...spec.versions },
    versionReasons: versionReasons ?? null,
    opamRepositories: /* promise: repositories-without-credentials */ spec.repositories.map(ofEveryone),
    opamPackages: spec.packages,
    opamPins: /* promise: pins-without-credentials */ spec.pins.map(ofEveryone),
    cCompiler: spec.cCompiler,
  };
}

function ofEveryone<Source extends { readonly url: string }>(source: Source): Source {
  return { ...source, url: withoutCredentials(source.url) };
}

function runAddress({ environment }: Host): string | null {
  const [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(
    (name) => environment[name],
  );
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null;
}

/** The attempt of the workflow run; undefined outside of one. */
export function attemptOf({ environment }: Pick<Host, "environment">): number | undefined {
  const attempt = environment["GITHUB_RUN_ATTEMPT"] ?? "";
  return /^[1-9]\d{0,8}$/.test(attempt) ? Number(attempt) : undefined;
}

/**
 * Reads a `build-info.json`, which comes from another job and maybe from another version of this program.
 *
 * @param shown the file's name in messages.
 * @returns the fields of the format; unknown fields are dropped.
 * @throws Problem that names the first wrong field, or the unknown format.
 */
export function parseBuildInfo(text: string, shown: string): BuildInfo {
  const value = parseJson(text, shown);
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema !== format) {
    throw new Problem(`${shown} has an unsupported format`, {
      found: schema === undefined ? "no schema" : `schema: ${briefly(schema)}`,
      accepted: `schema: ${format}`,
      do: "use the same version of unikernel-ci for every job of the workflow",
    });
  }
  const result = v.safeParse(buildInfoSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const { what, ...facts } = faultOf(result.issues[0]);
  throw new Problem(`${shown}: ${what}`, { ...facts, do: "check whether another step or tool changed the file" });
}

function parseJson(text: string, shown: string): unknown {
  try {
    return /* promise: keys-are-no-prototypes */ JSON.parse(text);
  } catch (error) {
    throw new Problem(`${shown} is not JSON`, {}, { cause: error });
  }
}
