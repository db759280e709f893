import { posix } from "node:path";
import { isRecord } from "../../platform/shape.js";
import { isEnvironment, isSpec, type ToolchainEnvironment, type ToolchainSpec } from "../toolchain.js";
import { placeholder, prefixLength } from "./prefix.js";

/** Raised when the format of archives or manifests changes. */
export const archiveFormat = 1;

/** The first entry of an archive; the others follow in the order in which it lists them. */
export const manifestName = "toolchain.json";

/** Describes a packed toolchain. {@link placeholder} stands for its own path. */
export interface ArchiveManifest {
  readonly format: typeof archiveFormat;
  readonly key: string;
  readonly spec: ToolchainSpec;
  readonly environment: ToolchainEnvironment;
  /** Folders come before their content. With a {@link base}: those in which it differs from the base. */
  readonly entries: readonly ArchiveEntry[];
  /** The toolchain that this one was built on; absent for an archive of a whole toolchain. */
  readonly base?: ArchiveBase;
  /** The entries of the file system in the archive’s only file; absent for an archive of files. */
  readonly contents?: readonly ArchiveEntry[];
}

/** The toolchain that an archive changes into another one. */
export interface ArchiveBase {
  readonly key: string;
  /** The hash of all its entries: see difference.ts. */
  readonly tree: string;
  /** Its paths that are gone. */
  readonly removed: readonly string[];
}

/** Its path is relative to the toolchain's folder. */
export type ArchiveEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | ArchiveFile;

export interface ArchiveFile {
  readonly kind: "file";
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: number;
  /** Of its content in the archive. */
  readonly sha256: string;
  /** Offsets of the toolchain's path in it, in bytes; absent: none. */
  readonly prefixAt?: readonly number[];
}

/** More than any toolchain has: an archive that claims more is refused. */
const limits = { entries: 500_000, fileBytes: 1024 ** 3, totalBytes: 16 * 1024 ** 3 } as const;
/** The largest manifest, in bytes. */
export const largestManifest = 64 * 1024 ** 2;

/** Thrown for an archive that is damaged, not a toolchain, or of another format; no file of it may be used. */
export class BadArchive extends Error {
  override readonly name = "BadArchive";
}

/**
 * Reads a manifest whose archive can be unpacked without leaving its folder: each path is unique, relative, and below a
 * folder that the manifest lists before it, so that no link is ever followed.
 *
 * @throws BadArchive with the reason.
 */
export function parseManifest(text: string): ArchiveManifest {
  const value = parseJson(text);
  if (!isRecord(value)) throw new BadArchive("its manifest is not an object");
  const { format, key, spec, environment, entries, contents, base } = value;
  if (format !== archiveFormat)
    throw new BadArchive(`its format is ${JSON.stringify(format)}, and this version reads ${archiveFormat}`);
  if (typeof key !== "string" || !isSpec(spec) || !isEnvironment(environment))
    throw new BadArchive("its manifest does not describe a toolchain");
  const what = { format, key, spec, environment, entries: parseEntries(entries) } as const;
  if (base !== undefined) return { ...what, base: parseBase(base) };
  return contents === undefined ? what : { ...what, contents: parseEntries(contents) };
}

function parseBase(value: unknown): ArchiveBase {
  const { key, tree, removed } = isRecord(value) ? value : {};
  const isBase =
    typeof key === "string" && typeof tree === "string" && Array.isArray(removed) && removed.length <= limits.entries;
  if (isBase && removed.every((path) => typeof path === "string")) return { key, tree, removed };
  throw new BadArchive("its manifest does not describe the toolchain that it was built on");
}

/** An archive’s environment for a toolchain at `path`. */
export function locateEnvironment(environment: ToolchainEnvironment, path: string): ToolchainEnvironment {
  return replaceInEnvironment(environment, placeholder, path);
}

/** The reverse of {@link locateEnvironment}. */
export function abstractEnvironment(environment: ToolchainEnvironment, path: string): ToolchainEnvironment {
  return replaceInEnvironment(environment, path, placeholder);
}

function replaceInEnvironment(environment: ToolchainEnvironment, from: string, to: string): ToolchainEnvironment {
  const replace = (text: string) => text.replaceAll(from, () => to);
  return {
    ...environment,
    path: environment.path.map(replace),
    variables: Object.fromEntries(Object.entries(environment.variables).map(([name, value]) => [name, replace(value)])),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadArchive("its manifest is not JSON", { cause: error });
  }
}

