import { writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { collectInputs } from "../../../src/actions/collect-interface.js";
import { parseInputs } from "../../../src/actions/definition.js";
import { collect } from "../../../src/actions/steps/collect-step.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { newContext, passed } from "../artifact/fixtures.js";
import { legOf, writeLegs } from "./fixtures.js";

interface Comment {
  readonly id: number;
  readonly html_url: string;
  body: string;
  readonly user: { readonly type: string };
}

// GitHub's REST API as far as comments need it, in memory: https://docs.github.com/en/rest/issues/comments
async function githubWith(comments: Comment[], status = 200) {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
      const answer = (code: number, json: unknown) => {
        response.writeHead(code, { "content-type": "application/json" });
        response.end(JSON.stringify(json));
      };
      if (status !== 200) {
        answer(status, { message: "Resource not accessible by integration" });
        return;
      }
      if (pathname === "/repos/o/r/issues/7/comments" && request.method === "GET") {
        const [size, page] = [Number(searchParams.get("per_page")), Number(searchParams.get("page"))];
        answer(200, comments.slice(size * (page - 1), size * page));
        return;
      }
      const { body } = JSON.parse(Buffer.concat(chunks).toString()) as { body: string };
      if (pathname === "/repos/o/r/issues/7/comments") {
        comments.push(commentOf(comments.length + 1, body));
        answer(201, comments.at(-1));
        return;
      }
      const found = comments.find(({ id }) => pathname === `/repos/o/r/issues/comments/${id}`);
      if (found !== undefined) found.body = body;
      answer(found === undefined ? 404 : 200, found ?? {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const commentOf = (id: number, body: string, type = "Bot"): Comment => ({
  id,
  html_url: `https://github.com/o/r/pull/7#issuecomment-${id}`,
  body,
  user: { type },
});

async function run(url: string, environment: Readonly<Record<string, string>> = {}, event: object | null = null) {
  const path = join(newContext().host.folders.workspace, "event.json");
  writeFileSync(path, JSON.stringify(event ?? { pull_request: { number: 7 } }));
  const context = newContext({
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: "o/r",
    GITHUB_EVENT_PATH: path,
    GITHUB_WORKFLOW: "Unikernel",
    GITHUB_JOB: "report",
    ...environment,
  });
  writeLegs(join(context.host.folders.workspace, "artifacts"), legOf({ verdict: passed }));
  const given: Readonly<Record<string, string>> = { comment: "true", token: "secret" };
  expect(
    await collect(
      context,
      parseInputs(collectInputs, (name) => given[name]),
      collectingRunner(),
    ),
  ).toBe(true);
  return context.logged();
}

describe("the comment of `collect`", () => {
  it("is one, which each run replaces", async () => {
    const others = Array.from({ length: 150 }, (_, at) => commentOf(at + 1, "ping"));
    const comments = [...others];
    const url = await githubWith(comments);
    expect(await run(url)).toContain("https://github.com/o/r/pull/7#issuecomment-151");
    await run(url);
    expect(comments).toHaveLength(151);
    expect(comments[150]?.body).toMatch(/^<!-- unikernel-ci [0-9a-f]{16} -->\n#### 1 image: 1 passed\n\n\| unikernel /);
    expect(comments.slice(0, 150).every(({ body }) => body === "ping")).toBe(true);
  });

  it("of another workflow is another one", async () => {
    const comments: Comment[] = [];
    const url = await githubWith(comments);
    await run(url);
    await run(url, { GITHUB_WORKFLOW: "Nightly" });
    expect(new Set(comments.map(({ body }) => body.split("\n")[0])).size).toBe(2);
  });

  it("replaces no comment of a person", async () => {
    const comments: Comment[] = [];
    const url = await githubWith(comments);
    await run(url);
    const forged = commentOf(99, `${comments[0]?.body.split("\n")[0] ?? ""}\nmine`, "User");
    comments.splice(0, 1, forged);
    await run(url);
    expect(forged.body).toMatch(/\nmine$/);
    expect(comments).toHaveLength(2);
  });

  it("that GitHub refuses is a warning, with the permission that it needs", async () => {
    const logged = await run(await githubWith([], 403));
    expect(logged).toContain("the pull request has no comment: GitHub refused to");
    expect(logged).toContain("`permissions: pull-requests: write`");
    expect(logged).not.toContain("secret");
  });

  it("is none where there is no pull request", async () => {
    const comments: Comment[] = [];
    const logged = await run(await githubWith(comments), {}, { ref: "refs/heads/main" });
    expect(logged).toContain("the workflow does not run for a pull request");
    expect(comments).toEqual([]);
  });
});
