import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { replaceFolder, sha256OfFile, writeFileAtomically } from "../../../../src/platform/files/atomic.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";

const newFolder = () => mkdtempSync(join(tmpdir(), "unikernel-ci-"));

it("writes a whole file, makes its folder and leaves no draft", async () => {
  const folder = newFolder();
  await writeFileAtomically(join(folder, "a", "b"), "one");
  await writeFileAtomically(join(folder, "a", "b"), "two");
  expect(readFileSync(join(folder, "a", "b"), "utf8")).toBe("two");
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  expect(await sha256OfFile(join(folder, "a", "b"))).toMatch(/^3fc4ccfe7458/);
});

it("replaces a folder, and keeps the former one when filling fails", async () => {
  const folder = newFolder();
  const fill = (name: string) => (draft: string) => {
    writeFileSync(join(draft, name), "");
    return Promise.resolve();
  };
  await replaceFolder(join(folder, "x"), fill("one"));
  await replaceFolder(join(folder, "x"), fill("two"));
  expect(readdirSync(join(folder, "x"))).toEqual(["two"]);
  await expect(replaceFolder(join(folder, "x"), () => Promise.reject(new Error("full")))).rejects.toThrow("full");
  expect(readdirSync(join(folder, "x"))).toEqual(["two"]);
  expect(readdirSync(folder)).toEqual(["x"]);
});

it("removes the draft of a killed run, and not that of a running one", async () => {
  const folder = newFolder();
  const draftOf = (pid: number) => `unikernel-ci-draft-${markText({ ...ownMark(), pid })}-aaaaaa`;
  for (const pid of [4_194_304, process.pid]) mkdirSync(join(folder, draftOf(pid), "new"), { recursive: true });
  await replaceFolder(join(folder, "x"), () => Promise.resolve());
  expect(readdirSync(folder).sort()).toEqual([draftOf(process.pid), "x"]);
});

it("many writers at once leave one whole folder", async () => {
  const folder = newFolder();
  const writers = Array.from({ length: 20 }, (_, index) =>
    replaceFolder(join(folder, "x"), (draft) => {
      for (const name of ["one", "two"]) writeFileSync(join(draft, name), String(index));
      return Promise.resolve();
    }),
  );
  await Promise.all(writers);
  const contents = ["one", "two"].map((name) => readFileSync(join(folder, "x", name), "utf8"));
  expect(new Set(contents).size).toBe(1);
  expect(readdirSync(folder)).toEqual(["x"]);
});

it("writes a file while another run removes its folder", async () => {
  const folder = join(newFolder(), "a");
  for (let turn = 0; turn < 60; turn++) {
    mkdirSync(folder, { recursive: true });
    await Promise.all([writeFileAtomically(join(folder, "b"), "one"), rm(folder, { recursive: true, maxRetries: 5 })]);
  }
});
