import { setTimeout } from "node:timers/promises";
import { createGitHubApi } from "../../platform/github/api.js";
import { gitHubReleases } from "../../platform/github/releases.js";
import type { Context, Host } from "../../platform/host.js";
import { size } from "../../platform/log.js";
import { Problem } from "../../platform/problem.js";
import type { Runner } from "../../platform/runner/github.js";
import { type Released, pathsIn, release as releaseImages } from "../../release/release.js";
import { code, table } from "../../summary/markup.js";
import type { ReleaseInputs } from "../release-interface.js";

/** Publishes the artifacts of a run as a release. */
export async function release(context: Context, inputs: ReleaseInputs, runner: Runner): Promise<boolean> {
  const { host, log } = context;
  const tag = inputs.tag ?? tagOf(host);
  const repository = inputs.repository ?? host.environment["GITHUB_REPOSITORY"];
  if (!repository) throw new Problem("no repository is set", { do: "set the input `repository` to OWNER/NAME" });
  if (inputs.token === "") {
    throw new Problem("no token is set", {
      do: "set the input `token` to one with `contents: write`; on the command line, set GITHUB_TOKEN",
    });
  }
  const baseUrl = host.environment["GITHUB_API_URL"] ?? "https://api.github.com";
  const wait = (ms: number) => setTimeout(ms);
  const releases = gitHubReleases(
    createGitHubApi({ baseUrl, token: inputs.token, permission: "contents: write", log, wait }),
    repository,
  );
  const released = await log.group("Release", () =>
    releaseImages(context, { ...inputs, tag, repository, signer: signerOf(host, inputs) }, { releases, wait }),
  );
  const paths = pathsIn(released.folder);
  runner.setOutput("release-url", released.release.url);
  runner.setOutput("release-id", String(released.release.id));
  runner.setOutput("checksums", paths.checksums);
  runner.setOutput("sbom", paths.sbom);
  runner.setOutput(
    "assets",
    JSON.stringify(released.assets.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }))),
  );
  await runner.appendSummary(summary(tag, released));
  return true;
}

/** The repository that attests, if it is not the released one: that of the action, from the runner's variables. */
function signerOf({ environment }: Host, { signer }: ReleaseInputs): string | undefined {
  if (signer === "repository") return undefined;
  const repository = environment["GITHUB_ACTION_REPOSITORY"];
  if (repository) return repository;
  throw new Problem("input signer: `action` needs GITHUB_ACTION_REPOSITORY, which is not set", {
    do: "set it only in a reusable workflow",
  });
}

function tagOf({ environment }: Host): string {
  const name = environment["GITHUB_REF_NAME"];
  if (environment["GITHUB_REF_TYPE"] === "tag" && name) return name;
  throw new Problem("no tag is set, and the workflow was not triggered by one", {
    do: "set the input `tag`, or run the workflow `on: push: tags`",
  });
}

function summary(tag: string, { release: { url, isDraft }, isChanged, assets }: Released): string {
  const state = isDraft ? "draft" : isChanged ? "published" : "already published, unchanged";
  const rows = assets.map(({ name, bytes, sha256 }) => [code(name), size(bytes), code(sha256)]);
  return [
    `#### Release [${code(tag)}](<${encodeURI(url)}>): ${state}`,
    table(["file", "size", "sha256"], rows),
    "",
  ].join("\n\n");
}
