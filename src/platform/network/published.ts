import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isMissing, Problem, messageOf } from "../problem.js";
import { type Log, seconds, size } from "../log.js";
import { type DownloadOptions, DownloadFailed, download } from "./download.js";
import {
  type PublishedArchive,
  type PublishedFile,
  type PublishedKind,
  parseList,
  publishedKinds,
} from "./published-list.js";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
export type Patience = Pick<DownloadOptions, "wait" | "silenceMs">;

/** Archives that lie somewhere for everybody. */
export interface Published {
  /** @throws Problem for a mirror whose address, or list, cannot be one. */
  find(key: string): Promise<PublishedArchive | undefined>;
  open(file: PublishedFile): FetchedArchive;
}

export interface PublishedOptions extends Patience {
  /** What this action's own repository publishes: its list is part of this program. */
  readonly own: readonly PublishedArchive[];
  /** The address of a folder with lists in it: `https://…`, `http://…` or `file:///…`. */
  readonly mirror: string | undefined;
}

/** Of a mirror's list, in bytes. */
const largestList = 4 * 1024 ** 2;

/**
 * Archives that were published: by this action's own repository and by a mirror. Where both have one the bytes come from
 * the mirror, and must be the ones that this repository names.
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

/** What this repository names, from where the mirror has it. */
function fromMirror({ image, ...named }: PublishedArchive, mirrored: PublishedArchive): PublishedArchive {
  const images =
    image === undefined || mirrored.image === undefined ? {} : { image: { ...image, url: mirrored.image.url } };
  return { ...named, url: mirrored.url, ...images };
}

/** What a mirror has; nothing, and a notice, where it does not answer. */
async function readList(line: Line, kind: PublishedKind, mirror: string): Promise<readonly PublishedArchive[]> {
  const base = baseOf(mirror);
  const list = new URL(`${kind}.json`, base);
  try {
    return parseList(kind, await readText(line, list), base);
  } catch (error) {
    if (!(error instanceof DownloadFailed) && !isMissing(error)) throw error;
    const said = `the mirror has no list of ${kind}: ${messageOf(error)}`;
    // Most mirrors are made for toolchains alone.
    if (kind !== "toolchains" && isNotThere(error)) line.log.debug(said);
    else line.log.notice(said);
    return [];
  }
}

/** @throws Problem for a mirror whose address cannot be one. */
function baseOf(mirror: string): URL {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (
    url === undefined ||
    /* promise: mirror-schemes */ !["https:", "http:", "file:"].includes(url.protocol) ||
    /* promise: mirror-without-user */ url.username !== "" ||
    /* promise: mirror-without-password */ url.password !== ""
  ) {
    throw new Problem(`input mirror: ${JSON.stringify(mirror)} is not accepted`, {
      accepted:
        "the address of a folder with a toolchains.json or carriers.json in it, without a password: https://…, http://… or file:///…",
    });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function readText(line: Line, url: URL): Promise<string> {
  if (url.protocol === "file:") return readFile(fileURLToPath(url), "utf8");
  const chunks: Buffer[] = [];
  let total = 0;
  // Its length is not known before: it ends where the server says so.
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

/** Thrown for what is there and cannot be had, or cannot be used: what is next is asked. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}

export interface FetchedArchive {
  readonly bytes: Readable;
  /**
   * Called when the bytes came to their end, or made no sense.
   *
   * @returns what the log says of the transfer.
   * @throws Problem when they are not the ones that were promised: nothing of them may be used.
   */
  finish(): Promise<string>;
}

/** Opens a published archive. Its bytes fail with {@link Unusable} where they are not to be had. */
function openArchive(
  line: Omit<DownloadOptions, "most" | "isExact">,
  kind: PublishedKind,
  archive: PublishedFile,
): FetchedArchive {
  const start = performance.now();
  const url = new URL(archive.url);
  const source =
    url.protocol === "file:"
      ? createReadStream(fileURLToPath(url))
      : download(archive.url, { ...line, most: archive.bytes, isExact: true });
  // Its reader is told of an error when it reads, which may be later than it happens.
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
      // What made no sense was not read to its end, and only the whole tells whether it is what was published.
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
    do: "nothing of it was used. Try again; if it stays so, report it, and leave out `mirror` meanwhile",
  });
}
