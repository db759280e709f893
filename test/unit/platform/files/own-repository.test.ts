import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ownRepository, repositoryAbove } from "../../../../src/platform/files/own-repository.js";

const root = resolve(import.meta.dirname, "../../../..");

test.each(["dist/cli", "dist/boot", "src/platform/files", "lib/platform/files"])(
  "the repository of a program in %s is this one",
  (folder) => {
    expect(repositoryAbove(join(root, folder))).toBe(root);
  },
);

test("the repository of a program that runs from source has the templates and the loader", () => {
  expect(existsSync(join(ownRepository, "templates/github/unikernel.yml"))).toBe(true);
  expect(existsSync(join(ownRepository, "loader/Makefile"))).toBe(true);
});
