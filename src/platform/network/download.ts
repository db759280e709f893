import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpClient } from "@actions/http-client";
import { type Dispatcher, request as send } from "undici";
import { type Log, seconds } from "../log.js";
import { messageOf } from "../problem.js";

export interface DownloadOptions {
  readonly log: Log;
  /** The stream fails when it comes to more than so many bytes. */
  readonly most: number;
  /** What comes to its end before {@link most} is not the whole: it is asked for the rest. */
  readonly isExact: boolean;
  /** Waits so many milliseconds; default: a timer. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly silenceMs?: number;
  /** Milliseconds within which a server must answer for the first time; default: any, as long as there are {@link tries}. */
  readonly reachMs?: number;
  /** What comes more slowly is given up; default: {@link slowest}. */
  readonly slowest?: Pace;
}

interface Pace {
  readonly bytes: number;
  /** As long as we wait for them, in milliseconds; that somebody else is busy with what came is not the server's fault. */
  readonly withinMs: number;
}

/** A toolchain would come in half a day then, and is built in a quarter of an hour. */
const slowest: Pace = { bytes: 64 * 1024, withinMs: 60_000 };

/** The server said no, or went on failing; `status` is undefined where it did not answer. */
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

/** In a row, without a byte between them. */
const tries = 5;
const mostRedirects = 5;
/** A longer wait costs more than what it waits for. */
const longestWaitMs = 60_000;

/**
 * The bytes of a file of an HTTP server, through the proxies of the environment. A transfer that breaks off, stalls or
 * meets a failing server is taken up where it stopped, with a growing pause in which chance keeps jobs apart that failed
 * together. It sends no credentials, and follows redirects that do not leave HTTPS.
 *
 * The stream fails with {@link DownloadFailed}.
 */
export function download(url: string, options: DownloadOptions): Readable {
  return Readable.from(chunksOf(url, options), { objectMode: false, highWaterMark: 1024 * 1024 });
}

/**
 * A program's own release, as a file that is not there yet. Programs can be had in other ways: nobody waits long for a
 * network that is not there.
 *
 * @throws DownloadFailed; nothing is left then.
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
              throw new DownloadFailed(`${url} comes too slowly: ${offset - sinceBytes} bytes in ${seconds(waitedMs)}`);
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
          `${url} failed ${tries} times, at last with status ${answer.statusCode}`,
          answer.statusCode,
        );
      pauseMs = retryAfterMs(answer) ?? pauseAfter(failures);
      log.debug(`${url}: status ${answer.statusCode}; again in ${seconds(pauseMs)}`);
    } catch (error) {
      if (error instanceof DownloadFailed) throw error;
      failures = offset > before ? 1 : failures + 1;
      if (failures >= tries)
        throw new DownloadFailed(`${url} failed ${tries} times: ${messageOf(error)}`, undefined, { cause: error });
      pauseMs = pauseAfter(failures);
      if (reachByMs !== undefined && performance.now() + pauseMs > reachByMs)
        throw new DownloadFailed(`${url} cannot be reached: ${messageOf(error)}`, undefined, { cause: error });
      log.debug(`${url}: ${messageOf(error)}; going on at byte ${offset} in ${seconds(pauseMs)}`);
    }
    await wait(pauseMs);
  }
}

/** @param reachByMs when an answer must have begun, as performance.now() counts; undefined: whenever. */
async function ask(
  url: string,
  offset: number,
  silenceMs: number,
  reachByMs: number | undefined,
): Promise<Dispatcher.ResponseData> {
  if (reachByMs === undefined) return answerOf(url, offset, silenceMs);
  const late = new AbortController();
  const giveUp = () => late.abort(new Error("it does not answer"));
  const timer = setTimeout(giveUp, reachByMs - performance.now());
  return answerOf(url, offset, silenceMs, late.signal).finally(() => clearTimeout(timer));
}

async function answerOf(
  url: string,
  offset: number,
  silenceMs: number,
  signal?: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let address = new URL(url);
  for (let left = mostRedirects; ; left--) {
    const proxy: Dispatcher | undefined = new HttpClient().getAgentDispatcher(address.href);
    const answer = await send(address, {
      method: "GET",
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      headers: {
        /* promise: downloads-send-no-token */ "user-agent": "unikernel-ci",
        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      },
      ...(proxy === undefined ? {} : { dispatcher: proxy }),
      ...(signal && { signal }),
    });
    // Who reads the body is told; one that nobody reads must not end the process.
    // promise: unread-bodies-may-fail
    answer.body.on("error", () => undefined);
    const location = [answer.headers["location"] ?? []].flat()[0];
    if (answer.statusCode < 300 || answer.statusCode >= 400 || location === undefined) return answer;
    await answer.body.dump();
    const next = new URL(location, address);
    // promise: redirects-are-checked
    if (!mayLead(address, next)) throw new DownloadFailed(`${url} leads away from HTTPS, to ${next.origin}`);
    if (left === 0) throw new DownloadFailed(`${url} leads from address to address`);
    address = next;
  }
}

/** Whether a redirect may be followed: to HTTPS, and to HTTP from where it was no better. */
export const mayLead = (from: URL, to: URL): boolean =>
  to.protocol === "https:" ||
  (to.protocol === "http:" && /* promise: http-follows-only-http */ from.protocol === "http:");

/** Without what is there already: a server may answer a question for a part with the whole. */
async function* fromOffset(answer: Dispatcher.ResponseData, offset: number): AsyncGenerator<Buffer> {
  const [, start] = /^bytes (\d+)-/.exec(String(answer.headers["content-range"])) ?? [];
  let toSkip = answer.statusCode === 206 && Number(start) === offset ? 0 : offset;
  // promise: parts-are-those-asked-for
  if (answer.statusCode === 206 && toSkip > 0) {
    answer.body.destroy();
    throw new Error(`it was asked for what follows byte ${offset}, and sent something else`);
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

/** An address without the user and password in it: artifacts are read by more people than the secrets of a workflow. */
export function withoutCredentials(url: string): string {
  return /* promise: addresses-without-credentials */ url.replace(/\/\/[^/@]*@/, "//");
}

/**
 * What time it is for a server, in milliseconds since 1970: its times are by its own clock, and ours may have been set.
 *
 * @param headers of its answer, names in lower case: https://www.rfc-editor.org/rfc/rfc9110#field.date
 * @returns our own time where it does not say.
 */
export function serverNowMs(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number {
  const told = Date.parse(String(headers["date"]));
  return Number.isNaN(told) ? Date.now() : told;
}
