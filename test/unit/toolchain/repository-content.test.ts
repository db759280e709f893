import { execFileSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { packagesOf, withContent } from "../../../src/toolchain/repository-content.js";
import { folderWith, put } from "../project/fixtures.js";

const files = { repo: 'opam-version: "2.0"', "packages/a/a.1/opam": "one", "packages/b/b.1/opam": "two" };
let folder: string;
beforeEach(async () => {
  folder = await folderWith(files);
});

async function contentOf(path = folder): Promise<string | undefined> {
  return (await withContent([{ name: "mine", url: `file://${path}` }]))[0]?.content;
}

describe("the content of a repository on this machine", () => {
  it.each([
    ["a file has other bytes", () => put(join(folder, "packages/a/a.1/opam"), "ONE")],
    ["a file is added", () => put(join(folder, "packages/a/a.2/opam"), "one")],
    ["a file is gone", () => rm(join(folder, "packages/a/a.1/opam"))],
    [
      "two files have changed places",
      () => put(join(folder, "packages/a/a.1/opam"), "two").then(() => put(join(folder, "packages/b/b.1/opam"), "one")),
    ],
    ["a link is added", () => symlink("a", join(folder, "packages/c"))],
  ])("is another one when %s", async (_, change) => {
    const before = await contentOf();
    await change();
    expect(await contentOf()).not.toBe(before);
  });

  it("is the same in another folder, at another time, and with any .git", async () => {
    const copy = await folderWith({ ...files, ".git/HEAD": "x" });
    utimesSync(join(copy, "repo"), 1, 1);
    expect(await contentOf(copy)).toBe(await contentOf());
  });

  it("is that of the file, for an archive", async () => {
    const archive = join(folder, "index.tar.gz");
    execFileSync("tar", ["czf", archive, "-C", folder, "repo"]);
    expect(await contentOf(archive)).toMatch(/^[0-9a-f]{16}$/);
  });

  it("is unknown for a missing folder, and for any other URL", async () => {
    expect(await contentOf(join(folder, "nowhere"))).toBeUndefined();
    const others = [
      "https://opam.ocaml.org",
      "git+https://github.com/ocaml/opam-repository#97014be6",
      `git+file://${folder}`,
    ];
    const repositories = others.map((url) => ({ name: "x", url }));
    expect(await withContent(repositories)).toEqual(repositories);
  });
});

describe("the packages of repositories", () => {
  const local = () => ({ name: "mine", url: `file://${folder}` });

  it("are those of all repositories, in any of their folders", async () => {
    await put(join(folder, "packages/deep/er/c/c.1/opam"), "three");
    expect(await packagesOf([local()])).toEqual(new Set(["a.1", "b.1", "c.1"]));
    const other = await folderWith({ "packages/d/d.2.0/opam": "four", "packages/d/d.2.0/files/x": "" });
    expect(await packagesOf([local(), { name: "o", url: `file://${other}` }])).toEqual(
      new Set(["a.1", "b.1", "c.1", "d.2.0"]),
    );
  });

  it.each(["https://opam.ocaml.org", "git+file:///repository", "file:///nowhere"])(
    "are not known where one is %s",
    async (url) => {
      expect(await packagesOf([local(), { name: "other", url }])).toBeUndefined();
    },
  );
});
