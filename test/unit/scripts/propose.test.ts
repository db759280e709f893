import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const script = resolve(import.meta.dirname, "../../../scripts/propose");
const address = "https://x-access-token:secret@forge.example.org/makers/unikernel-ci";
let folder: string;

const git = (...args: string[]) => execFileSync("git", args, { cwd: join(folder, "work"), encoding: "utf8" });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-propose-"));
  for (const name of ["bin", "work"]) mkdirSync(join(folder, name));
  execFileSync("git", ["init", "--quiet", "--bare", join(folder, "remote")]);
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(folder, "work/list"), "old\n");
  git("add", "list");
  git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message=The list");
  writeFileSync(join(folder, "work/list"), "new\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

function propose(gh: string, remote = join(folder, "remote")) {
  writeFileSync(join(folder, "bin/gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
  const env = {
    PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
    ...{ GITHUB_REPOSITORY: "makers/unikernel-ci", GITHUB_SERVER_URL: "https://forge.example.org", GH_TOKEN: "secret" },
    ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`, GIT_CONFIG_VALUE_0: address },
  };
  const { status, stdout, stderr } = spawnSync(script, ["news-7", "The news", "From run 7.", "."], {
    cwd: join(folder, "work"),
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const proposed = (file = "list") =>
  execFileSync("git", ["--git-dir", join(folder, "remote"), "show", `news-7:${file}`], { encoding: "utf8" });

it("a change and a new file become a branch and a pull request, in a second attempt too", () => {
  writeFileSync(join(folder, "work/added"), "added\n");
  expect(propose('echo "$*"')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /^pr create --repo makers\/unikernel-ci --head news-7 --title The news --body From run 7\.\n\n.*close and reopen/s,
    ) as string,
  });
  expect([proposed(), proposed("added")]).toEqual(["new\n", "added\n"]);
  git("switch", "--quiet", "main");
  writeFileSync(join(folder, "work/list"), "newer\n");
  expect(propose("echo 'a pull request for branch \"news-7\" already exists' >&2; exit 1").status).toBe(0);
  expect(proposed()).toBe("newer\n");
});

it("where workflows must not propose, the error names the setting and the way without it", () => {
  const { status, stdout } = propose(
    "echo 'GraphQL: GitHub Actions is not permitted to create or approve pull requests' >&2; exit 1",
  );
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /^::error::.*"Allow GitHub Actions to create and approve pull requests" in Settings > Actions > General/,
  );
  expect(stdout).toContain("https://forge.example.org/makers/unikernel-ci/compare/news-7?expand=1");
});

it("where the branch is refused, the error says where to allow it", () => {
  const { status, stdout } = propose("echo unused", join(folder, "nowhere"));
  expect([status, stdout]).toEqual([1, expect.stringMatching(/^::error::.*branch news-7.*Settings > Rules/)]);
});
