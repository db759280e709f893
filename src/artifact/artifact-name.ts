import { join } from "node:path";
import { hashOf } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { WrongUse } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { TargetName } from "../targets/targets.js";

/** The file of an artifact that makes its folder one. */
export const infoFile = "build-info.json";

/** Distinguishes the artifacts of a matrix's jobs. */
interface NameParts {
  readonly unikernel: string;
  /** The words of `configure-args`. */
  readonly variant: readonly string[];
  readonly target: TargetName;
  readonly architecture: Architecture;
}

/** Characters that the artifact service refuses, and all control characters. */
// eslint-disable-next-line no-control-regex -- it refuses control characters
const forbidden = /[":<>|*?\\/\u0000-\u001f\u007f]/;
/** An option that a name can contain verbatim: different lists of such options give different names. */
const plainOption = /^--[A-Za-z0-9][\w.-]*(=[\w.-]+)?$/;
const longestVariant = 40;
/** File systems limit names to 255 bytes, and `.zip` is appended. */
const longestName = 200;

/** The name of a job's artifact, such as `unikernel-www-hvt-x86_64`: the same in every run, unique in the matrix. */
export function artifactName({ unikernel, variant, target, architecture }: NameParts): string {
  return [
    "unikernel",
    portable(unikernel),
    ...(variant.length === 0 ? [] : [variantName(variant)]),
    target,
    architecture,
  ].join("-");
}

/**
 * Checks a name that the user chose.
 *
 * @throws Problem when the artifact service would refuse it, or it would lead out of the artifacts folder.
 */
export function checkedArtifactName(name: string): string {
  if (
    /* promise: artifact-name-characters */ !forbidden.test(name) &&
    /* promise: artifact-name-is-no-folder */ !/^\.*$/.test(name) &&
    // Its folder would make the folder of all artifacts look like an artifact itself.
    name !== infoFile &&
    /* promise: artifact-name-length */ Buffer.byteLength(name) <= longestName
  )
    return name;
  throw new WrongUse(`input artifact-name: ${JSON.stringify(name)} cannot be the name of an artifact`, {
    accepted: `up to ${longestName} bytes, without control characters and " : < > | * ? \\ /, and not ${infoFile}`,
  });
}

/** The name of a file in an artifact, where the service refuses the same characters. */
export function portableFileName(name: string): string {
  const portable = /* promise: file-name-characters */ name.replace(new RegExp(forbidden, "g"), "-");
  // In a SHA256SUMS, `-` is the standard input of sha256sum.
  return portable === "-" ? "_" : portable;
}

function variantName(words: readonly string[]): string {
  const readable = words.map((word) => word.slice(2)).join("+");
  if (words.every((word) => plainOption.test(word)) && readable.length <= longestVariant) return readable;
  return hashOf(words.join("\0"), 8);
}

/** Keeps only characters that every file system and service accepts; a name that changes gets a hash. */
function portable(name: string): string {
  const short = name.replace(/[^\w.+-]+/g, "-").slice(0, 80);
  return short === name ? name : `${short}-${hashOf(name, 8)}`;
}

/** Where artifacts are written: on Actions outside the checkout, which stays clean; elsewhere in the workspace. */
export function artifactsFolder({ host }: Pick<Context, "host">): string {
  const { state, workspace } = host.folders;
  return host.isGitHubActions ? join(state, "artifacts") : join(workspace, "_artifacts");
}
