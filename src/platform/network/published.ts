import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Log, seconds, size } from "../log.js";
import { Problem, isMissing, messageOf, WrongUse } from "../problem.js";
import { DownloadFailed, type DownloadOptions, download } from "./download.js";
import {
  type PublishedArchive,
  type PublishedFile,
  type PublishedKind,
  parseList,
  publishedKinds,
} from "./published-list.js";

/** The published archives of one kind. */
export interface Published {
  /** @throws Problem when the mirror's address or list is not valid. */
  find(key: string): Promise<PublishedArchive | undefined>;
  open(file: PublishedFile): FetchedArchive;
}

/** A published archive, while it is transferred. */
export interface FetchedArchive {
  /** They fail with {@link Unusable} when the archive cannot be transferred. */
  readonly bytes: Readable;
  /**
   * Called at the end of the bytes, or when they could not be unpacked.
   *
   * @returns the size and duration of the transfer, for the log.
   * @throws Problem when the bytes are not the published ones: none of them may be used.
   */
  finish(): Promise<string>;
}

/** The archive exists, but cannot be transferred or used: the next source is tried. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}

export interface PublishedOptions extends Patience {
  /** The archives that this action's own repository publishes: the list is part of this program. */
  readonly own: readonly PublishedArchive[];
  /** The address of a folder with lists: `https://…`, `http://…` or `file:///…`. */
  readonly mirror: string | undefined;
}

export type Patience = Pick<DownloadOptions, "wait" | "silenceMs">;

/**
 * The archives that this action's own repository and a mirror publish. If both have one, its bytes come from the
 * mirror, and must be the ones that this repository lists.
 */
export function publishedArchives(
  log: Log,
  kind: PublishedKind,
  { own, mirror, ...patience }: PublishedOptions,
): Published {
  const line: Line = { log, ...patience };
  let list: Promise<readonly PublishedArchive[]> | undefined;
  return {
    async find(key) {
      const named = own.find((archive) => archive.key === key);
      // A list that changes between two requests must not mix two answers.
      // promise: mirror-list-is-read-once
      list ??= mirror === undefined ? Promise.resolve([]) : readList(line, kind, mirror);
      const mirrored = (await list).find((archive) => archive.key === key);
      return named === undefined || mirrored === undefined
        ? (mirrored ?? named)
        : /* promise: mirror-has-what-is-named */ fromMirror(named, mirrored);
    },
    open: (file) => openArchive(line, kind, file),
  };
}

type Line = Patience & { readonly log: Log };

/** The archive that this repository lists, at the mirror's address. */
function fromMirror({ image, ...named }: PublishedArchive, mirrored: PublishedArchive): PublishedArchive {
  const images =
    image === undefined || mirrored.image === undefined ? {} : { image: { ...image, url: mirrored.image.url } };
  return { ...named, url: mirrored.url, ...images };
}

/** A mirror's list; empty, with a notice, when the mirror has none or does not answer. */
async function readList(line: Line, kind: PublishedKind, mirror: string): Promise<readonly PublishedArchive[]> {
  const base = baseOf(mirror);
  const list = new URL(`${kind}.json`, base);
  try {
    return parseList(kind, await readText(line, list), base);
  } catch (error) {
    if (!(error instanceof DownloadFailed) && !isMissing(error)) throw error;
    const text = `the mirror has no list of ${kind}: ${messageOf(error)}`;
    // Most mirrors have only toolchains.
    if (kind !== "toolchains" && isNotThere(error)) line.log.debug(text);
    else line.log.notice(text);
    return [];
  }
}

/** @throws Problem when the address is not valid. */
function baseOf(mirror: string): URL {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (
    url === undefined ||
    // URL removes whitespace, and the names of files replace a query or fragment.
    /\s/.test(mirror) ||
    url.search !== "" ||
    url.hash !== "" ||
    /* promise: mirror-schemes */ !["https:", "http:", "file:"].includes(url.protocol) ||
    /* promise: mirror-without-user */ url.username !== "" ||
    /* promise: mirror-without-password */ url.password !== ""
  ) {
    throw new WrongUse(`input mirror: ${JSON.stringify(mirror)} is not accepted`, {
      accepted:
        "the address of a folder with a toolchains.json or carriers.json, without a password, whitespace, `?` " +
        "or `#`: " +
        "https://…, http://… or file:///…",
    });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** Of a mirror's list, in bytes. */
const largestList = 4 * 1024 ** 2;

async function readText(line: Line, url: URL): Promise<string> {
  if (url.protocol === "file:") return readFile(fileURLToPath(url), "utf8");
  const chunks: Buffer[] = [];
  let total = 0;
  // The length of a list is unknown: it ends where the server ends it.
  for await (const chunk of download(url.href, {
    ...line,
    most: /* promise: list-has-a-size */ largestList,
    isExact: false,
  })) {
    total += (chunk as Buffer).length;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, total).toString("utf8");
}

const isNotThere = (error: unknown) => isMissing(error) || (error instanceof DownloadFailed && error.status === 404);

function openArchive(line: Line, kind: PublishedKind, archive: PublishedFile): FetchedArchive {
  const start = performance.now();
  const url = new URL(archive.url);
  const source =
    url.protocol === "file:"
      ? createReadStream(fileURLToPath(url))
      : download(archive.url, { ...line, most: archive.bytes, isExact: true });
  // An error can precede the read that reports it, and must not end our process meanwhile.
  source.on("error", () => undefined);
  const chunks = source[Symbol.asyncIterator]();
  const hash = createHash("sha256");
  let bytes = 0;
  let arrivedMs = 0;
  const next = async (): Promise<Buffer | undefined> => {
    const result = await (chunks.next() as Promise<IteratorResult<Buffer, undefined>>).catch((error: unknown) => {
      throw error instanceof DownloadFailed || isMissing(error)
        ? new Unusable(messageOf(error), { cause: error })
        : error;
    });
    arrivedMs = performance.now() - start;
    if (result.done === true) return undefined;
    const chunk = result.value;
    bytes += chunk.length;
    hash.update(chunk);
    return chunk;
  };
  const all = async function* () {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
  };
  return {
    bytes: Readable.from(all(), { objectMode: false, highWaterMark: 1024 * 1024 }),
    async finish() {
      // An archive that could not be unpacked was not read to its end, but the checksum is of the whole.
      while ((await next()) !== undefined);
      const found = hash.digest("hex");
      // promise: published-bytes-are-compared
      if (found !== archive.sha256) throw notWhatWasPublished(kind, archive, found, bytes);
      return `${size(bytes)} in ${seconds(arrivedMs)}`;
    },
  };
}

function notWhatWasPublished(
  kind: PublishedKind,
  { url, sha256, bytes }: PublishedFile,
  found: string,
  foundBytes: number,
): Problem {
  return new Problem(`${url} is not the ${publishedKinds[kind].one} that was published`, {
    found: `SHA-256 ${found}, ${foundBytes} bytes`,
    accepted: `SHA-256 ${sha256}, ${bytes} bytes`,
    do: "none of it was used. Try again; if the problem persists, report it, and leave out `mirror` until it is solved",
  });
}
