import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { isMissing } from "../error-code.js";
import { seconds, size } from "../log.js";
import { Problem, messageOf } from "../problem.js";
import { type DownloadOptions, DownloadFailed, download } from "./download.js";
import { type PublishedFile, type PublishedKind, publishedKinds } from "./published-list.js";

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
export function openArchive(
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
