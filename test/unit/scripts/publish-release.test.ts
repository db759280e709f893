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

type State = "none" | "draft" | "published";

/**
 * Runs it with a `gh` that has a release in this state, and says what it was asked to change.
 *
 * @param meanwhile the state that another writer leaves before the view with this number.
 * @param refuses a text that the first view prints instead of an answer.
 */
function runWith(
  state: State,
  { meanwhile, refuses, tag = "v1.2.3" }: { meanwhile?: [number, State]; refuses?: string; tag?: string } = {},
) {
  const bin = mkdtempSync(join(folder, "bin-"));
  const [asked, notes, file, views] = [join(bin, "asked"), join(bin, "notes"), join(bin, "state"), join(bin, "views")];
  const gh = `#!/bin/sh
change() { echo "$*" >> '${asked}'; }
case "$1 $2" in
  'release view')
    echo >> '${views}'
    [ "$(wc -l < '${views}')" != ${meanwhile?.[0] ?? 0} ] || echo ${meanwhile?.[1] ?? ""} > '${file}'
    ${refuses === undefined ? "" : `echo '${refuses}' >&2; exit 1`}
    case "$(cat '${file}')" in
      none) echo 'release not found' >&2; exit 1 ;;
      draft) echo true ;;
      published) echo false ;;
    esac ;;
  'release create') cat > '${notes}'; change "$@"; echo draft > '${file}' ;;
  'release upload') [ "$(cat '${file}')" != none ] || exit 1; change "$@" ;;
  'release edit') [ "$(cat '${file}')" != none ] || exit 1; change "$@"; echo published > '${file}' ;;
  *) echo "unknown command: $*" >&2; exit 1 ;;
esac
`;
  writeFileSync(join(bin, "gh"), gh, { mode: 0o755 });
  for (const [path, text] of [
    [asked, ""],
    [views, ""],
    [file, state],
  ] as const)
    writeFileSync(path, text);
  const env = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    GITHUB_REPOSITORY: "makers/unikernel-ci",
    GITHUB_SHA: "c0",
  };
  const { status, stdout, stderr } = spawnSync(script, [tag, "SHA256SUMS", "templates.tar.gz"], {
    env,
    encoding: "utf8",
  });
  const verbs = readFileSync(asked, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return { status, stdout, stderr, verbs, notes: () => readFileSync(notes, "utf8") };
}
const place = "v1.2.3 --repo makers/unikernel-ci";
const uploads = ["SHA256SUMS", "templates.tar.gz"].map((file) => `release upload ${place} --clobber ${file}`);
const publish = `release edit ${place} --draft=false`;

describe("our own release", () => {
  it("is a draft first and published last, with notes that say how to verify it", () => {
    const { status, verbs, notes } = runWith("none");
    expect(status).toBe(0);
    expect(verbs).toEqual([
      `release create ${place} --verify-tag --generate-notes --draft --notes-file -`,
      ...uploads,
      publish,
    ]);
    expect(notes()).toContain("gh attestation verify templates.tar.gz --repo makers/unikernel-ci\n");
    expect(notes()).toContain("`SHA256SUMS` lists every file that runners run");
  });

  it("of toolchains is the same, under a tag of its run", () => {
    const { status, verbs, notes } = runWith("none", { tag: "toolchains-7" });
    expect(status).toBe(0);
    const there = "toolchains-7 --repo makers/unikernel-ci";
    expect(verbs).toEqual([
      `release create ${there} --target c0 --latest=false --title toolchains-7 --draft --notes-file -`,
      `release upload ${there} --clobber SHA256SUMS`,
      `release upload ${there} --clobber templates.tar.gz`,
      `release edit ${there} --draft=false`,
    ]);
    expect(notes()).toContain("`gh attestation verify FILE --repo makers/unikernel-ci`");
  });

  it("goes on with a draft that is there", () => expect(runWith("draft").verbs).toEqual([...uploads, publish]));

  it("is not changed when it is published", () => {
    const { status, stdout, verbs } = runWith("published");
    expect([status, verbs]).toEqual([0, []]);
    expect(stdout).toBe("v1.2.3 is already published: nothing changed\n");
  });

  it.each([
    [2, "published", []],
    [3, "published", uploads.slice(0, 1)],
    [4, "none", uploads],
  ] as const)("stops when another writer has changed the draft before view %i: it is %s", (view, state, done) => {
    const { status, stderr, verbs } = runWith("draft", { meanwhile: [view, state] });
    expect([status, verbs]).toEqual([1, done]);
    expect(stderr).toContain("v1.2.3 is no draft any more");
  });

  it("stops when GitHub does not say whether it is there", () => {
    const { status, stderr, verbs } = runWith("draft", { refuses: "HTTP 502: Bad Gateway" });
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
    steps.findIndex(({ run = "" }) => run.startsWith("scripts/move-major ")),
  ];
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
