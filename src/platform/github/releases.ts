import { Problem } from "../problem.js";
import type { ApiAnswer, GitHubApi } from "./api.js";
import {
  AlreadyThere,
  type Release,
  type ReleaseService,
  type ReleaseText,
  type RemoteAsset,
} from "./release-service.js";

/** https://docs.github.com/en/rest/releases/releases and …/releases/assets */
interface ReleaseJson {
  readonly id: number;
  readonly html_url: string;
  readonly upload_url: string;
  readonly tag_name: string;
  readonly draft: boolean;
  /** Missing on older servers. */
  readonly immutable?: boolean;
  readonly name: string | null;
  readonly body: string | null;
  readonly assets?: readonly AssetJson[];
}

interface AssetJson {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** `starter` until the upload is complete. */
  readonly state: string;
  /** `sha256:…`; missing on older servers. */
  readonly digest?: string | null;
}

const pageSize = 100;

/**
 * The releases of a repository.
 *
 * @param repository `owner/name`.
 */
export function gitHubReleases(api: GitHubApi, repository: string): ReleaseService {
  const root = `repos/${repository}`;
  const releaseOf = async (answer: Promise<ApiAnswer>) => release(read(await answer) as ReleaseJson);
  const change = (id: number, json: object) =>
    releaseOf(api({ method: "PATCH", url: `${root}/releases/${id}`, body: { json }, expected: [200] }));

  async function* listed<Item>(url: string): AsyncGenerator<Item> {
    for (let page = 1; ; page++) {
      const answer = await api({ method: "GET", url: `${url}?per_page=${pageSize}&page=${page}`, expected: [200] });
      const items = read(answer) as readonly Item[];
      yield* items;
      if (items.length < pageSize) return;
    }
  }

  return {
    async commitOf(tag) {
      const url = `${root}/commits/${encodeURIComponent(`tags/${tag}`)}`;
      const answer = await api({ method: "GET", url, accept: "application/vnd.github.sha", expected: [200, 404, 422] });
      return answer.status === 200 ? answer.text.trim() : undefined;
    },
    // Only the list has drafts; `releases/tags/TAG` does not find them.
    async releasesOf(tag) {
      const found: Release[] = [];
      for await (const one of listed<ReleaseJson>(`${root}/releases`))
        if (one.tag_name === tag) found.push(release(one));
      return found;
    },
    createDraft: (tag, commit, text) => {
      const json = { tag_name: tag, target_commitish: commit, draft: true, ...textJson(text) };
      return releaseOf(api({ method: "POST", url: `${root}/releases`, body: { json }, expected: [201] }));
    },
    async read({ id }) {
      const answer = await api({ method: "GET", url: `${root}/releases/${id}`, expected: [200, 404] });
      if (answer.status === 404) return undefined;
      const json = read(answer) as ReleaseJson;
      return { ...release(json), assets: (json.assets ?? []).map(asset) };
    },
    async assetsOf({ id }) {
      const found: RemoteAsset[] = [];
      for await (const one of listed<AssetJson>(`${root}/releases/${id}/assets`)) found.push(asset(one));
      return found;
    },
    async deleteAsset({ id }) {
      // 404: an earlier attempt has deleted it, but its answer was lost.
      await api({ method: "DELETE", url: `${root}/releases/assets/${id}`, expected: [204, 404] });
    },
    async deleteDraft({ id }) {
      await api({ method: "DELETE", url: `${root}/releases/${id}`, expected: [204, 404] });
    },
    async upload({ uploadUrl }, { path, name, bytes, contentType }) {
      const url = new URL(uploadUrl);
      url.searchParams.set("name", name);
      const answer = await api({
        method: "POST",
        url: url.href,
        body: { path, bytes, contentType },
        expected: [201, 422],
      });
      if (answer.status === 422 && isNameTaken(answer)) throw new AlreadyThere(`${name} already exists`);
      if (answer.status === 422) throw new Problem(`GitHub refused ${name}`, { because: answer.text.slice(0, 500) });
      return asset(read(answer) as AssetJson);
    },
    describe: ({ id }, text) => change(id, textJson(text)),
    // `legacy`: GitHub chooses the latest release by version and date, so a fix of an old version does not become it.
    publish: ({ id }) => change(id, { draft: false, make_latest: "legacy" }),
  };
}

function textJson({ title, notes, isPrerelease }: ReleaseText): object {
  return { name: title, body: notes, prerelease: isPrerelease };
}

function isNameTaken(answer: ApiAnswer): boolean {
  const { errors = [] } = read(answer) as { readonly errors?: readonly { readonly code?: string }[] };
  return errors.some(({ code }) => code === "already_exists");
}

function release(json: ReleaseJson): Release {
  return {
    id: json.id,
    url: json.html_url,
    uploadUrl: json.upload_url.split("{")[0] ?? "",
    isDraft: json.draft,
    isImmutable: json.immutable === true,
    title: json.name ?? "",
    notes: json.body ?? "",
  };
}

function asset({ id, name, size, state, digest }: AssetJson): RemoteAsset {
  return {
    id,
    name,
    bytes: size,
    isComplete: state === "uploaded",
    sha256: /^sha256:([0-9a-f]{64})$/.exec(digest ?? "")?.[1],
  };
}

function read({ text }: ApiAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(
      "the answer is not from GitHub’s API",
      { found: text.slice(0, 200), do: "check GITHUB_API_URL" },
      { cause: error },
    );
  }
}
