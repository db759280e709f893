import { createHash } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

// GitHub's REST API as far as releases need it, in memory: https://docs.github.com/en/rest/releases

/** An asset as the server has it; `starter` until its upload is complete. */
export interface ServedAsset {
  readonly id: number;
  readonly name: string;
  state: "starter" | "uploaded";
  content: Buffer;
}

export interface ServedRelease {
  readonly id: number;
  readonly tag: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  readonly assets: ServedAsset[];
}

export interface Disturbance {
  /** The next upload of this name is cut off after so many bytes; half of it stays. */
  readonly cutUpload?: { readonly name: string; readonly afterBytes: number };
  /** The next answer to a request that matches this (`POST /repos/…`) is this one. */
  readonly answer?: {
    readonly when: RegExp;
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: object;
  };
  /** Before the next request that matches this is handled, this happens: another writer is there too. */
  readonly meanwhile?: { readonly when: RegExp; readonly happens: () => void };
  /** An upload of this name is answered never; what the client has sent stays as half an asset. */
  readonly stallUpload?: string;
}

export interface ReleaseServer {
  /** For GITHUB_API_URL. */
  readonly url: string;
  readonly releases: ServedRelease[];
  /** Method and path of every request, in order. */
  readonly requests: string[];
  /** The Authorization headers that were seen. */
  readonly tokens: Set<string>;
  /** Settles when the server has begun to read the upload that is stalled. */
  readonly stalled: Promise<void>;
  disturb(by: Disturbance): void;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly repository: string;
  /** Commits by tag. */
  readonly tags: Readonly<Record<string, string>>;
  /** The repository has immutable releases, a setting that is off by default. */
  readonly immutable?: boolean;
  /** Tell no digests, as older servers. */
  readonly withoutDigests?: boolean;
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly request: IncomingMessage;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a text. */
  readonly body?: object | string;
}

/** Undefined: there is no answer at all. */
type MaybeReply = Reply | undefined;

const notFound: Reply = { status: 404, body: { message: "Not Found" } };
const immutable: Reply = {
  status: 422,
  body: { message: "Validation Failed", errors: ["Cannot change an immutable release"] },
};
const alreadyThere: Reply = {
  status: 422,
  body: { message: "Validation Failed", errors: [{ resource: "ReleaseAsset", code: "already_exists", field: "name" }] },
};

/**
 * The name that GitHub gives to an asset: it replaces other characters by a dot, and makes one of several dots.
 * https://docs.github.com/en/rest/releases/assets#upload-a-release-asset, https://github.com/travis-ci/dpl/issues/821
 */
const storedName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._+@-]/g, ".")
    .replace(/\.{2,}/g, ".")
    .replace(/^\.|\.$/g, "");

