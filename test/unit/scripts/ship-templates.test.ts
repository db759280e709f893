import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { shippedTemplates } from "../../../scripts/ship-templates.js";

const root = resolve(import.meta.dirname, "../../..");
const commit = "0123456789abcdef0123456789abcdef01234567";
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();

it("ships every template, with the repository’s own name and commit in place of OWNER and <commit>", () => {
  const shipped = shippedTemplates("makers/their-copy", commit);
  expect([...shipped.keys()].sort()).toEqual(filesIn(join(root, "templates")));
  for (const [path, text] of shipped) {
    expect(text, path).not.toMatch(/OWNER|<commit>/);
    if (/uses: .*their-copy/.test(text))
      expect(text, path).toMatch(new RegExp(`makers/their-copy(/[a-z]+)?@${commit}`));
  }
  expect(shipped.get("github/unikernel.yml")).toContain(`uses: makers/their-copy@${commit}`);
  expect(shipped.get("gitlab/unikernel.yml")).toContain("https://github.com/makers/their-copy\n");
  expect(shipped.get("shell/unikernel.mk")).toContain(`UNIKERNEL_CI_COMMIT ?= ${commit}\n`);
});

it.each([
  ["their-copy", commit],
  ["makers/their-copy", "v1"],
  ["makers/x/y", commit],
])("refuses %s at %s", (repository, at) => {
  expect(() => shippedTemplates(repository, at)).toThrow("is not ");
});

it("writes them into a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-ship-"));
  execFileSync(join(root, "node_modules/.bin/tsx"), [
    join(root, "scripts/ship-templates.ts"),
    "makers/unikernel-ci",
    commit,
    folder,
  ]);
  expect(filesIn(folder)).toEqual([...shippedTemplates("makers/unikernel-ci", commit).keys()].sort());
  expect(readFileSync(join(folder, "github/portable.yml"), "utf8")).toContain("makers/unikernel-ci");
  rmSync(folder, { recursive: true });
});
