import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";

const script = resolve(import.meta.dirname, "../../../scripts/move-major");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-move-"));
const commit = "0123456789abcdef0123456789abcdef01234567";
const missing = `echo '{"message":"Not Found","status":"404"}'; echo 'gh: Not Found (HTTP 404)' >&2; exit 1`;
const refused = "echo 'gh: Repository rule violations found (HTTP 422)' >&2; exit 1";

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs it with a `gh` whose API has these tags, is asked for v1, and is told to change it. */
function move(tags: readonly string[], v1: string, change = ":") {
  const bin = mkdtempSync(join(folder, "bin-"));
  const asked = join(bin, "asked");
  const gh = `case "$*" in
  *matching-refs*) printf '${tags.map((tag) => `refs/tags/${tag}\\n`).join("")}' ;;
  *--jq*) ${v1} ;;
  *) echo "$*" >> '${asked}'; ${change} ;;
esac`;
  writeFileSync(join(bin, "gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
  writeFileSync(asked, "");
  const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, GITHUB_REPOSITORY: "makers/unikernel-ci" };
  const { status, stdout, stderr } = spawnSync(script, ["v1.10.0", commit], { env, encoding: "utf8" });
  return { status, stdout, stderr, changes: readFileSync(asked, "utf8") };
}

const tags = ["v1.2.3", "v1.9.0", "v1.10.0", "v1.11.0-rc1"];
const refs = "repos/makers/unikernel-ci/git/refs";

it("v1 is made when there is none", () => {
  const { status, changes } = move(tags, missing);
  expect(status).toBe(0);
  expect(changes).toBe(`api --method POST ${refs} -f ref=refs/tags/v1 -f sha=${commit} --silent\n`);
});

it("v1 is moved when it is elsewhere", () => {
  const { status, changes } = move(tags, "echo 76543210fedcba9876543210fedcba9876543210");
  expect(status).toBe(0);
  expect(changes).toBe(`api --method PATCH ${refs}/tags/v1 -F force=true -f sha=${commit} --silent\n`);
});

it.each([
  ["at the commit already", tags, `echo ${commit}`, `v1 is already at ${commit}\n`],
  ["of a newer release", [...tags, "v1.11.0"], missing, "v1.11.0 is newer: v1 stays\n"],
])("v1 stays when it is %s", (_, those, v1, said) => {
  expect(move(those, v1)).toMatchObject({ status: 0, stdout: said, changes: "" });
});

it.each([
  ["made", missing],
  ["moved", "echo 76543210fedcba9876543210fedcba9876543210"],
])("when GitHub lets no workflow have v1 %s, a person gets the command", (_, v1) => {
  const { status, stdout, stderr } = move(tags, v1, refused);
  expect(status).toBe(1);
  expect(stdout).toMatch(new RegExp(`^::error::.*: git push --force origin ${commit}:refs/tags/v1\n$`));
  expect(stderr).toContain("rule violations");
});

it("nothing changes when GitHub does not say where v1 is", () => {
  const { status, changes, stderr } = move(tags, "echo 'gh: Bad Gateway (HTTP 502)' >&2; exit 1");
  expect([status, changes, stderr]).toEqual([1, "", "gh: Bad Gateway (HTTP 502)\n"]);
});
