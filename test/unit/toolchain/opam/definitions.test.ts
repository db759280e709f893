import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { type Outcome, processes } from "../../../../src/platform/process/process.js";
import { storeDefinitions } from "../../../../src/toolchain/opam/definitions.js";

let folder: string;
const written = "available: a & b & c\n";
const original = "available: [ a & (b & c) ]\n";

const write = (path: string, text: string): string => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
const stored = () => readFileSync(join(folder, "installed/solo5.1/opam"), "utf8");

/** Stands for opam: solo5.1 has changed unless the cache is there, and its definition is at a place. */
function store(place: string): Promise<void> {
  const answer = (args: readonly string[]) => {
    if (args[0] === "show") return `${place}\n`;
    return existsSync(join(folder, "installed/cache")) ? "" : "solo5.1\n";
  };
  const opam = (args: readonly string[]): Promise<Outcome> => {
    const stdout = answer(args);
    write("installed/cache", "");
    return Promise.resolve({ argv: ["opam", ...args], exitCode: 0, stdout, stderr: "" });
  };
  return storeDefinitions(processes, opam, join(folder, "installed"));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-definitions-"));
  write("installed/solo5.1/opam", written);
  write("installed/cache", "");
  write("repo/default/packages/solo5/solo5.1/opam", original);
  execFileSync("tar", ["-C", join(folder, "repo"), "-czf", join(folder, "default.tar.gz"), "default"]);
  return () => rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["an archive of a repository", () => `<${folder}/default.tar.gz>/packages/solo5/solo5.1`],
  ["the file of a pinned package", () => join(folder, "repo/default/packages/solo5/solo5.1/opam")],
])("the text comes from %s, and opam reads it again", async (_, place) => {
  await store(place());
  expect(stored()).toBe(original);
  expect(existsSync(join(folder, "installed/cache"))).toBe(false);
});

test.each([
  "<nowhere>",
  "",
  "DIR/none",
  "<DIR/default.tar.gz>/packages/solo5/solo5.2",
  "<DIR/none.tar.gz>/packages/solo5/solo5.1",
])("opam’s own text stays when there is none at %s", async (place) => {
  await store(place.replace("DIR", () => folder));
  expect(stored()).toBe(written);
});
