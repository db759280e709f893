import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { contentOf } from "../../../scripts/generate.js";

const script = resolve(import.meta.dirname, "../../../scripts/publish-release");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-publish-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it with a `gh` that answers `release view` with these lines, and says what else it was asked for. */
function runWith(view: string) {
  const bin = mkdtempSync(join(folder, "bin-"));
  const [asked, notes] = [join(bin, "asked"), join(bin, "notes")];
  const gh = `case "$2" in
  view) ${view} ;;
  create) cat > '${notes}'; echo "$*" >> '${asked}' ;;
  *) echo "$*" >> '${asked}' ;;
esac`;
  writeFileSync(join(bin, "gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
  writeFileSync(asked, "");
  const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, GITHUB_REPOSITORY: "makers/unikernel-ci" };
  const { status, stdout, stderr } = spawnSync(script, ["v1.2.3", "SHA256SUMS", "templates.tar.gz"], {
    env,
    encoding: "utf8",
  });
  const verbs = readFileSync(asked, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return { status, stdout, stderr, verbs, notes: () => readFileSync(notes, "utf8") };
}

const place = "v1.2.3 --repo makers/unikernel-ci";
const upload = `release upload ${place} --clobber SHA256SUMS templates.tar.gz`;
const publish = `release edit ${place} --draft=false`;

describe("our own release", () => {
  it("is a draft first and published last, with notes that say how to verify it", () => {
    const { status, verbs, notes } = runWith('echo "release not found" >&2; exit 1');
    expect(status).toBe(0);
    expect(verbs).toEqual([
      `release create ${place} --verify-tag --draft --generate-notes --notes-file -`,
      upload,
      publish,
    ]);
    expect(notes()).toContain("gh attestation verify templates.tar.gz --repo makers/unikernel-ci\n");
    expect(notes()).toContain("`SHA256SUMS` lists every file that runners run");
  });

  it("goes on with a draft that is there", () => expect(runWith("echo true").verbs).toEqual([upload, publish]));

  it("is not changed when it is published", () => {
    const { status, stdout, verbs } = runWith("echo false");
    expect([status, verbs]).toEqual([0, []]);
    expect(stdout).toBe("v1.2.3 is already published: nothing changed\n");
  });

  it("stops when GitHub does not say whether it is there", () => {
    const { status, stderr, verbs } = runWith('echo "HTTP 502: Bad Gateway" >&2; exit 1');
    expect([status, verbs]).toEqual([1, []]);
    expect(stderr).toBe("HTTP 502: Bad Gateway\n");
  });
});

it("the workflow lists the checksums of all that it releases, then attests them, then releases", () => {
  interface Step {
    readonly uses?: string;
    readonly run?: string;
  }
  const { jobs } = parse(contentOf(".github/workflows/release.yml")) as {
    readonly jobs: { readonly release: { readonly steps: readonly Step[] } };
  };
  const { steps } = jobs.release;
  const order = [
    steps.findIndex(({ uses = "" }) => uses.startsWith("actions/download-artifact@")),
    steps.findIndex(({ run = "" }) => /sha256sum templates\.tar\.gz sbom\.cdx\.json >> .*SHA256SUMS/.test(run)),
    steps.findIndex(({ uses = "" }) => uses.startsWith("actions/attest@")),
    steps.findIndex(({ run = "" }) => /publish-release .*SHA256SUMS.*templates\.tar\.gz.*sbom\.cdx\.json/.test(run)),
    steps.findIndex(({ run = "" }) => run.includes("git/refs/tags/$major")),
  ];
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
