import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { type Log, seconds } from "../log.js";
import { messageOf } from "../problem.js";

export interface DownloadOptions {
  readonly log: Log;
  /** A longer download fails; in bytes. */
  readonly most: number;
  /** A download that ends before {@link most} bytes is incomplete: the rest is requested. */
  readonly isExact: boolean;
  /** Waits a number of milliseconds; default: a timer. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** The server counts as gone after this many milliseconds without a byte. */
  readonly silenceMs?: number;
  /** Time for the server's first answer, in milliseconds; default: as long as all {@link tries} take. */
  readonly reachMs?: number;
  /** A slower download is given up; default: {@link slowest}. */
  readonly slowest?: Pace;
}

interface Pace {
  readonly bytes: number;
  /** Counts only the time that we wait for the server, not the time that a consumer needs; in milliseconds. */
  readonly withinMs: number;
}

/** At this pace a toolchain takes half a day; building it takes a quarter of an hour. */
const slowest: Pace = { bytes: 64 * 1024, withinMs: 60_000 };

/** The server refused, or failed repeatedly. `status` is undefined if it did not answer. */
export class DownloadFailed extends Error {
  override readonly name = "DownloadFailed";
  constructor(
    what: string,
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}

/** Failures in a row without a byte in between. */
const tries = 5;
const mostRedirects = 5;
/** A longer wait costs more than the download saves. */
const longestWaitMs = 60_000;

/**
 * Downloads a file over HTTP, through the proxies of the environment. A transfer that breaks off or stalls, or whose
 * server fails, is resumed where it stopped, after a growing pause with a random part, which keeps jobs from retrying
 * all at once. Sends no credentials, and follows no redirect away from HTTPS.
 *
 * The stream fails with {@link DownloadFailed}.
 */
export function download(url: string, options: DownloadOptions): Readable {
  return Readable.from(chunksOf(url, options), { objectMode: false, highWaterMark: 1024 * 1024 });
}

/**
 * Downloads the release of a program into a new file. Gives up soon on an unreachable server, because a program can be
 * installed in other ways.
 *
 * @throws DownloadFailed; the file is removed then.
 */
export async function downloadProgram(url: string, file: string, log: Log): Promise<void> {
  try {
    const bytes = download(url, { log, most: 256 * 1024 * 1024, isExact: false, reachMs: 5_000 });
    await pipeline(bytes, createWriteStream(file, { flags: "wx" }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function* chunksOf(
  url: string,
  { log, most, isExact, wait = sleep, silenceMs = 30_000, reachMs, slowest: pace = slowest }: DownloadOptions,
): AsyncGenerator<Buffer> {
  let reachByMs = reachMs === undefined ? undefined : performance.now() + reachMs;
  let offset = 0;
  let waitedMs = 0;
  let sinceBytes = 0;
  for (let failures = 0; ;) {
    const before = offset;
    let pauseMs: number;
    try {
      const answer = await ask(url, offset, silenceMs, reachByMs);
      reachByMs = undefined;
      if (answer.statusCode === 200 || answer.statusCode === 206) {
        let readyMs = performance.now();
        for await (const chunk of fromOffset(answer, offset)) {
          offset += chunk.length;
          // promise: downloads-have-a-size
          if (offset > most) throw new DownloadFailed(`${url} is longer than ${most} bytes`);
          waitedMs += performance.now() - readyMs;
          // promise: downloads-have-a-pace
          if (waitedMs > pace.withinMs) {
            if (offset - sinceBytes < pace.bytes)
              throw new DownloadFailed(`${url} is too slow: ${offset - sinceBytes} bytes in ${seconds(waitedMs)}`);
            waitedMs = 0;
            sinceBytes = offset;
          }
          yield chunk;
          readyMs = performance.now();
        }
        // promise: downloads-are-whole
        if (offset === most || !isExact) return;
        throw new Error(`it ended after ${offset} of ${most} bytes`);
      }
      await answer.body.dump();
      if (!mayPass(answer.statusCode))
        throw new DownloadFailed(`${url} was refused (status ${answer.statusCode})`, answer.statusCode);
      failures++;
      if (failures >= tries)
        throw new DownloadFailed(
          `${url} failed ${tries} times, last with status ${answer.statusCode}`,
          answer.statusCode,
        );
      pauseMs = retryAfterMs(answer) ?? pauseAfter(failures);
      log.debug(`${url}: status ${answer.statusCode}; trying again in ${seconds(pauseMs)}`);
    } catch (error) {
      if (error instanceof DownloadFailed) throw error;
      failures = offset > before ? 1 : failures + 1;
      if (failures >= tries)
        throw new DownloadFailed(`${url} failed ${tries} times: ${messageOf(error)}`, undefined, { cause: error });
      pauseMs = pauseAfter(failures);
      if (reachByMs !== undefined && performance.now() + pauseMs > reachByMs)
        throw new DownloadFailed(`${url} cannot be reached: ${messageOf(error)}`, undefined, { cause: error });
      log.debug(`${url}: ${messageOf(error)}; resuming at byte ${offset} in ${seconds(pauseMs)}`);
    }
    await wait(pauseMs);
  }
}

/** @param reachByMs the time of performance.now() by which an answer must begin; undefined: no limit. */
async function ask(
  url: string,
  offset: number,
  silenceMs: number,
  reachByMs: number | undefined,
): Promise<Dispatcher.ResponseData> {
  if (reachByMs === undefined) return answerOf(url, offset, silenceMs);
  const late = new AbortController();
  const giveUp = () => late.abort(new Error("the server does not answer"));
  const timer = setTimeout(giveUp, reachByMs - performance.now());
  return answerOf(url, offset, silenceMs, late.signal).finally(() => clearTimeout(timer));
}

async function answerOf(
  url: string,
  offset: number,
  silenceMs: number,
  signal?: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { send } = await import("./send.js");
  let address = new URL(url);
  for (let left = mostRedirects; ; left--) {
    const answer = await send(address, silenceMs, {
      method: "GET",
      headers: {
        /* promise: downloads-send-no-token */ "user-agent": "unikernel-ci",
        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      },
      ...(signal && { signal }),
    });
    // A reader gets the error from its iterator; the error of an unread body must not end the process.
    // promise: unread-bodies-may-fail
    answer.body.on("error", () => undefined);
    const location = [answer.headers["location"] ?? []].flat()[0];
    if (answer.statusCode < 300 || answer.statusCode >= 400 || location === undefined) return answer;
    await answer.body.dump();
    const next = new URL(location, address);
    // promise: redirects-are-checked
    if (!mayLead(address, next)) throw new DownloadFailed(`${url} redirects away from HTTPS, to ${next.origin}`);
    if (left === 0) throw new DownloadFailed(`${url} redirects more than ${mostRedirects} times`);
    address = next;
  }
}

/** Whether a redirect may be followed: to HTTPS always, to HTTP only from HTTP. */
export const mayLead = (from: URL, to: URL): boolean =>
  to.protocol === "https:" ||
  (to.protocol === "http:" && /* promise: http-follows-only-http */ from.protocol === "http:");

/** The bytes after `offset`: a server may answer a range request with the whole file. */
async function* fromOffset(answer: Dispatcher.ResponseData, offset: number): AsyncGenerator<Buffer> {
  const [, start] = /^bytes (\d+)-/.exec(String(answer.headers["content-range"])) ?? [];
  let toSkip = answer.statusCode === 206 && Number(start) === offset ? 0 : offset;
  // promise: parts-are-those-asked-for
  if (answer.statusCode === 206 && toSkip > 0) {
    answer.body.destroy();
    throw new Error(`the server sent another range than the requested one from byte ${offset}`);
  }
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    const kept = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - kept.length;
    if (kept.length > 0) yield kept;
  }
}

const mayPass = (status: number) => status === 408 || status === 429 || status >= 500;

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, in milliseconds. */
function retryAfterMs({ headers }: Dispatcher.ResponseData): number | undefined {
  const text = [headers["retry-after"] ?? []].flat()[0];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - serverNowMs(headers);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestWaitMs);
}

const pauseAfter = (failures: number) => 500 * 2 ** failures * (0.5 + Math.random());

/** An address without its user and password: more people can read an artifact than the secrets of a workflow. */
export function withoutCredentials(url: string): string {
  return /* promise: addresses-without-credentials */ url.replace(/\/\/[^/@]*@/, "//");
}

/**
 * The time by a server's clock, in milliseconds since 1970. Its headers use that clock, and ours may differ.
 *
 * @param headers of its answer, names in lower case: https://www.rfc-editor.org/rfc/rfc9110#field.date
 * @returns our own time if the server does not send its own.
 */
export function serverNowMs(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number {
  const date = Date.parse(String(headers["date"]));
  return Number.isNaN(date) ? Date.now() : date;
}
