import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const first = "0123456789abcdef0123456789abcdef01234567";
const second = "76543210fedcba9876543210fedcba9876543210";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-name-"));
  mkdirSync(join(folder, "docs"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (commit: string, version: string) =>
  execFileSync(
    process.execPath,
    ["--import", "tsx", join(root, "scripts/name-release.ts"), "makers/unikernel-ci", commit, version, folder],
    { encoding: "utf8", cwd: root },
  );
const read = (page = "README.md") => readFileSync(join(folder, page), "utf8");

describe("the documentation after a release", () => {
  beforeEach(() =>
    writeFileSync(
      join(folder, "README.md"),
      `Replace \`OWNER\` and \`<commit>\`. \`OWNER/unikernel-ci/run@<commit>\`
$ git clone https://github.com/OWNER/unikernel-ci
      - uses: actions/checkout@<commit>
      - uses: OWNER/unikernel-ci@<commit>
    uses: OWNER/unikernel-ci/.github/workflows/unikernel.yml@<commit>
          repository: OWNER/unikernel-ci
          ref: <commit>
`,
    ),
  );
  const named = (
    commit: string,
    version: string,
  ) => `Replace \`OWNER\` and \`<commit>\`. \`makers/unikernel-ci/run@<commit>\`
$ git clone https://github.com/makers/unikernel-ci
      - uses: actions/checkout@<commit>
      - uses: makers/unikernel-ci@${commit} # ${version}
    uses: makers/unikernel-ci/.github/workflows/unikernel.yml@${commit} # ${version}
          repository: makers/unikernel-ci
          ref: ${commit} # ${version}
`;

  it("names its account, and in steps its commit and version", () => {
    expect(run(first, "v1.2.9")).toBe("");
    expect(read()).toBe(named(first, "v1.2.9"));
  });

  it("names the next release, but never an older one", () => {
    run(first, "v1.2.9");
    run(second, "v1.10.0");
    expect(read()).toBe(named(second, "v1.10.0"));
    expect(run(first, "v1.9.1")).toBe("the documentation names v1.10.0, which is newer than v1.9.1\n");
    expect(read()).toBe(named(second, "v1.10.0"));
  });
});

it("every step of the documentation is one that a release fills in", () => {
  cpSync(join(root, "README.md"), join(folder, "README.md"));
  cpSync(join(root, "docs"), join(folder, "docs"), { recursive: true });
  run(second, "v99.0.0");
  const steps = execFileSync("grep", ["-rhE", "uses: .*/unikernel-ci[/@]", folder], { encoding: "utf8" });
  expect(steps.trim().split("\n").length).toBeGreaterThan(15);
  for (const step of steps.trim().split("\n"))
    expect(step).toMatch(/uses: [\w-]+\/unikernel-ci(\/[\w./-]+)?@[0-9a-f]{40} # v99\.0\.0$/);
});
