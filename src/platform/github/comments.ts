import type { GitHubApi } from "./api.js";

/** https://docs.github.com/en/rest/issues/comments */
interface CommentJson {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string | null;
  readonly user: { readonly type: string } | null;
}

const pageSize = 100;

/** A comment that a run of a workflow keeps up to date. */
export interface KeptComment {
  /** `owner/name` */
  readonly repository: string;
  /** Of the issue or pull request. */
  readonly number: number;
  /** A line that no reader sees, and that only this comment begins with. */
  readonly marker: string;
  /** Markdown, at most 65,536 characters with the marker. */
  readonly body: string;
}

/**
 * Writes a comment, or replaces the one that an earlier run wrote. Anyone can write a comment with the same marker, and
 * could change the text again: only an app's is replaced.
 *
 * @returns its URL.
 * @throws Problem when GitHub refuses it.
 */
export async function keepComment(api: GitHubApi, { repository, number, marker, body }: KeptComment): Promise<string> {
  const json = { body: `${marker}\n${body}` };
  const found = await commentWith(api, `repos/${repository}/issues/${number}/comments`, marker);
  const answer =
    found === undefined
      ? await api({
          method: "POST",
          url: `repos/${repository}/issues/${number}/comments`,
          body: { json },
          expected: [201],
        })
      : await api({
          method: "PATCH",
          url: `repos/${repository}/issues/comments/${found.id}`,
          body: { json },
          expected: [200],
        });
  return (JSON.parse(answer.text) as CommentJson).html_url;
}

async function commentWith(api: GitHubApi, url: string, marker: string): Promise<CommentJson | undefined> {
  for (let page = 1; ; page++) {
    const { text } = await api({ method: "GET", url: `${url}?per_page=${pageSize}&page=${page}`, expected: [200] });
    const comments = JSON.parse(text) as readonly CommentJson[];
    const found = comments.find(
      ({ body, user }) =>
        body?.startsWith(`${marker}\n`) === true && /* promise: comments-of-people-stay */ user?.type === "Bot",
    );
    if (found !== undefined || comments.length < pageSize) return found;
  }
}
