import { join } from "node:path";
import { hashOf } from "../platform/files/hash.js";
import type { Context } from "../platform/host.js";
import { Problem } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { TargetName } from "../targets/targets.js";

/** What tells the artifact of one leg of a matrix from that of another. */
interface NameParts {
  readonly unikernel: string;
  /** The words of `configure-args`: the same unikernel configured otherwise is another variant. */
  readonly variant: readonly string[];
  readonly target: TargetName;
  readonly architecture: Architecture;
}

/** What the artifact service refuses in a name, and what has no business in one. */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const forbidden = /[":<>|*?\\/\u0000-\u001f\u007f]/;
/** Readable as it is, with no two lists of words that read the same. */
const plainOption = /^--[A-Za-z0-9][\w.-]*(=[\w.-]+)?$/;
const longestVariant = 40;
/** File systems end names at 255 bytes, and a `.zip` comes behind it. */
const longestName = 200;

/** Name of the artifact of a leg, such as `unikernel-www-hvt-x86_64`: the same in every run, and no other leg's. */
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
 * A name that a user chose.
 *
 * @throws Problem when the artifact service would refuse it, or a folder of that name would be elsewhere.
 */
export function checkedArtifactName(name: string): string {
  if (
    /* promise: artifact-name-characters */ !forbidden.test(name) &&
    /* promise: artifact-name-is-no-folder */ !/^\.*$/.test(name) &&
    /* promise: artifact-name-length */ Buffer.byteLength(name) <= longestName
  )
    return name;
  throw new Problem(`input artifact-name: ${JSON.stringify(name)} cannot be the name of an artifact`, {
    accepted: `up to ${longestName} bytes without " : < > | * ? \\ / and control characters`,
  });
}

/** A file's name in an artifact: the service refuses the same characters there. */
export function portableFileName(name: string): string {
  return /* promise: file-name-characters */ name.replace(new RegExp(forbidden, "g"), "-");
}

function variantName(words: readonly string[]): string {
  const readable = words.map((word) => word.slice(2)).join("+");
  if (words.every((word) => plainOption.test(word)) && readable.length <= longestVariant) return readable;
  return hashOf(words.join("\0"), 8);
}

/** A unikernel's name with only what every file system and service takes; a name that had to change keeps a hash. */
function portable(name: string): string {
  const short = name.replace(/[^\w.+-]+/g, "-").slice(0, 80);
  return short === name ? name : `${short}-${hashOf(name, 8)}`;
}

/** On Actions beside the other things of the job, so that the checkout stays clean; a person finds them where they are. */
export function artifactsFolder({ host }: Pick<Context, "host">): string {
  const { state, workspace } = host.folders;
  return host.isGitHubActions ? join(state, "artifacts") : join(workspace, "_artifacts");
}
