import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeFileAtomically } from "../files/atomic.js";
import { Problem } from "../problem.js";
import { isRecord } from "../shape.js";

export interface PublishedFile {
  /** Absolute; in the file of a mirror's list, it may be relative to that list. */
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A published archive: a row of a list in data/, or of a mirror's list. */
export interface PublishedArchive extends PublishedFile {
  readonly key: string;
  /** The hash of its files, by which `toolchain pack` finds what it has packed: toolchain/archive/difference.ts. */
  readonly tree?: string;
  /** The same toolchain as an image, for machines that can mount it (toolchain/archive/image.ts). */
  readonly image?: PublishedFile;
}

/** The kinds of archives. The key is also the name of a list's file (with `.json`) and of its rows. */
export const publishedKinds = {
  toolchains: { one: "toolchain", packedBy: "unikernel-ci toolchain pack" },
  carriers: { one: "helper VM", packedBy: "unikernel-ci toolchain carrier" },
} as const;
export type PublishedKind = keyof typeof publishedKinds;

/**
 * Reads a list of archives.
 *
 * @param base the address of the list's folder.
 * @throws Problem when the text is not such a list, or an address in it is not allowed.
 */
export function parseList(kind: PublishedKind, text: string, base: URL): readonly PublishedArchive[] {
  const wrong = (what: string) =>
    new Problem(`${base.href}${kind}.json ${what}`, { do: `write it with \`${publishedKinds[kind].packedBy}\`` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("is not JSON");
  }
  const rows = isRecord(value) && value["format"] === 1 ? value[kind] : undefined;
  if (!Array.isArray(rows)) throw wrong(`is not a list of ${kind} in format 1`);
  return rows.map((row: unknown) => {
    if (!isRecord(row)) throw wrong("has a row that is not an archive");
    const { key, image, tree } = row;
    if (typeof key !== "string") throw wrong("has a row that is not an archive");
    return {
      ...{ key, ...parseFile(row) },
      ...(typeof tree === "string" ? { tree } : {}),
      ...(image === undefined ? {} : { image: parseFile(image) }),
    };
  });

  function parseFile(value: unknown): PublishedFile {
    const { url, sha256, bytes } = isRecord(value) ? value : {};
    const isFile =
      typeof url === "string" &&
      typeof sha256 === "string" &&
      /^[\da-f]{64}$/.test(sha256) &&
      Number.isSafeInteger(bytes);
    if (!isFile || !URL.canParse(url, base.href)) throw wrong("has a row that is not an archive");
    const address = new URL(url, base);
    // A list from the network must not make us read files of this machine.
    // promise: lists-name-no-local-file
    if (address.protocol === "file:" && base.protocol !== "file:")
      throw wrong(`names a file of this machine: ${address.href}`);
    return { url: address.href, sha256, bytes: bytes as number };
  }
}

/** The text of a list, sorted by key. Of several archives with one key, the last is listed. */
export function listText(kind: PublishedKind, archives: readonly PublishedArchive[]): string {
  const rows = [...new Map(archives.map((archive) => [archive.key, archive])).values()].sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );
  return `${JSON.stringify({ format: 1, [kind]: rows }, null, 2)}\n`;
}

/** The list of a folder; empty where there is none. */
export async function listIn(kind: PublishedKind, folder: string): Promise<readonly PublishedArchive[]> {
  const text = await readFile(join(folder, `${kind}.json`), "utf8").catch(() => listText(kind, []));
  return parseList(kind, text, pathToFileURL(`${folder}/`));
}

/** Adds an archive to the list of its folder, which makes the folder a mirror. */
export async function addToList(kind: PublishedKind, folder: string, archive: PublishedArchive): Promise<void> {
  const file = join(folder, `${kind}.json`);
  const base = pathToFileURL(`${folder}/`);
  // parseList made the addresses absolute; relative ones stay relative in the file.
  const relative = <File extends PublishedFile>(published: File): File => ({
    ...published,
    url: published.url.replace(base.href, ""),
  });
  const rows = (await listIn(kind, folder)).map((row) => ({
    ...relative(row),
    ...(row.image === undefined ? {} : { image: relative(row.image) }),
  }));
  await writeFileAtomically(file, listText(kind, [...rows, archive]));
}
