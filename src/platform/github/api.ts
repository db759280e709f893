import { createReadStream } from "node:fs";
import { HttpClient } from "@actions/http-client";
import { type Dispatcher, request as send } from "undici";
import { type Log, seconds, visible } from "../log.js";
import { serverNowMs } from "../network/download.js";
import { Problem, messageOf } from "../problem.js";
import { Interrupted } from "./release-service.js";

export interface GitHubApiOptions {
  /** `GITHUB_API_URL`: https://api.github.com, or a server's own. */
  readonly baseUrl: string;
  readonly token: string;
  readonly log: Log;
  /** Waits so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly silenceMs?: number;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the base address, or the absolute address that an answer of the API named. */
  readonly url: string;
  readonly accept?: string;
  readonly body?:
    { readonly json: object } | { readonly path: string; readonly bytes: number; readonly contentType: string };
  /** Statuses that the caller understands; any other is an error. */
  readonly expected: readonly number[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends a request and waits out what may pass: see {@link createGitHubApi}. */
export type GitHubApi = (request: ApiRequest) => Promise<ApiAnswer>;

const tries = 4;
/** A longer wait would only burn minutes of the job: a person decides. */
const longestWaitMs = 120_000;
/** What GitHub advises after a secondary limit without a `retry-after`: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately */
const secondaryLimitMs = 60_000;

/**
 * The REST API of GitHub, or of a server that imitates it: through the proxies of the environment, with limits for the
 * time without an answer. No redirect is followed, so the token goes to nobody but the API and the addresses that it names.
 *
 * A rate limit is told and waited out where the wait is short. What may be asked twice (all but POST) is asked again when
 * the answer does not come.
 *
 * A request throws a Problem when it is refused, and {@link Interrupted} when the server did not answer, or not to the end.
 */
export function createGitHubApi(options: GitHubApiOptions): GitHubApi {
  return async (request) => {
    for (let left = tries - 1; ; left--) {
      const answer = await attempt(options, request, left);
      if (answer === undefined) continue;
      if (request.expected.includes(answer.status)) return answer;
      const waitMs = limitMs(answer);
      if (waitMs === undefined) throw refusal(request, answer);
      if (left === 0 || waitMs > longestWaitMs) throw limited(answer, waitMs);
      options.log.notice(`GitHub’s rate limit: it asks to wait ${seconds(waitMs)}`);
      await options.wait(waitMs);
    }
  };
}

/** @returns undefined when it is to be tried again. */
async function attempt(options: GitHubApiOptions, request: ApiRequest, left: number): Promise<ApiAnswer | undefined> {
  const answer = await sendOnce(options, request).catch(
    (error: unknown) => new Interrupted(messageOf(error), { cause: error }),
  );
  const isUncertain = answer instanceof Interrupted || answer.status >= 500;
  if (!isUncertain) return answer;
  const why = answer instanceof Interrupted ? answer.message : `status ${answer.status}`;
  if (request.method === "POST" || left === 0) throw new Interrupted(`${whatOf(request)}: ${why}`);
  options.log.debug(`${whatOf(request)}: ${why}; trying again`);
  await options.wait(1000 * 2 ** (tries - 1 - left));
  return undefined;
}

async function sendOnce(
  { baseUrl, token, silenceMs = 60_000 }: GitHubApiOptions,
  request: ApiRequest,
): Promise<ApiAnswer> {
  const { method, accept = "application/vnd.github+json", body } = request;
  const address = new URL(request.url, `${baseUrl.replace(/\/*$/, "")}/`).href;
  const proxy: Dispatcher | undefined = new HttpClient().getAgentDispatcher(address);
  const answer = await send(address, {
    method,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    ...(proxy === undefined ? {} : { dispatcher: proxy }),
    headers: {
      accept,
      authorization: `Bearer ${token}`,
      "user-agent": "unikernel-ci",
      "x-github-api-version": "2022-11-28",
      ...headersOf(body),
    },
    ...(body === undefined ? {} : { body: "json" in body ? JSON.stringify(body.json) : createReadStream(body.path) }),
  });
  // promise: token-follows-no-redirect
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

function headersOf(body: ApiRequest["body"]): Record<string, string> {
  if (body === undefined) return {};
  if ("json" in body) return { "content-type": "application/json" };
  return { "content-type": body.contentType, "content-length": String(body.bytes) };
}

/**
 * How long a rate limit asks to wait, in milliseconds; undefined when it is none.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
function limitMs({ status, headers, text }: ApiAnswer): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const number = (name: string) => (/^\d+$/.test(String(headers[name])) ? Number(headers[name]) : undefined);
  const retryAfter = number("retry-after");
  if (retryAfter !== undefined) return retryAfter * 1000;
  const reset = number("x-ratelimit-reset");
  if (number("x-ratelimit-remaining") === 0 && reset !== undefined)
    return Math.max(1000, reset * 1000 - serverNowMs(headers));
  return status === 429 || /secondary rate limit/i.test(text) ? secondaryLimitMs : undefined;
}

function limited({ text }: ApiAnswer, waitMs: number): Problem {
  return new Problem("GitHub’s rate limit is used up", {
    because: saidIn(text),
    do: `run the job again in ${Math.ceil(waitMs / 60_000)} min: it goes on where it stopped`,
  });
}

function refusal(request: ApiRequest, { status, headers, text }: ApiAnswer): Problem {
  const what = `GitHub refused to ${whatOf(request)} (status ${status})`;
  if (status >= 300 && status < 400) {
    const location = visible(String(headers["location"]));
    return new Problem(what, {
      because: `it sends us to ${location}, and the token goes to no other address`,
      do: "call the repository by its present name",
    });
  }
  const because = saidIn(text);
  if (status === 401) return new Problem(what, { because, do: "give the input `token` a token that is valid" });
  if (status === 403 || status === 404) {
    return new Problem(what, {
      because,
      do: "give the job `permissions: contents: write`, and check the name of the repository",
    });
  }
  return new Problem(what, { because });
}

function whatOf({ method, url }: ApiRequest): string {
  return `${method} ${url.replace(/^https?:\/\/[^/]*/, "")}`;
}

/** GitHub's own words in an answer that is an error; capped, as a proxy may answer with a page. */
function saidIn(text: string): string {
  try {
    const { message, errors } = JSON.parse(text) as { message?: unknown; errors?: unknown };
    const details = errors === undefined ? [] : [JSON.stringify(errors)];
    return visible([String(message), ...details].join(" ")).slice(0, 500);
  } catch {
    return visible(text).slice(0, 200);
  }
}
