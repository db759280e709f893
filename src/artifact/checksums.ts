import { constants } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { replaceFolder, sha256OfFile } from "../platform/files/atomic.js";
import { readOnce } from "../platform/files/read-once.js";
import { changedMeanwhile, ifRemoved } from "../platform/files/removed.js";

export const sumsName = "SHA256SUMS";

/** A file of a folder, and the SHA-256 of its bytes in hexadecimal. */
export interface Checksum {
  readonly sha256: string;
  /** Relative to the folder. */
  readonly name: string;
}

/** The text of a SHA256SUMS file for `sha256sum -c`, sorted by name: equal folders give equal text. */
export function checksumFile(checksums: readonly Checksum[]): string {
  return [...checksums]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(checksumLine)
    .join("");
}

/**
 * One line in coreutils' format. A leading backslash marks a name whose backslashes and line ends are escaped:
 * https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
 */
function checksumLine({ sha256, name }: Checksum): string {
  const escaped = /* promise: checksum-names-are-one-line */ name
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `${escaped === name ? "" : "\\"}${sha256}  ${escaped}\n`;
}

/** Reads a SHA256SUMS file; undefined when a line is not one that {@link checksumFile} or sha256sum would write. */
export function parseChecksums(text: string): readonly Checksum[] | undefined {
  const checksums = text.split("\n").slice(0, -1).map(checksumOf);
  return /* promise: checksums-are-whole-lines */ text.endsWith("\n") &&
    /* promise: every-line-is-a-checksum */ checksums.every((checksum) => checksum !== undefined)
    ? checksums
    : undefined;
}

const unescaped: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r" };

function checksumOf(line: string): Checksum | undefined {
  const [, escape, sha256, name] = /^(\\?)([0-9a-f]{64}) [ *]([^]+)$/.exec(line) ?? [];
  if (sha256 === undefined || name === undefined) return undefined;
  return {
    sha256,
    name:
      /* promise: checksum-names-are-unescaped */ escape === ""
        ? name
        : name.replace(/\\[\\nr]/g, (pair) => unescaped[pair] ?? pair),
  };
}

export interface CopiedFile {
  /** Absolute. */
  readonly from: string;
  readonly name: string;
  /** The SHA-256 that was checked before, and is compared. Then `from` and its folder must not be links. */
  readonly sha256?: string;
}

export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
}

async function copy({ from, sha256 }: CopiedFile, to: string): Promise<void> {
  if (sha256 === undefined) return copyFile(from, to, constants.COPYFILE_EXCL).catch(ifRemoved(from));
  const limits = { mostBytes: Infinity, copyTo: to };
  const copied = await readOnce(dirname(from), basename(from), limits).catch(ifRemoved(from));
  // promise: copied-bytes-are-the-checked-ones
  if (copied.sha256 === sha256) return;
  throw changedMeanwhile(from, `its SHA-256 was ${sha256}, and is ${copied.sha256}`);
}

/**
 * Replaces a folder with one that has these files and their SHA256SUMS.
 *
 * @returns the names of all files, SHA256SUMS last.
 */
export async function writeWithChecksums(
  folder: string,
  copied: readonly CopiedFile[],
  generated: readonly GeneratedFile[],
): Promise<readonly string[]> {
  const names = [...copied, ...generated].map(({ name }) => name);
  await replaceFolder(folder, async (draft) => {
    for (const file of copied) await copy(file, join(draft, file.name));
    for (const { name, content } of generated) await writeFile(join(draft, name), content, { flag: "wx" });
    const checksums = await Promise.all(
      names.map(async (name) => ({ name, sha256: await sha256OfFile(join(draft, name)) })),
    );
    await writeFile(join(draft, sumsName), checksumFile(checksums));
  });
  return [...names, sumsName];
}
