import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, describe } from "vitest";
import { processes } from "../../../src/platform/process/process.js";
import { describeBuilt } from "../../../src/project/images.js";
import type { Project } from "../../../src/project/project.js";
import {
  copyClean,
  lastCommitDate,
  type BuildFunction,
  buildTwice,
  unpinnedSources,
  differencesOf,
} from "../../../src/project/reproduce.js";
import { targets } from "../../../src/targets/targets.js";
import { fakeContext, folderWith, problemOf, put } from "./fixtures.js";
import * as image from "../image/build.js";

const files = { "main.ml": "source", "_build/old": "built", ".gitignore": "_build\n", "sub/dune": "" };
const git = (folder: string, ...args: string[]) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
    env: { ...process.env, GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z" },
  });

async function setUp() {
  const folder = await folderWith(files);
  const context = { ...fakeContext(folder, () => Promise.resolve(undefined)), processes };
  const project: Project = { buildSystem: "dune", directory: folder, description: "", requirements: [] };
  return { folder, context, project };
}

/** Builds one image with `content` as its data section. */
const building =
  (content: (round: number) => string): BuildFunction =>
  async (_, project) => {
    rounds.push(project.directory);
    const section = { name: ".data", type: 1, data: Buffer.from(content(rounds.length)) };
    const path = join(project.directory, "_build/www.exe");
    await put(path, image.elf({ sections: [section] }));
    return { project, steps: [], images: [await describeBuilt(path, targets.hvt)] };
  };
let rounds: string[] = [];

test("both builds run at a path that is the same on every machine, and the result is the second build", async () => {
  const { folder, context, project } = await setUp();
  rounds = [];
  const build = await buildTwice(
    context,
    project,
    join(folder, "kept"),
    building(() => "same"),
  );
  expect(rounds).toEqual(["/var/tmp/unikernel-ci/project", "/var/tmp/unikernel-ci/project"]);
  expect(build.project).toBe(project);
  expect(build.images.map(({ path }) => path)).toEqual([join(folder, "kept/second/www.exe")]);
  expect(existsSync("/var/tmp/unikernel-ci/project")).toBe(false);
});

test("the lock file of the second build is kept", async () => {
  const { folder, context, project } = await setUp();
  rounds = [];
  const build = await buildTwice(context, project, join(folder, "kept"), async (context, copy) => {
    const lockFile = join(copy.directory, "mirage/www-hvt.opam.locked");
    await put(lockFile, `locked in build ${rounds.length + 1}`);
    return { ...(await building(() => "same")(context, copy)), lockFile };
  });
  expect(build.lockFile).toBe(join(folder, "kept/second/www-hvt.opam.locked"));
  expect(await readFile(join(folder, "kept/second/www-hvt.opam.locked"), "latin1")).toBe("locked in build 2");
});

test("builds that differ: the error has the sections and both hashes, and both images are kept", async () => {
  const { folder, context, project } = await setUp();
  rounds = [];
  const problem = await problemOf(
    buildTwice(
      context,
      project,
      join(folder, "kept"),
      building((round) => `built in ${round}`),
    ),
  );
  expect(problem.message).toBe("two clean builds gave different images");
  expect(problem.facts.evidence).toEqual(["www  .data: 1 of 10 bytes differ, first at offset 9"]);
  expect(problem.facts.found).toEqual(
    ["first", "second"].map(
      (name) => expect.stringMatching(new RegExp(`^[0-9a-f]{64} {2}${folder}/kept/${name}/www.exe$`)) as unknown,
    ),
  );
  for (const name of ["first", "second"])
    expect(await readFile(join(folder, "kept", name, "www.exe"), "latin1")).toContain("built in");
});

test("a clean copy has the files that git would track, with the history and the date of the last commit", async () => {
  const { folder, context } = await setUp();
  git(folder, "init", "-q");
  expect(await lastCommitDate(context, folder)).toBeUndefined();
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "first");
  await put(join(folder, "generated.ml"), "not tracked yet");
  const to = await folderWith({ left: "" });
  expect(await copyClean(context, join(folder, "sub"), to)).toBe(join(to, "sub"));
  expect(readdirSync(to).sort()).toEqual([".git", ".gitignore", "generated.ml", "main.ml", "sub"]);
  expect(await lastCommitDate(context, folder)).toBe("1767323045");
});

test("without git, a clean copy has all but build output", async () => {
  const { folder, context } = await setUp();
  const to = await folderWith({});
  expect(await copyClean(context, folder, to)).toBe(to);
  expect(readdirSync(to).sort()).toEqual([".gitignore", "main.ml", "sub"]);
});

test("sources that are not pinned to a commit are named", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const repositories = [
    { name: "default", url: "https://opam.ocaml.org" },
    { name: "mirage", url: `git+https://example.org/overlay#${commit}` },
  ];
  const pins = [
    { package: "a", url: "git+https://example.org/a#main" },
    { package: "b", url: "https://example.org/b-1.tar.gz" },
  ];
  expect(unpinnedSources({ repositories, pins })).toEqual(["opam repository default", "pin a"]);
});

describe("difference", () => {
  const withSections = (sections: Readonly<Record<string, string>>) =>
    image.elf({
      sections: Object.entries(sections).map(([name, text]) => ({ name, type: 1, data: Buffer.from(text) })),
    });
  const texts = (a: Buffer, b: Buffer) => differencesOf(a, b).map(({ text }) => text);

  test("lists the sections that differ, and how", () => {
    const first = withSections({ ".text": "same", ".data": "abcdef", ".debug_str": "/home/one", ".old": "x" });
    const second = withSections({ ".text": "same", ".data": "abXdeY", ".debug_str": "/home/three", ".new": "x" });
    expect(texts(first, second)).toEqual(
      expect.arrayContaining([
        ".data: 2 of 6 bytes differ, first at offset 2",
        ".debug_str: 9 bytes, then 11; first at offset 6",
        ".old: only in the first",
        ".new: only in the second",
      ]),
    );
    expect(texts(first, second).join()).not.toContain(".text");
  });

  test("lists nothing for equal files, and bytes for files that are not ELF", () => {
    expect(differencesOf(Buffer.from("a"), Buffer.from("a"))).toEqual([]);
    expect(differencesOf(Buffer.from("abc"), Buffer.from("abd"))).toEqual([
      { where: "file", text: "no section: 1 of 3 bytes differ, first at offset 2" },
    ]);
  });
});
