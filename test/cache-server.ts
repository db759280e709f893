import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, listen, whole } from "./answers.js";

// The cache of Actions in memory, as far as @actions/cache 6.3 asks for it, by both of its protocols:
// v2, of github.com: Twirp methods, and blobs in Azure's storage
// (https://github.com/actions/toolkit/tree/main/packages/cache);
// v1, of GHES, Forgejo, Gitea and act: `_apis/artifactcache`
// (https://gitea.com/gitea/act_runner, artifactcache/handler.go).

export const protocols = ["v1", "v2"] as const;
export type Protocol = (typeof protocols)[number];

/** What a request is for. */
export type Wish = "look up" | "measure" | "fetch" | "reserve" | "upload" | "finish";

export interface CacheServer {
  /** What a step's environment has where this server is the cache. */
  environment(protocol: Protocol): Readonly<Record<string, string>>;
  /** Archives by key. That of a version (of path and compression) is not asked: a test changes neither. */
  readonly entries: Map<string, Buffer>;
  /** What was wished, in order. */
  readonly wishes: Wish[];
  /** Answers the next requests for this so, and those after them as usual. */
  disturb(wish: Wish, ...answers: readonly Answer[]): void;
  /** Another job begins to upload this key, and does not come to its end. */
  reserve(key: string): void;
  close(): Promise<void>;
}

interface Route {
  readonly wish: Wish;
  /** Of `METHOD path`. */
  readonly pattern: RegExp;
  /** @param name what the pattern has in parentheses. */
  answer(name: string, body: Buffer): readonly [status: number, body: object] | { readonly content: Buffer };
}

/** The client takes what is there for Azure's, and through a proxy it may be anywhere. */
const blobs = "http://unikernel-ci-test.blob.core.windows.net/cache";
const twirp = "/twirp/github.actions.results.api.v1.CacheService";
const rest = "/_apis/artifactcache";

export async function startCacheServer(): Promise<CacheServer> {
  const entries = new Map<string, Buffer>();
  const wishes: Wish[] = [];
  const disturbances = new Map<Wish, Answer[]>();
  /** An upload's id is its place in this list, from 1. */
  const reserved: string[] = [];
  const uploads = new Map<string, Buffer[]>();

  const reserve = (key: string) => (reserved.includes(key) ? undefined : reserved.push(key));
  const store = (key: string, body: Buffer) => uploads.set(key, [...(uploads.get(key) ?? []), body]);
  const finish = (key: string) => entries.set(key, Buffer.concat(uploads.get(key) ?? []));
  const keyOf = (id: string) => reserved[Number(id) - 1] ?? "";
  const keyIn = (body: Buffer) => (JSON.parse(body.toString()) as { readonly key: string }).key;
  /** As the service does: the first key exactly, else the newest entry that begins with one of the others. */
  const find = ([key = "", ...prefixes]: readonly string[]) =>
    entries.has(key) ? key : [...entries.keys()].findLast((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  const taken = [409, { msg: "already exists", message: "already exists" }] as const;

  const v2: readonly Route[] = [
    {
      wish: "look up",
      pattern: new RegExp(`^POST ${twirp}/GetCacheEntryDownloadURL$`),
      answer: (_, body) => {
        const { restore_keys: others = [] } = JSON.parse(body.toString()) as { readonly restore_keys?: string[] };
        const found = find([keyIn(body), ...others]);
        if (found === undefined) return [200, { ok: false }];
        return [200, { ok: true, signed_download_url: `${blobs}/${found}?sig=x`, matched_key: found }];
      },
    },
    {
      wish: "reserve",
      pattern: new RegExp(`^POST ${twirp}/CreateCacheEntry$`),
      answer: (_, body) =>
        reserve(keyIn(body)) === undefined
          ? taken
          : [200, { ok: true, signed_upload_url: `${blobs}/${keyIn(body)}?sig=x` }],
    },
    { wish: "upload", pattern: /^PUT \/cache\/(.*)$/, answer: (key, body) => (store(key, body), [201, {}]) },
    {
      wish: "finish",
      pattern: new RegExp(`^POST ${twirp}/FinalizeCacheEntryUpload$`),
      answer: (_, body) => (finish(keyIn(body)), [200, { ok: true, entry_id: "1" }]),
    },
    {
      wish: "measure",
      pattern: /^HEAD \/cache\/(.*)$/,
      answer: (key) => ({ content: entries.get(key) ?? Buffer.alloc(0) }),
    },
    {
      wish: "fetch",
      pattern: /^GET \/cache\/(.*)$/,
      answer: (key) => ({ content: entries.get(key) ?? Buffer.alloc(0) }),
    },
  ];
  const v1: readonly Route[] = [
    {
      wish: "look up",
      pattern: new RegExp(`^GET ${rest}/cache\\?keys=([^&]*)`),
      answer: (keys) => {
        const found = find(keys.split(","));
        return found === undefined ? [204, {}] : [200, { cacheKey: found, archiveLocation: `${url}/archive/${found}` }];
      },
    },
    {
      wish: "reserve",
      pattern: new RegExp(`^POST ${rest}/caches$`),
      answer: (_, body) => {
        const cacheId = reserve(keyIn(body));
        return cacheId === undefined ? taken : [201, { cacheId }];
      },
    },
    {
      wish: "upload",
      pattern: new RegExp(`^PATCH ${rest}/caches/(\\d+)$`),
      answer: (id, body) => (store(keyOf(id), body), [204, {}]),
    },
    {
      wish: "finish",
      pattern: new RegExp(`^POST ${rest}/caches/(\\d+)$`),
      answer: (id) => (finish(keyOf(id)), [204, {}]),
    },
    {
      wish: "fetch",
      pattern: /^GET \/archive\/(.*)$/,
      answer: (key) => ({ content: entries.get(key) ?? Buffer.alloc(0) }),
    },
  ];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    // A proxy is asked for a whole address.
    const { pathname, search } = new URL(request.url ?? "", url);
    const asked = `${request.method ?? ""} ${pathname.startsWith(rest) ? pathname + search : pathname}`;
    const route = [...v1, ...v2].find(({ pattern }) => pattern.test(asked));
    if (route === undefined) return void response.writeHead(404).end(asked);
    wishes.push(route.wish);
    const name = decodeURIComponent(route.pattern.exec(asked)?.[1] ?? "");
    const disturbance = disturbances.get(route.wish)?.shift();
    const answered =
      disturbance === undefined ? route.answer(name, body) : { content: entries.get(name) ?? Buffer.alloc(0) };
    if ("content" in answered) {
      (disturbance ?? whole)(request, response, answered.content);
      return;
    }
    const [code, value] = answered;
    response
      .writeHead(code, { "content-type": "application/json" })
      .end(code === 204 ? undefined : JSON.stringify(value));
  };
  const { url, close } = await listen(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );

  return {
    environment: (protocol) => ({
      ACTIONS_CACHE_URL: `${url}/`,
      ACTIONS_RESULTS_URL: `${url}/`,
      ACTIONS_RUNTIME_TOKEN: "token",
      ACTIONS_CACHE_SERVICE_V2: protocol === "v2" ? "true" : "",
      GITHUB_SERVER_URL: "https://github.com",
      http_proxy: url,
      no_proxy: "127.0.0.1",
    }),
    entries,
    wishes,
    disturb: (wish, ...answers) => void disturbances.set(wish, [...answers]),
    reserve: (key) => void reserve(key),
    close,
  };
}
