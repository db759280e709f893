import { createReadStream } from "node:fs";
import { type Log, seconds, visible } from "../log.js";
import { serverNowMs } from "../network/download.js";
import { Problem, messageOf } from "../problem.js";
import { Interrupted } from "./release-service.js";

export interface GitHubApiOptions {
  /** `GITHUB_API_URL`: https://api.github.com, or the address of another server. */
  readonly baseUrl: string;
  readonly token: string;
  readonly log: Log;
  /** What the token must be allowed: `contents: write`. */
  readonly permission: string;
  /** Waits a number of milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** The server counts as gone after this many milliseconds without a byte. */
  readonly silenceMs?: number;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Relative to the base address, or an absolute address from an answer of the API. */
  readonly url: string;
  readonly accept?: string;
  readonly body?:
    { readonly json: object } | { readonly path: string; readonly bytes: number; readonly contentType: string };
  /** The statuses that the caller handles; any other is an error. */
  readonly expected: readonly number[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends a request, with retries: see {@link createGitHubApi}. */
export type GitHubApi = (request: ApiRequest) => Promise<ApiAnswer>;

const tries = 4;
/** A longer wait would waste minutes of the job: a person decides. */
const longestWaitMs = 120_000;
/**
 * GitHub's advice for a secondary limit without a `retry-after`:
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
const secondaryLimitMs = 60_000;

/**
 * The REST API of GitHub or a compatible server, through the proxies of the environment. Follows no redirect: the token
 * goes only to the API and to addresses in its answers.
 *
 * A short rate limit is waited out, with a notice. Any request but POST is repeated when the answer is lost.
 *
 * A request throws a Problem when it is refused, and {@link Interrupted} when no complete answer arrives.
 */
export function createGitHubApi(options: GitHubApiOptions): GitHubApi {
  return async (request) => {
    for (let left = tries - 1; ; left--) {
      const answer = await attempt(options, request, left);
      if (answer === undefined) continue;
      if (request.expected.includes(answer.status)) return answer;
      const waitMs = limitMs(answer);
      if (waitMs === undefined) throw refusal(options, request, answer);
      if (left === 0 || waitMs > longestWaitMs) throw limited(answer, waitMs);
      options.log.notice(`waiting ${seconds(waitMs)} for GitHub’s rate limit`);
      await options.wait(waitMs);
    }
  };
}

/** @returns undefined when the request should be repeated. */
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
  const address = new URL(request.url, `${baseUrl.replace(/(?<!\/)\/+$/, "")}/`);
  const { send } = await import("../network/send.js");
  const answer = await send(address, silenceMs, {
    method,
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
 * The wait that a rate limit asks for, in milliseconds; undefined for any other answer.
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
  return new Problem("GitHub’s rate limit is exceeded", {
    because: messageIn(text),
    do: `run the job again in ${Math.ceil(waitMs / 60_000)} min: it continues where it stopped`,
  });
}

function refusal({ permission }: GitHubApiOptions, request: ApiRequest, { status, headers, text }: ApiAnswer): Problem {
  const what = `GitHub refused to ${whatOf(request)} (status ${status})`;
  if (status >= 300 && status < 400) {
    const location = visible(String(headers["location"]));
    return new Problem(what, {
      because: `it redirects to ${location}, and the token is sent to no other address`,
      do: "use the repository's current name",
    });
  }
  const because = messageIn(text);
  if (status === 401) return new Problem(what, { because, do: "set the input `token` to a valid token" });
  if (status === 403 || status === 404) {
    return new Problem(what, {
      because,
      do: `give the job \`permissions: ${permission}\`, and check the name of the repository`,
    });
  }
  return new Problem(what, { because });
}

function whatOf({ method, url }: ApiRequest): string {
  return `${method} ${url.replace(/^https?:\/\/[^/]*/, "")}`;
}

/** GitHub's message in an error's answer, truncated: a proxy may answer with a whole page. */
function messageIn(text: string): string {
  try {
    const { message, errors } = JSON.parse(text) as { message?: unknown; errors?: unknown };
    if (typeof message !== "string") return visible(text).slice(0, 200);
    const details = errors === undefined ? [] : [JSON.stringify(errors)];
    return visible([message, ...details].join(" ")).slice(0, 500);
  } catch {
    return visible(text).slice(0, 200);
  }
}
