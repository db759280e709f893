import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isMissing } from "../error-code.js";
import type { Log } from "../log.js";
import { Problem, messageOf } from "../problem.js";
import { type DownloadOptions, DownloadFailed, download } from "./download.js";
import { type FetchedArchive, openArchive } from "./published-archive.js";
import { type PublishedArchive, type PublishedFile, type PublishedKind, parseList } from "./published-list.js";

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
      return named === undefined || mirrored === undefined ? (mirrored ?? named) : fromMirror(named, mirrored);
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
    !["https:", "http:", "file:"].includes(url.protocol) ||
    url.username !== "" ||
    url.password !== ""
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
  for await (const chunk of download(url.href, { ...line, most: largestList, isExact: false })) {
    total += (chunk as Buffer).length;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, total).toString("utf8");
}

const isNotThere = (error: unknown) => isMissing(error) || (error instanceof DownloadFailed && error.status === 404);
