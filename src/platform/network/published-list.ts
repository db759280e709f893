import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeFileAtomically } from "../files/atomic.js";
import { Problem } from "../problem.js";
import { isRecord } from "../shape.js";

export interface PublishedFile {
  /** Absolute, or in a mirror's list relative to that list. */
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** An archive that lies somewhere for everybody: a row of a list in data/, or of a mirror's. */
export interface PublishedArchive extends PublishedFile {
  readonly key: string;
  /** Of a toolchain: the archive of its image, for those who can mount it (toolchain/archive/image.ts). */
  readonly image?: PublishedFile;
}

/** What is published. A list has this name, with `.json` for its file and as it is for its rows. */
export const publishedKinds = {
  toolchains: { one: "toolchain", packedBy: "unikernel-ci toolchain pack" },
  carriers: { one: "helper VM", packedBy: "unikernel-ci toolchain carrier" },
} as const;
export type PublishedKind = keyof typeof publishedKinds;

/**
 * Reads a list of archives.
 *
 * @param base the address of the folder that it lies in.
 * @throws Problem where it is none, or names an address that is no place for an archive.
 */
export function parseList(kind: PublishedKind, text: string, base: URL): readonly PublishedArchive[] {
  const wrong = (what: string) =>
    new Problem(`${base.href}${kind}.json ${what}`, { do: `write it with \`${publishedKinds[kind].packedBy}\`` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("is no JSON");
  }
  const rows = isRecord(value) && value["format"] === 1 ? value[kind] : undefined;
  if (!Array.isArray(rows)) throw wrong(`is no list of ${kind} of format 1`);
  return rows.map((row: unknown) => {
    if (!isRecord(row)) throw wrong("has a row that is no archive");
    const { key, image } = row;
    if (typeof key !== "string") throw wrong("has a row that is no archive");
    return { key, ...parseFile(row), ...(image === undefined ? {} : { image: parseFile(image) }) };
  });

  function parseFile(value: unknown): PublishedFile {
    const { url, sha256, bytes } = isRecord(value) ? value : {};
    const isFile =
      typeof url === "string" &&
      typeof sha256 === "string" &&
      /^[\da-f]{64}$/.test(sha256) &&
      Number.isSafeInteger(bytes);
    if (!isFile || !URL.canParse(url, base.href)) throw wrong("has a row that is no archive");
    const address = new URL(url, base);
    // Else a list from the network could make us read this machine's files.
    // promise: lists-name-no-local-file
    if (address.protocol === "file:" && base.protocol !== "file:")
      throw wrong(`names a file of this machine: ${address.href}`);
    return { url: address.href, sha256, bytes: bytes as number };
  }
}

/** A list as it is written: in the order of its keys, each of them once, a later row in the place of a former one. */
export function listText(kind: PublishedKind, archives: readonly PublishedArchive[]): string {
  const rows = [...new Map(archives.map((archive) => [archive.key, archive])).values()].sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );
  return `${JSON.stringify({ format: 1, [kind]: rows }, null, 2)}\n`;
}

/** Adds an archive to the list of its folder, which is then a mirror. */
export async function addToList(kind: PublishedKind, folder: string, archive: PublishedArchive): Promise<void> {
  const file = join(folder, `${kind}.json`);
  const text = await readFile(file, "utf8").catch(() => listText(kind, []));
  const base = pathToFileURL(`${folder}/`);
  // As they are written: what is relative stays so.
  const relative = <File extends PublishedFile>(published: File): File => ({
    ...published,
    url: published.url.replace(base.href, ""),
  });
  const rows = parseList(kind, text, base).map((row) => ({
    ...relative(row),
    ...(row.image === undefined ? {} : { image: relative(row.image) }),
  }));
  await writeFileAtomically(file, listText(kind, [...rows, archive]));
}