/** Starts a server on a free port of 127.0.0.1, for one repository. */
export async function startReleaseServer({
  repository,
  tags,
  withoutDigests = false,
  immutable: isImmutable = false,
}: ServerOptions): Promise<ReleaseServer> {
  const releases: ServedRelease[] = [];
  const requests: string[] = [];
  const tokens = new Set<string>();
  const disturbances: Disturbance[] = [];
  let nextId = 1;
  let sayStalled = (): void => undefined;
  const stalled = new Promise<void>((resolve) => (sayStalled = resolve));

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const call: Call = { method: request.method ?? "", url, request };
    requests.push(`${call.method} ${url.pathname}${url.search}`);
    tokens.add(request.headers.authorization ?? "");
    handle(call).then(
      (reply) => send(response, reply),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(call: Call): Promise<MaybeReply> {
    const { method, url, request } = call;
    const said = `${method} ${url.pathname}`;
    take(({ meanwhile }) => meanwhile?.when.test(said) === true)?.meanwhile?.happens();
    const answered = take(({ answer }) => answer?.when.test(said) === true)?.answer;
    if (answered !== undefined) return answered;
    const path = decodeURIComponent(url.pathname);
    const below = path.replace(`/repos/${repository}/`, "");
    if (below === path && !path.startsWith("/upload/")) return notFound;
    const [, id = ""] = /(\d+)(?:\/assets)?$/.exec(path) ?? [];
    if (path.startsWith("/upload/")) return upload(call, found(Number(id)));
    if (below.startsWith("commits/tags/")) {
      const commit = tags[below.slice("commits/tags/".length)];
      return commit === undefined
        ? { status: 422, body: { message: "No commit found" } }
        : { status: 200, body: commit };
    }
    if (below === "releases" && method === "GET") return page(call.url, [...releases].reverse().map(releaseJson));
    if (below === "releases" && method === "POST") return create(await json(request));
    if (/^releases\/\d+\/assets$/.test(below)) return page(call.url, found(Number(id)).assets.map(assetJson));
    if (/^releases\/assets\/\d+$/.test(below) && method === "DELETE") return remove(Number(id));
    if (/^releases\/\d+$/.test(below) && !releases.some((one) => one.id === Number(id))) return notFound;
    if (/^releases\/\d+$/.test(below) && method === "GET") return { status: 200, body: releaseJson(found(Number(id))) };
    if (/^releases\/\d+$/.test(below) && method === "DELETE") return removeRelease(Number(id));
    if (/^releases\/\d+$/.test(below) && method === "PATCH") return change(found(Number(id)), await json(request));
    return notFound;
  }

  function create(given: Readonly<Record<string, unknown>>): Reply {
    const release: ServedRelease = {
      id: nextId++,
      tag: String(given["tag_name"]),
      name: String(given["name"]),
      body: String(given["body"]),
      draft: given["draft"] === true,
      prerelease: given["prerelease"] === true,
      assets: [],
    };
    releases.push(release);
    return { status: 201, body: releaseJson(release) };
  }

  function change(release: ServedRelease, given: Readonly<Record<string, unknown>>): Reply {
    if (isFixed(release)) return immutable;
    if (typeof given["name"] === "string") release.name = given["name"];
    if (typeof given["body"] === "string") release.body = given["body"];
    if (typeof given["prerelease"] === "boolean") release.prerelease = given["prerelease"];
    if (typeof given["draft"] === "boolean") release.draft = given["draft"];
    return { status: 200, body: releaseJson(release) };
  }

  function remove(id: number): Reply {
    const release = releases.find(({ assets }) => assets.some((asset) => asset.id === id));
    if (release === undefined) return notFound;
    if (isFixed(release)) return immutable;
    release.assets.splice(
      release.assets.findIndex((asset) => asset.id === id),
      1,
    );
    return { status: 204 };
  }

  function removeRelease(id: number): Reply {
    releases.splice(
      releases.findIndex((one) => one.id === id),
      1,
    );
    return { status: 204 };
  }

  const isFixed = ({ draft }: ServedRelease) => isImmutable && !draft;

  async function upload({ request, url }: Call, release: ServedRelease): Promise<MaybeReply> {
    const name = storedName(url.searchParams.get("name") ?? "");
    if (isFixed(release)) return immutable;
    if (release.assets.some((asset) => asset.name === name)) return alreadyThere;
    const asset: ServedAsset = { id: nextId++, name, state: "starter", content: Buffer.alloc(0) };
    release.assets.push(asset);
    const cut = take(({ cutUpload }) => cutUpload?.name === name)?.cutUpload;
    const isStalled = take(({ stallUpload }) => stallUpload === name) !== undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (cut !== undefined && bytes >= cut.afterBytes) {
        request.socket.destroy();
        return undefined;
      }
      if (isStalled) {
        sayStalled();
        return undefined;
      }
    }
    if (bytes !== Number(request.headers["content-length"])) return undefined;
    asset.content = Buffer.concat(chunks);
    asset.state = "uploaded";
    return { status: 201, body: assetJson(asset) };
  }

  function releaseJson({ id, tag, name, body, draft, prerelease, assets }: ServedRelease): object {
    const place = draft ? `untagged-${id}` : tag;
    return {
      id,
      tag_name: tag,
      name,
      body,
      draft,
      prerelease,
      immutable: isImmutable && !draft,
      assets: assets.map(assetJson),
      html_url: `${base}/${repository}/releases/tag/${place}`,
      upload_url: `${base}/upload/${id}/assets{?name,label}`,
    };
  }

  function assetJson({ id, name, state, content }: ServedAsset): object {
    const isTold = state === "uploaded" && !withoutDigests;
    const digest = isTold ? `sha256:${createHash("sha256").update(content).digest("hex")}` : null;
    return { id, name, state, size: content.length, digest };
  }

  function found(id: number): ServedRelease {
    const release = releases.find((one) => one.id === id);
    if (release === undefined) throw new Error(`no release ${id}`);
    return release;
  }

  /** A disturbance happens once. */
  function take(isMeant: (one: Disturbance) => boolean): Disturbance | undefined {
    const index = disturbances.findIndex(isMeant);
    return index < 0 ? undefined : disturbances.splice(index, 1)[0];
  }

  return {
    url: base,
    releases,
    requests,
    tokens,
    stalled,
    disturb: (by) => void disturbances.push(by),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function page({ searchParams }: URL, items: readonly object[]): Reply {
  const number = (name: string, byDefault: number) => Number(searchParams.get(name) ?? byDefault);
  const size = number("per_page", 30);
  const start = (number("page", 1) - 1) * size;
  return { status: 200, body: items.slice(start, start + size) };
}

function send(response: ServerResponse, reply: MaybeReply): void {
  if (reply === undefined) return;
  const { status, headers, body = "" } = reply;
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

async function json(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Readonly<Record<string, unknown>>;
}