/**
 * The entries of a list that others may have changed: each below a folder of the list, and no link leads out.
 *
 * @throws BadArchive with the reason.
 */
export function parseEntries(value: unknown): ArchiveEntry[] {
  if (!Array.isArray(value) || value.length > limits.entries)
    throw new BadArchive("its manifest has no list of files, or one that is too long");
  const folders = new Set(["."]);
  const paths = new Set([manifestName, "."]);
  let total = 0;
  return value.map((item: unknown) => {
    const entry = parseEntry(item);
    // promise: entries-have-a-place
    if (
      !isPlainPath(entry.path) ||
      entry.path.endsWith("/") ||
      /* promise: parents-are-folders */ !folders.has(posix.dirname(entry.path))
    )
      throw bad("has no place in a toolchain", entry.path);
    // promise: paths-are-there-once
    if (paths.has(entry.path)) throw bad("is listed twice", entry.path);
    paths.add(entry.path);
    if (entry.kind === "folder") folders.add(entry.path);
    if (entry.kind === "file") total += entry.bytes;
    // promise: toolchains-have-a-size
    if (total > limits.totalBytes) throw new BadArchive("it is larger than any toolchain");
    return entry;
  });
}

function parseEntry(value: unknown): ArchiveEntry {
  if (!isRecord(value) || typeof value["path"] !== "string")
    throw new BadArchive("its manifest has an entry without a path");
  const { kind, path, target, executable, bytes, sha256, prefixAt } = value;
  if (kind === "folder") return { kind, path };
  if (kind === "link") {
    if (typeof target !== "string" || /* promise: links-stay-inside */ !staysInside(path, target))
      throw bad("is a link out of the toolchain", path);
    return { kind, path, target };
  }
  const isFile =
    /* promise: entries-are-files */ kind === "file" &&
    typeof executable === "boolean" &&
    isCount(bytes) &&
    typeof sha256 === "string" &&
    /^[\da-f]{64}$/.test(sha256);
  if (!isFile || /* promise: files-have-a-size */ bytes > limits.fileBytes)
    throw bad("has a description that this version cannot read", path);
  if (prefixAt === undefined) return { kind, path, executable, bytes, sha256 };
  if (!areOffsets(prefixAt, bytes)) throw bad("has the toolchain’s path at impossible offsets", path);
  return { kind, path, executable, bytes, sha256, prefixAt };
}

function isPlainPath(path: string): boolean {
  return (
    path !== "" &&
    /* promise: paths-have-a-length */ path.length < 4096 &&
    path === posix.normalize(path) &&
    !posix.isAbsolute(path) &&
    path !== ".." &&
    !path.startsWith("../") &&
    !path.includes("\0")
  );
}

/**
 * Whether a link leads to a path in the same toolchain, whichever other links are in it.
 *
 * The kernel climbs from where a link leads, not from its name: behind a link `up`, the path `up/..` is anywhere. So a
 * target climbs first, from the link’s own folder, and then only descends: each link on its way is one of the
 * toolchain’s, for which the same holds.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === "" || target.includes("\0")) return false;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const down = parts.findIndex((part) => part !== "..");
  // promise: links-climb-first
  if (down >= 0 && parts.includes("..", down)) return false;
  const reached = target.startsWith(`${placeholder}/`)
    ? target.slice(placeholder.length + 1)
    : posix.join(posix.dirname(path), target);
  return (
    !posix.isAbsolute(target.startsWith(`${placeholder}/`) ? reached : target) && isPlainPath(posix.normalize(reached))
  );
}

/** A link’s target in a toolchain at `path`. */
export function locateTarget(target: string, path: string): string {
  return target.startsWith(`${placeholder}/`)
    ? /* promise: paths-are-no-patterns */ `${path}${target.slice(placeholder.length)}`
    : target;
}

/** The reverse of {@link locateTarget}. */
export function abstractTarget(target: string, path: string): string {
  return target.startsWith(`${path}/`) ? `${placeholder}${target.slice(path.length)}` : target;
}

function areOffsets(value: unknown, bytes: number): value is number[] {
  if (!Array.isArray(value)) return false;
  let end = 0;
  return value.every((at: unknown) => {
    if (!isCount(at) || at < end || at + prefixLength > bytes) return false;
    end = at + prefixLength;
    return true;
  });
}

const bad = (what: string, path: string) => new BadArchive(`${JSON.stringify(path.slice(0, 200))} ${what}`);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
